# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example above and below other drivers, and above itself; on each stack
# data, discard, zeroing and a flush.
#
# guest: --modules "null_blk dm_mod loop raid1 ext4" --mem 1024 --host-root
# time: 300
# needs: e2fsprogs dmsetup util-linux

SETS=/sys/kernel/debug/bioset

# starve_all N: each set of the example's and its copies'
starve_all() {
	local dir
	for dir in "$SETS"/bioset_stripe*; do
		echo "$1" >"$dir/starve"
	done
}

# stat_sum NAME: over all sets of the example's
stat_sum() {
	cat $SETS/bioset_stripe*/stats |
		awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }'
}

# flushes: that the disks at the bottom have done
flushes() {
	cat /sys/block/nullb*/stat | awk '{ print $16 }' | tr '\n' ' '
}

# same OFFSET-KIB KIB: the disk has there what the file has
same() {
	dd if="$target" bs=4k skip=$(($1 / 4)) count=$(($2 / 4)) iflag=direct \
		2>/dev/null >/run/read
	dd if=/run/data bs=4k skip=$(($1 / 4)) count=$(($2 / 4)) 2>/dev/null |
		cmp - /run/read
}

blank() {
	dd if="$target" bs=4k skip=$(($1 / 4)) count=$(($2 / 4)) iflag=direct \
		2>/dev/null | cmp -n $(($2 * 1024)) - /dev/zero
}

data() {
	dd if=/dev/urandom of=/run/data bs=1M count=1 2>/dev/null
	dd if=/run/data of="$target" bs=1M oflag=direct conv=notrunc 2>/dev/null
	same 0 1024
}

# A hole that begins and ends within chunks, by blkdiscard
discarded() {
	host blkdiscard "$@" --offset $((1024 * 260)) --length $((1024 * 268)) \
		"$target"
	blank 260 268
	same 0 260
	same 528 496
}

# A write that is flushed reaches each disk at the bottom of the target: those
# whose numbers are given.
flushed() {
	local before after n
	before=$(flushes)
	dd if=/run/data of="$target" bs=64k count=8 conv=notrunc,fsync \
		2>/dev/null
	after=$(flushes)
	for n in $bottom; do
		[ "$(echo "$after" | cut -d' ' -f$((n + 1)))" -gt \
			"$(echo "$before" | cut -d' ' -f$((n + 1)))" ] ||
			fail "no flush of nullb$n: $before, then $after"
	done
}

# exercise DISK BOTTOM-NUMBER...
exercise() {
	target=$1
	shift
	bottom=$*
	[ -b "$target" ]
	data
	discarded
	data
	discarded --zeroout
	flushed
	same 0 512
	starve_all 1
	data
	flushed
	discarded
	[ "$(stat_sum from_reserve)" -gt 0 ]
	starve_all 0
	[ "$(stat_sum in_flight)" = 0 ]
	[ "$(stat_sum reserve)" = "$(stat_sum pool_size)" ]
}

# linear NAME DISK MIB: /dev/mapper/NAME, a part of DISK from its second MiB on
linear() {
	host env DM_DISABLE_UDEV=1 dmsetup create "$1" --table \
		"0 $(($3 * 2048)) linear $2 2048"
}

no_linear() {
	host env DM_DISABLE_UDEV=1 dmsetup remove "$1"
}

load_first() {
	load bioset_stripe pool_size=1 chunk_kb=16 "devices=$1"
}

# Two partitions of 32 MiB, at 1 and at 40 MiB: a table as DOS had it
partition_table() {
	head -c 446 /dev/zero
	printf '\0\0\0\0\203\0\0\0\000\010\000\0\0\0\001\0'
	printf '\0\0\0\0\203\0\0\0\000\100\001\0\0\0\001\0'
	head -c 32 /dev/zero
	printf '\125\252'
}

partitions() {
	load_first /dev/nullb0,/dev/nullb1
	partition_table | dd of=/dev/stripe0 bs=512 conv=notrunc,fsync 2>/dev/null
	partprobe /dev/stripe0
	exercise /dev/stripe0p1 0 1
	exercise /dev/stripe0p2 0 1
	dd if=/dev/zero of=/dev/stripe0 bs=1M count=2 oflag=direct 2>/dev/null
	partprobe /dev/stripe0
	unload bioset_stripe
}

# Neither it nor the file system may lose what was flushed.
loop() {
	load_first /dev/nullb0,/dev/nullb1
	host mkfs.ext4 -q -F /dev/stripe0
	mount -t ext4 /dev/stripe0 /host/mnt
	dd if=/dev/zero of=/host/mnt/file bs=1M count=16 2>/dev/null
	losetup /dev/loop0 /host/mnt/file
	exercise /dev/loop0 0 1
	losetup -d /dev/loop0
	umount /host/mnt
	host e2fsck -f -n /dev/stripe0 >/dev/null
	unload bioset_stripe
}

# mirror DISK DISK: /dev/md0, without metadata; what mdadm --build does
mirror() {
	local md=/sys/block/md0/md slot=0 name
	[ -d $md ] || echo md0 >/sys/module/md_mod/parameters/new_array
	echo none >$md/metadata_version
	echo raid1 >$md/level
	echo 2 >$md/raid_disks
	for name; do
		cat /sys/block/"$name"/dev >$md/new_dev
		echo $slot >$md/dev-"$name"/slot
		echo 65536 >$md/dev-"$name"/size
		slot=$((slot + 1))
	done
	echo 65536 >$md/component_size
	echo none >$md/resync_start
	echo active >$md/array_state
}

no_mirror() {
	echo clear >/sys/block/md0/md/array_state
}

same_halves() {
	dd if=/dev/stripe0 bs=1M skip=1 count=1 iflag=direct 2>/dev/null >/run/half
	dd if=/dev/stripe1 bs=1M skip=1 count=1 iflag=direct 2>/dev/null |
		cmp - /run/half
}

four_deep() {
	load_first /dev/nullb0,/dev/nullb1
	load bioset_stripe1 pool_size=1 chunk_kb=8 \
		devices=/dev/stripe0,/dev/nullb2
	load bioset_stripe2 pool_size=1 chunk_kb=4 \
		devices=/dev/stripe1,/dev/nullb3
	load bioset_stripe3 pool_size=1 chunk_kb=32 devices=/dev/stripe2
	exercise /dev/stripe3 0 1 2 3
	must_fail rmmod bioset_stripe2 2>/dev/null
	unload bioset_stripe3
	unload bioset_stripe2
	unload bioset_stripe1
	unload bioset_stripe
}

# Five levels of three drivers. Not below loop: raid1 cannot zero, and without
# that loop does not discard.
mixed() {
	linear below0 /dev/nullb0 100
	load_first /dev/mapper/below0,/dev/nullb1
	load bioset_stripe1 pool_size=1 chunk_kb=16 \
		devices=/dev/nullb2,/dev/nullb3
	mirror stripe0 stripe1
	load bioset_stripe2 pool_size=1 chunk_kb=4 devices=/dev/md0
	linear above /dev/stripe2 40
	exercise /dev/mapper/above 0 1 2 3
	no_linear above
	unload bioset_stripe2
	no_mirror
	same_halves
	unload bioset_stripe1
	unload bioset_stripe
	no_linear below0
}

zoned_is_refused() {
	null_disks 2 zoned=1 zone_size=16
	must_fail load_first /dev/nullb0,/dev/nullb1
	dmesg | grep -q 'bioset_stripe: /dev/nullb0 is zoned'
	no_null_disks
}

mount_host
modprobe dm_mod
modprobe loop
modprobe ext4
modprobe md_mod
modprobe raid1
load bioset_core
check "a zoned disk is refused" zoned_is_refused
null_disks 4 memory_backed=1 discard=1 cache_size=64
check "partitions" partitions
check "loop on a file" loop
check "four deep" four_deep
check "dm-linear on the example on raid1 on two on dm-linear" mixed
no_null_disks
unload bioset_core
check "nothing left after unloading" nothing_left
pass
