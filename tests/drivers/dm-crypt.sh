# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# dm-crypt on our sets: a disk whose data lies encrypted on a RAM disk; see
# tests/drivers/intree-driver.

module=dm_crypt
disk=/dev/mapper/secret
# shellcheck source=intree.sh
. /intree.sh

# Below it, a disk that can be told to keep what it gets
below=/dev/mapper/below
MIB=192
KEY=000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff

dm() {
	host env DM_DISABLE_UDEV=1 dmsetup "$@"
}

open_disk() {
	dm create secret --table \
		"0 $((MIB * 2048)) crypt aes-xts-plain64 $KEY 0 $below 0"
	[ -b $disk ]
	sets_are_ours
}

close_disk() {
	dm remove secret
	no_sets || fail "a set is left of a disk that is gone"
}

make_disk() {
	load_driver dm-crypt
	ram_disk 0 $MIB
	dm create below --table "0 $((MIB * 2048)) linear /dev/nullb0 0"
	open_disk
}

# has_plain_text DISK
has_plain_text() {
	dd if="$1" bs=256k count=16 iflag=direct 2>/dev/null | cmp - /run/plain
}

disk_is_idle() {
	[ "$(total in_flight)" = 0 ]
	[ "$(total reserve)" = "$(total pool_size)" ]
}

# What lies below is another text, and comes back when the disk does.
encrypted() {
	dd if=/dev/urandom of=/run/plain bs=256k count=16 2>/dev/null
	dd if=/run/plain of=$disk bs=256k oflag=direct conv=notrunc 2>/dev/null
	has_plain_text $disk
	must_fail has_plain_text $below
	close_disk
	open_disk
	has_plain_text $disk
}

some_wait() {
	[ "$(total reserve)" = 0 ] && [ "$(total waiting)" -gt 0 ] &&
		[ "$(total failed)" -gt "$1" ]
}

# The disk below keeps the whole reserve, until there are both: reads that got no
# bio where they could not sleep, and tasks that sleep for one.
starved() {
	local failed fio
	failed=$(total failed)
	starve_all 1
	dm suspend --noflush --nolockfs below
	verify 24m 256 32k &
	fio=$!
	wait_for some_wait "$failed"
	dm resume below
	wait $fio
	starve_all 0
	show_sets
	disk_is_idle
}

# Bios of the reserve and others, in turn
starved_by_turns() {
	local from_reserve
	from_reserve=$(total from_reserve)
	starve_all 3
	verify 12m 16 128k
	grown from_reserve "$from_reserve"
	starve_all 0
	show_sets
	disk_is_idle
}

take_down() {
	close_disk
	dm remove below
	unload dm_crypt
	unload bioset_core
	nothing_left
}

get_ready
check "in-tree dm-crypt: make a disk" make_disk
check "in-tree dm-crypt: encrypted below" encrypted
check "in-tree dm-crypt: fio verify" fio_verify 48m 16 512k
check "in-tree dm-crypt: ext4" ext4_files
check "in-tree dm-crypt: fio verify, starved" starved
check "in-tree dm-crypt: fio verify, starved by turns" starved_by_turns
check "in-tree dm-crypt: unload" take_down
pass
