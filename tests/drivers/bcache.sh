# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# bcache on our sets: a disk of two RAM disks; see tests/drivers/intree-driver.

module=bcache
disk=/dev/bcache0
# shellcheck source=intree.sh
. /intree.sh

make_cache() {
	load_driver bcache
	ram_disk 0 192
	ram_disk 1 128
	host make-bcache --bucket 64k --writeback -B /dev/nullb0 -C /dev/nullb1 >/dev/null
	echo /dev/nullb0 >/sys/fs/bcache/register
	echo /dev/nullb1 >/sys/fs/bcache/register
	wait_for test -e /sys/block/bcache0/bcache/cache
	wait_for test -b $disk
	sets_are_ours
}

# Its reserves are of 4 bios. It goes on writing back. Reads come when everything
# counts as sequential and so is not put into the cache: while bcache puts in what
# was read, it can get stuck; see docs/forward-progress.md, "What is not guaranteed".
starved() {
	local waits
	waits=$(total waits)
	starve_all 1
	verify 24m 16 512k --rw=randwrite --do_verify=0
	echo 512 >/sys/block/bcache0/bcache/sequential_cutoff
	verify 24m 16 512k
	grown waits "$waits"
	starve_all 0
	show_sets
	[ "$(total in_flight)" -lt 64 ] || fail "bios in flight in an idle cache"
}

take_down() {
	echo 1 >/sys/block/bcache0/bcache/stop
	wait_for test ! -e /sys/block/bcache0
	for stop in /sys/fs/bcache/*-*/stop; do
		echo 1 >"$stop"
	done
	wait_for no_sets
	wait_for rmmod bcache
	unload bioset_core
	nothing_left
}

get_ready
check "in-tree bcache: make a cache" make_cache
check "in-tree bcache: fio verify" fio_verify 96m 16 512k
check "in-tree bcache: ext4" ext4_files
check "in-tree bcache: fio verify, starved" starved
check "in-tree bcache: unload" take_down
pass
