# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example under what a cgroup may do to I/O: throttled above and below, priced
# by iocost, out of memory; and bios that are polled for.
#
# guest: --modules null_blk --mem 1024
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

# 4 MiB in the group, 16 clones for each MiB; then the same is read
copy_in_group() {
	in_group "$1" dd if=/tmp/data of=$disk bs=512k oflag=direct 2>/dev/null
	dd if=$disk bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data
	all_back
}

# throttle GROUP WIOPS DISK...
throttle() {
	local group=$1 wiops=$2 name
	shift 2
	for name; do
		echo "$(cat /sys/block/"$name"/dev) wiops=$wiops" \
			>"$CG"/"$group"/io.max
	done
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
	local start starved
	group slow
	for starved in 0 1; do
		starve $starved
		throttle slow 4 stripe0
		start=$(now)
		copy_in_group slow
		[ $(($(now) - start)) -ge 1 ] || fail "not throttled above"
		throttle slow max stripe0
		throttle slow 10 nullb0 nullb1 nullb2
		start=$(now)
		copy_in_group slow
		[ $(($(now) - start)) -ge 1 ] || fail "not throttled below"
		[ "$(io_stat slow wios "$(cat /sys/block/nullb0/dev)")" -gt 0 ] ||
			fail "the clones are not of the group"
		throttle slow 8 stripe0
		copy_in_group slow
		throttle slow max stripe0 nullb0 nullb1 nullb2
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
		in_group heavy dd if=/tmp/data of=$disk bs=512k seek=16 \
			oflag=direct 2>/dev/null &
		copy_in_group light
		wait
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

# Each ends when it is polled for, and with nothing but the reserve as well.
polled() {
	local odd=/sys/module/bioset_oddio/parameters starved set
	modprobe null_blk nr_devices=1 gb=1 queue_mode=2 submit_queues=1 \
		poll_queues=1
	load bioset_core
	load bioset_oddio device=/dev/nullb0
	set=$(echo /sys/kernel/debug/bioset/bioset_oddio.*)
	for starved in 0 1; do
		echo $starved >"$set/starve"
		echo 300 >$odd/polled
		echo "starved=$starved: $(cat $odd/done) of 300 were polled for"
		[ "$(cat $odd/done)" = 300 ]
	done
	awk '$1 == "in_flight" && $2 != 0 { exit 1 }' "$set/stats"
	unload bioset_oddio
	unload bioset_core
	no_null_disks
}

use_groups io memory
dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null
null_disks 3 memory_backed=1 irqmode=2 completion_nsec=300000
load_stripe
check "throttled above and below" throttled
check "priced by iocost" priced
check "a memory cgroup at its limit" at_its_limit
unload_stripe
no_null_disks
check "bios that are polled for" polled
check "nothing left after unloading" nothing_left
pass
