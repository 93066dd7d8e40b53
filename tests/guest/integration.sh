# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example driver does real I/O on a stock kernel.
#
# guest: --host-root --modules "null_blk ext4" --mem 1024
# time: 400
# needs: fio e2fsprogs util-linux
# files: /usr/include/linux

# shellcheck source=stripe.sh
. /stripe.sh

# Does the verification notice anything? Disks that forget must be caught.
forgetful_disks() {
	ram_disks 0
	load_stripe pool_size=16
	must_fail fio_verify $disk 8m >/run/forgetful 2>&1
	grep -m 3 'verify: bad' /run/forgetful
	unload_stripe
	no_null_disks
}

raw_io() {
	fio_verify $disk 48m
}

files() {
	make_fs
	copy_files
	umount /host/mnt
	mount_fs
	verify_files
}

fio_on_ext4() {
	fio_verify /mnt/fio 32m --fsync=32
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

mount_host
check "fio notices disks that forget" forgetful_disks
ram_disks 1
load_stripe pool_size=16
check "fio verify on the raw disk" raw_io
check "files on ext4 survive a remount" files
check "fio verify on ext4" fio_on_ext4
check "unloading is refused while in use" in_use
check "e2fsck is content" check_fs
check "every bio is accounted for" accounts
unload_stripe
no_null_disks
check "nothing left after unloading" nothing_left
pass
