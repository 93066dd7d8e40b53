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
	n=$(cached)
	most=$(($(cat /sys/module/bioset_core/parameters/cache_kb) * 1024 *
		$(online) / $(object_bytes)))
	# A list is never longer than LIST, however much cache_kb allows: three
	# of them for each CPU, of each class.
	[ $most -lt $((3 * LIST * $(online) * 2)) ] ||
		most=$((3 * LIST * $(online) * 2))
	[ "$n" -le "$fullest" ] || fullest=$n
	[ "$n" -le $((most + $1)) ]
}

bound() {
	within "$1" || fail "$n objects are cached on $(online) CPUs, $most are allowed"
}

is_as_wanted() {
	[ "$(online)" = 8 ]
	[ "$(cat $CPUS/possible)" = 0-11 ]
	[ "$(cat /sys/devices/system/node/online)" = 0-1 ]
	cat /sys/devices/system/node/node*/cpulist
}

# Under load a list may be seen in two places, for each CPU that moves one.
go_and_come() {
	local cpu
	for cpu in 7 3 6 5 4 2 1; do
		turn $cpu 0
		bound $((LIST * 8))
	done
	for cpu in 1 5 7 2 3; do
		turn $cpu 1
		bound $((LIST * 8))
	done
	turn 7 0
	turn 4 1
	turn 6 1
	turn 7 1
}

# cross Y|N
cross() {
	echo "$1" >/sys/module/bioset_crossing/parameters/on
}

none_out() {
	awk '$1 == "in_flight" { n += $2 } END { exit n != 0 }' \
		/sys/kernel/debug/bioset/*/stats
}

# Nobody moves anything, as soon as the last put has returned: the bound is exact.
stand_still() {
	cross N
	wait_for none_out
	wait_for within 0
}

exact() {
	stand_still
	cross Y
}

# With a small cache, where each byte counts, and with the default one
bounded() {
	local kb
	fullest=0
	for kb in 8 1024; do
		echo $kb >/sys/module/bioset_core/parameters/cache_kb
		start_writers
		go_and_come
		stop_writers
		exact
		echo "cache_kb=$kb: up to $fullest objects, $(slab_kb) KiB of slabs"
	done
	[ "$fullest" -gt $((3 * LIST)) ] || fail "the load fills no cache"
}

# One CPU is left: what eight CPUs cached is gone.
all_but_one() {
	local cpu
	start_writers
	wait_for filled
	stop_writers
	stand_still
	for cpu in 1 2 3 4 5 6 7; do
		turn $cpu 0
		bound 0
	done
	for cpu in 1 2 3 4 5 6 7; do
		turn $cpu 1
	done
	cross Y
}

filled() {
	[ "$(cached)" -gt $((3 * LIST)) ]
}

# crossings: how many bios have been taken since the module was loaded
crossings() {
	awk '$1 == "allocs" { print $2 }' /sys/kernel/debug/bioset/bioset_crossing.*/stats
}

crossed() {
	[ "$(crossings)" -ge "$1" ]
}

# The slabs hold what is out at most, what is cached, and what their free
# places take: they do not grow with what crosses.
nodes_bounded() {
	local before after allocs
	allocs=$(crossings)
	wait_for crossed $((allocs + 30000))
	before=$(slab_kb)
	wait_for crossed $((allocs + 130000))
	after=$(slab_kb)
	echo "$before KiB of slabs, then $after KiB"
	[ "$after" -le $((before + before / 4 + 256)) ]
	exact
}

all_is_back() {
	unload bioset_crossing
	stat_is in_flight 0
	dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null
	dd if=/tmp/data of=$disk bs=1M oflag=direct 2>/dev/null
	dd if=$disk bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data
	unload_stripe
	no_null_disks
	nothing_left
}

check "eight CPUs of twelve, two nodes" is_as_wanted
null_disks 3 memory_backed=1 irqmode=2 completion_nsec=1000000
load_stripe chunk_kb=4
load bioset_crossing from=0,1,2,3 to=4,5,6,7
check "caches are bounded while CPUs go and come under load" bounded
check "caches shrink with each CPU that goes" all_but_one
check "memory that moves between nodes is bounded" nodes_bounded
check "all is back, nothing left" all_is_back
pass
