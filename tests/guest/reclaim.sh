# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Real reclaim through the example: swap on it, and then dirty files of ext4 on
# it, with more memory wanted than there is, and then next to none.
#
# guest: --modules ext4 --mem 256 --host-root
# time: 480
# needs: e2fsprogs
# disks: 200 200 200

# shellcheck source=stripe.sh
. /stripe.sh

vmstat() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

# Files in memory, 4 MiB each; their sums are right even when they were out.
fill_memory() {
	local n=0
	mkdir -p /run/big
	mount -t tmpfs -o size=400m none /run/big
	while [ $n -lt "$1" ]; do
		dd if=/dev/urandom of=/run/big/$n bs=1M count=4 2>/dev/null
		n=$((n + 1))
	done
	(cd /run/big && sha256sum ./*) >/run/sums
}

sums_are_right() {
	(cd "$1" && sha256sum -c /run/sums >/run/checked) || {
		grep -v ': OK$' /run/checked | head
		return 1
	}
	[ "$(wc -l </run/checked)" = "$(wc -l </run/sums)" ]
}

# swapping FILES
swapping() {
	local out
	mkswap $disk >/dev/null
	swapon $disk
	out=$(vmstat pswpout)
	fill_memory "$1"
	sums_are_right /run/big
	out=$(($(vmstat pswpout) - out))
	echo "$((out * 4)) KiB were written to swap, $(($(vmstat pswpin) * 4)) KiB read"
}

# The same while a module eats what is free, until a good deal was swapped: that may
# be slow
swapping_without_memory() {
	local before out=0 left=8
	before=$(vmstat pswpout)
	while [ $out -le 5000 ]; do
		[ $left -gt 0 ] || fail "hardly anything was swapped"
		eat_memory 8
		out=$(($(vmstat pswpout) - before))
		left=$((left - 1))
	done
	sums_are_right /run/big
	echo "$((out * 4)) KiB were written to swap meanwhile"
}

swap_off() {
	umount /run/big
	swapoff $disk
	set_stats
	all_back
}

# Starved meanwhile: each clone but one of a large write waits for another. So it
# is slow, and there is less of it.
swapping_starved() {
	starve 1
	swapping 25
	swapping_without_memory
	[ "$(set_stat from_reserve)" -gt 0 ]
	[ "$(set_stat waits)" -gt 0 ]
	starve 0
	swap_off
}

swapping_fed() {
	swapping 45
	swapping_without_memory
	swap_off
}

append_lines() {
	local n=0
	while [ $n -lt 400 ]; do
		echo "line $n" >>/run/files/log || true
		n=$((n + 1))
	done
}

writeback() {
	local n=0 written
	host mkfs.ext4 -q -F $disk
	mkdir -p /run/files
	mount -t ext4 $disk /run/files
	starve "$1"
	written=$(vmstat nr_written)
	while [ $n -lt 25 ]; do
		dd if=/dev/urandom of=/run/files/$n bs=1M count=4 2>/dev/null
		n=$((n + 1))
	done
	(cd /run/files && sha256sum [0-9]*) >/run/sums
	eat_memory 12 append_lines
	sync
	umount /run/files
	mount -t ext4 $disk /run/files
	sums_are_right /run/files
	[ "$(wc -l </run/files/log)" = 400 ]
	umount /run/files
	echo "$((($(vmstat nr_written) - written) * 4)) KiB were written back"
	starve 0
	stat_is in_flight 0
}

get_ready_to_nap
mount_host
modprobe ext4
load bioset_core
load bioset_stripe devices=/dev/vda,/dev/vdb,/dev/vdc chunk_kb=16 pool_size=1
check "swap on the example" swapping_fed
check "swap on the example, starved" swapping_starved
check "ext4 writeback on it" writeback 0
check "ext4 writeback on it, starved" writeback 1
unload_stripe
check "nothing left after unloading" nothing_left
pass
