# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What a cgroup does to bios and bios to a cgroup: one that goes while bios of it are
# out, what it is charged for them; the example throttled above and below, priced by
# iocost, out of memory. And bios that may not sleep, or are polled for.
#
# guest: --modules null_blk --mem 1024
# time: 400

# shellcheck source=stripe.sh
. /stripe.sh

odd=/sys/module/bioset_oddio/parameters

# dying: how many groups are gone but for what keeps them
dying() {
	awk '$1 == "nr_dying_descendants" { print $2 }' "$CG"/cgroup.stat
}

# What the kernel caches for them goes first.
none_dying() {
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(dying)" = 0 ]
}

some_out() {
	[ "$(set_stat in_flight)" -gt 0 ]
}

# The bios have the group's I/O, and are held. Its task leaves it.
dies_with_bios_out() {
	load_starved
	starve 0
	wait_for none_dying
	group gone
	hold Y
	in_group gone dd if=$disk of=/dev/null bs=512k count=1 \
		iflag=direct 2>/dev/null &
	wait_for some_out
	cat "$CG"/gone/cgroup.procs >"$CG"/cgroup.procs
	no_group gone
	[ "$(dying)" -gt 0 ] || fail "the bios do not keep their group"
	hold N
	wait
	all_back
	# Without dropping our caches: no cached bio may keep it.
	wait_for none_dying
	unload bioset_stripe
	unload bioset_volatile
}

# A bio that ends lets go of its group. One that is put without has to as well,
# and cached it must not keep it.
dies_with_bios_unused() {
	wait_for none_dying
	group gone
	in_group gone sh -c "echo 200 >$odd/hold"
	no_group gone
	[ "$(dying)" -gt 0 ] || fail "the bios do not keep their group"
	echo 0 >$odd/hold
	wait_for none_dying
}

# kernel_bytes: of the group "charged"
kernel_bytes() {
	awk '$1 ~ /^slab/ && $1 != "slab" { n += $2 } END { print n + 0 }' \
		"$CG"/charged/memory.stat
}

# charge_of PARAMETER: what the group is charged for 2000 bios
charge_of() {
	local before
	before=$(kernel_bytes)
	in_group charged sh -c "echo 2000 >$odd/$1"
	echo $(($(kernel_bytes) - before))
	echo 0 >$odd/"$1"
}

# A cached object would be charged to its first user for ever.
not_charged() {
	local ours kernels
	group charged
	ours=$(charge_of hold)
	kernels=$(charge_of hold_kernel)
	echo "2000 bios: $ours bytes are charged, of the kernel's $kernels"
	[ "$kernels" -gt 1000000 ] || fail "this test sees no charge"
	[ "$ours" -lt 100000 ] || fail "the group is charged for bios of ours"
	no_group charged
}

starve_odd() {
	echo "$1" >"$(echo /sys/kernel/debug/bioset/bioset_oddio.*/starve)"
}

# On a disk that takes two requests at a time
nowait() {
	local n starved
	for starved in 0 1; do
		starve_odd $starved
		echo 200 >$odd/nowait
		echo "starved=$starved: $(cat $odd/done) done, $(cat $odd/again) would sleep, $(cat $odd/none) without a bio"
		[ "$(cat $odd/done)" -gt 0 ]
		n=$(($(cat $odd/again) + $(cat $odd/none)))
		[ $n -gt 0 ] || fail "nothing had to wait"
		[ $starved = 0 ] || [ "$(cat $odd/none)" -gt 0 ]
		stat_is in_flight 0
		stat_is waits 0
	done
	starve_odd 0
}

# odd_disk KEY=VALUE...
odd_disk() {
	null_disks 1 "$@"
	load bioset_oddio device=/dev/nullb0 pool_size=1
}

no_odd_disk() {
	unload bioset_oddio
	no_null_disks
}

# Each ends when it is polled for, and with nothing but the reserve as well.
polled() {
	local starved
	odd_disk queue_mode=2 submit_queues=1 poll_queues=1
	for starved in 0 1; do
		starve_odd $starved
		echo 300 >$odd/polled
		echo "starved=$starved: $(cat $odd/done) of 300 were polled for"
		[ "$(cat $odd/done)" = 300 ]
	done
	stat_is in_flight 0
	no_odd_disk
}

# 4 MiB in the group, 16 clones for each MiB; then the same is read
copy_in_group() {
	in_group "$1" dd if=/tmp/data of=$disk bs=512k oflag=direct 2>/dev/null
	dd if=$disk bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data
	all_back
}

# takes_time GROUP TEXT: a copy takes a second or more, else it says TEXT
takes_time() {
	local start
	start=$(now)
	copy_in_group "$1"
	[ $(($(now) - start)) -ge 1 ] || fail "$2"
}

# io_stat GROUP FIELD [DEVICE]: the group's, of that device or of all together
io_stat() {
	grep "^${3:+$3 }" "$CG/$1/io.stat" | tr ' ' '\n' |
		awk -F= -v field="$2" '$1 == field { n += $2 } END { print n + 0 }'
}

# Each write to the example is one I/O there and several below. 8 writes at 4
# a second above; 64 clones at 10 a second on three disks below. A clone is of its
# source's group, or those disks would not hold it back.
throttled() {
	local starved
	group slow
	for starved in 0 1; do
		starve $starved
		throttle slow 4 stripe0
		takes_time slow "not throttled above"
		throttle slow max stripe0
		throttle slow 10 nullb0 nullb1 nullb2
		takes_time slow "not throttled below"
		[ "$(io_stat slow wios "$(cat /sys/block/nullb0/dev)")" -gt 0 ] ||
			fail "the clones are not of the group"
		throttle slow max nullb0 nullb1 nullb2
	done
	starve 0
	no_group slow
}

# A model of a disk that does 40 I/Os a second, whatever else it could
price() {
	local name dev
	for name in nullb0 nullb1 nullb2; do
		dev=$(cat /sys/block/$name/dev)
		echo "$dev ctrl=user model=linear rbps=40000000 rseqiops=40 rrandiops=40 wbps=40000000 wseqiops=40 wrandiops=40" \
			>"$CG"/io.cost.model
		echo "$dev enable=$1 ctrl=user rpct=0 wpct=0 min=100.00 max=100.00" \
			>"$CG"/io.cost.qos
	done
}

beside_heavy() {
	in_group heavy dd if=/tmp/data of=$disk bs=512k seek=16 oflag=direct 2>/dev/null &
	copy_in_group light
	wait
}

# A copy is 21 writes on each disk, of 25 ms each. Without a price it takes much
# less.
priced() {
	local starved start cost
	group light
	group heavy
	echo 10 >"$CG"/light/io.weight
	echo 1000 >"$CG"/heavy/io.weight
	price 1
	for starved in 0 1; do
		starve $starved
		start=$(now)
		copy_in_group light
		beside_heavy
		[ $(($(now) - start)) -ge 1 ] || fail "nobody paid with time"
	done
	starve 0
	cost=$(io_stat light cost.usage)
	echo "the light group's I/O cost $cost us"
	price 0
	[ "$cost" -gt 4000000 ] || fail "iocost did not count"
	all_back
	no_group light
	no_group heavy
}

# Pages of the group, none to spare, and each has to be written by the example
at_its_limit() {
	local starved
	group small
	echo 8M >"$CG"/small/memory.max
	for starved in 0 1; do
		starve $starved
		in_group small dd if=/tmp/data of=$disk bs=1M 2>/dev/null
		in_group small dd if=/dev/zero of=$disk bs=1M count=48 seek=4 \
			conv=fsync 2>/dev/null
		blockdev --flushbufs $disk
		dd if=$disk bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data
	done
	starve 0
	cat "$CG"/small/memory.events
	awk '$1 == "max" && $2 > 0 { hit = 1 } END { exit !hit }' \
		"$CG"/small/memory.events || fail "it never was at its limit"
	all_back
	no_group small
}

use_groups io memory
load bioset_core cache_kb=1024 # which is 0 otherwise where there is KASAN
odd_disk irqmode=2 completion_nsec=50000000 hw_queue_depth=2
echo none >/sys/block/nullb0/queue/scheduler
check "a cgroup dies with bios that were never submitted" \
	dies_with_bios_unused
check "bios that may not sleep" nowait
check "cached bios are charged to no cgroup" not_charged
no_odd_disk
check "a cgroup dies with bios out" dies_with_bios_out
check "bios that are polled for" polled
dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null
null_disks 3 memory_backed=1 irqmode=2 completion_nsec=300000
load_driver
check "throttled above and below" throttled
check "priced by iocost" priced
check "a memory cgroup at its limit" at_its_limit
unload_stripe
no_null_disks
check "nothing left after unloading" nothing_left
pass
