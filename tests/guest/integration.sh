# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example driver does real I/O on a stock kernel.
#
# guest: --host-root --modules "null_blk ext4" --mem 1536
# time: 400
# needs: fio e2fsprogs util-linux
# files: /usr/include/linux

# shellcheck source=stripe.sh
. /stripe.sh

# Does the verification notice anything? Disks that forget must be caught.
forgetful_disks() {
	ram_disks 0
	load_stripe
	must_fail fio_verify $disk 8m >/run/forgetful 2>&1
	grep -m 3 'verify: bad' /run/forgetful
	unload_stripe
	no_null_disks
}

bad_parameters() {
	must_fail load bioset_stripe
	must_fail load bioset_stripe devices=/dev/nosuch
	must_fail load bioset_stripe devices=/dev/nullb0,/dev/nullb0
	must_fail load bioset_stripe devices=/dev/nullb0,/dev/nullb1 chunk_kb=63
	must_fail load bioset_stripe devices=/dev/nullb0,/dev/nullb1 pool_size=0
	[ ! -e $disk ]
}

raw_io() {
	fio_verify $disk 96m
}

discard() {
	host blkdiscard --offset 1MiB --length 8MiB $disk
	host blkdiscard --zeroout --offset 16MiB --length 8MiB $disk
	dd if=$disk bs=1M skip=16 count=8 2>/dev/null | cmp -n 8388608 - /dev/zero
}

files() {
	make_fs
	copy_files
	umount /host/mnt
	mount_fs
	verify_files
}

fio_on_ext4() {
	fio_verify /mnt/fio 48m --fsync=32
	rm /host/mnt/fio
}

in_use() {
	must_fail rmmod bioset_stripe
	must_fail rmmod bioset_core
	umount /host/mnt
	must_fail rmmod bioset_core
}

accounts() {
	set_stats
	[ "$(set_stat allocs)" -gt 0 ]
	all_back
}

all_gone() {
	unload_stripe
	no_null_disks
	nothing_left
}

# With tracking from the start: nobody is accused, and the data is right.
tracked_io() {
	ram_disks 1
	load bioset_core track=1
	load_driver
	fio_verify $disk 24m
	set_stats
	[ "$(set_stat allocs)" -gt 0 ]
	[ "$(set_stat misuses)" = 0 ]
	[ "$(set_stat in_flight)" = 0 ]
	unload_stripe
	no_null_disks
}

mount_host
check "fio notices disks that forget" forgetful_disks
check "fio verify on the raw disk, tracked" tracked_io
ram_disks 1
load bioset_core
check "bad parameters are refused" bad_parameters
unload bioset_core
load_stripe
check "fio verify on the raw disk" raw_io
check "discard and zeroing" discard
check "files on ext4 survive a remount" files
check "fio verify on ext4" fio_on_ext4
check "unloading is refused while in use" in_use
check "e2fsck is content" check_fs
check "every bio is accounted for" accounts
check "nothing left after unloading" all_gone
pass
