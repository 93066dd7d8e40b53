# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Eight CPUs of twelve possible ones, in two nodes: what is cached stays within
# cache_kb for each CPU that is online, while CPUs go and come, and while bios
# are allocated on one node and put on the other.
#
# guest: --modules null_blk --mem 1024 --smp 8,sockets=6,cores=2,threads=1,maxcpus=12 --qemu-arg=-object --qemu-arg=memory-backend-ram,id=m0,size=512M --qemu-arg=-object --qemu-arg=memory-backend-ram,id=m1,size=512M --qemu-arg=-numa --qemu-arg=node,nodeid=0,cpus=0-3,cpus=8-9,memdev=m0 --qemu-arg=-numa --qemu-arg=node,nodeid=1,cpus=4-7,cpus=10-11,memdev=m1
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

CPUS=/sys/devices/system/cpu
fullest=0
LIST=32 # objects, of each kind: the longest list that cache.c makes

online() {
	grep -c '^processor' /proc/cpuinfo
}

# turn N 0|1: a CPU off line or on line
turn() {
	echo "$2" >$CPUS/cpu"$1"/online
	[ "$(cat $CPUS/cpu"$1"/online)" = "$2" ]
}

# Of all sets together; sets of one class show the same cache.
cached() {
	awk '$1 == "cached" { n += $2 } END { print n + 0 }' \
		/sys/kernel/debug/bioset/*/stats
}

# object_bytes: of the smallest of our slabs
object_bytes() {
	awk '/^bset_bio/ && (!n || $4 < n) { n = $4 } END { print n + 0 }' \
		/proc/slabinfo
}

slab_kb() {
	awk '/^bset_bio/ { n += $3 * $4 } END { print int(n / 1024) }' /proc/slabinfo
}

# within SLACK: objects that may be counted twice while they move
within() {
	local n most
	n=$(cached)
	most=$(($(cat /sys/module/bioset_core/parameters/cache_kb) * 1024 *
		$(online) / $(object_bytes)))
	# A list is never longer than LIST, however much cache_kb allows: three
	# of them for each CPU, of each class.
	[ $most -lt $((3 * LIST * $(online) * 2)) ] ||
		most=$((3 * LIST * $(online) * 2))
	[ "$n" -gt "$fullest" ] && fullest=$n
	[ "$n" -le $((most + $1)) ] ||
		fail "$n objects are cached on $(online) CPUs, $most are allowed"
}

is_as_wanted() {
	[ "$(online)" = 8 ]
	[ "$(cat $CPUS/possible)" = 0-11 ]
	[ "$(cat /sys/devices/system/node/online)" = 0-1 ]
	cat /sys/devices/system/node/node*/cpulist
}

# Clones of large writes, 256 at a time, on whatever CPU
load_disk() {
	while :; do
		dd if=/dev/zero of=$disk bs=1M count=8 seek=$(($1 * 16)) \
			oflag=direct 2>/dev/null
	done
}

start_load() {
	writers=
	for n in 0 1 2; do
		load_disk $n &
		writers="$writers $!"
	done
}

stop_load() {
	# shellcheck disable=SC2086 # a list of words
	kill $writers
	killall dd 2>/dev/null || true
	wait
}

# Under load a list may be seen in two places, for each CPU that moves one.
go_and_come() {
	local cpu
	for cpu in 7 3 6 5 4 2 1; do
		turn $cpu 0
		within $((LIST * 8))
	done
	for cpu in 1 5 7 2 3; do
		turn $cpu 1
		within $((LIST * 8))
	done
	turn 7 0
	turn 4 1
	turn 6 1
	turn 7 1
}

# Nobody moves anything: the bound is exact.
exact() {
	echo N >/sys/module/bioset_crossing/parameters/on
	sleep 1
	within 0
	echo Y >/sys/module/bioset_crossing/parameters/on
}

# With a small cache, where each byte counts, and with the default one
bounded() {
	local kb
	fullest=0
	for kb in 8 1024; do
		echo $kb >/sys/module/bioset_core/parameters/cache_kb
		start_load
		go_and_come
		stop_load
		exact
		echo "cache_kb=$kb: up to $fullest objects, $(slab_kb) KiB of slabs"
	done
	[ "$fullest" -gt $((3 * LIST)) ] || fail "the load fills no cache"
}

# One CPU is left: what eight CPUs cached is gone.
all_but_one() {
	local cpu
	fullest=0
	start_load
	sleep 2
	stop_load
	echo N >/sys/module/bioset_crossing/parameters/on
	sleep 1
	for cpu in 1 2 3 4 5 6 7; do
		turn $cpu 0
		within 0
	done
	for cpu in 1 2 3 4 5 6 7; do
		turn $cpu 1
	done
	echo Y >/sys/module/bioset_crossing/parameters/on
}

# The slabs hold what is out at most, what is cached, and what their free
# places take: they do not grow from second to second.
nodes_bounded() {
	local before after
	sleep 3
	before=$(slab_kb)
	sleep 10
	after=$(slab_kb)
	set_of_crossing
	echo "$before KiB of slabs, then $after KiB"
	[ "$after" -le $((before + before / 4 + 256)) ]
	exact
}

set_of_crossing() {
	awk '$1 == "allocs" || $1 == "cached" { print }' \
		/sys/kernel/debug/bioset/bioset_crossing.*/stats
}

all_is_back() {
	unload bioset_crossing
	[ "$(set_stat in_flight)" = 0 ]
	dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null
	dd if=/tmp/data of=$disk bs=1M oflag=direct 2>/dev/null
	dd if=$disk bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data
	unload_stripe
	no_null_disks
	nothing_left
}

check "eight CPUs of twelve, two nodes" is_as_wanted
null_disks 3 memory_backed=1 irqmode=2 completion_nsec=1000000
load bioset_core
load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 chunk_kb=4
load bioset_crossing from=0,1,2,3 to=4,5,6,7
check "caches are bounded while CPUs go and come under load" bounded
check "caches shrink with each CPU that goes" all_but_one
check "memory that moves between nodes is bounded" nodes_bounded
check "all is back, nothing left" all_is_back
pass
