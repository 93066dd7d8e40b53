# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# bcache on our sets: a disk of two RAM disks; see scripts/intree-driver.sh.

SETS=/sys/kernel/debug/bioset
NULLB=/sys/kernel/config/nullb

# ram_disk NAME MIB: a RAM disk that completes in a timer's interrupt
ram_disk() {
	mkdir "$NULLB/$1"
	echo "$2" >"$NULLB/$1/size"
	echo 1 >"$NULLB/$1/memory_backed"
	echo 2 >"$NULLB/$1/irqmode"
	echo 1 >"$NULLB/$1/power"
}

# total FIELD: the sum over all of bcache's sets
total() {
	cat "$SETS"/bcache.*/stats |
		awk -v field="$1" '$1 == field { n += $2 } END { print n + 0 }'
}

# grown FIELD BEFORE: fail unless the total has grown
grown() {
	[ "$(total "$1")" -gt "$2" ] ||
		fail "\"$1\" of bcache's sets has not grown beyond $2"
}

show_sets() {
	local set
	for set in "$SETS"/bcache.*; do
		echo "${set##*/}:" "$(tr -s ' ' '=' <"$set/stats" | tr '\n' ' ')"
	done
}

wait_for() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 100 ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

make_cache() {
	modprobe crc64
	load bcache
	ram_disk backing 192
	ram_disk cache 128
	host /usr/sbin/make-bcache --bucket 64k --writeback -B /dev/backing -C /dev/cache \
		>/dev/null
	echo /dev/backing >/sys/fs/bcache/register
	echo /dev/cache >/sys/fs/bcache/register
	wait_for test -e /sys/block/bcache0/bcache/cache
	wait_for test -b /dev/bcache0
	[ "$(echo "$SETS"/bcache.* | wc -w)" = 2 ] ||
		fail "bcache has not made its two sets with us"
	must_fail rmmod bioset_core
}

verify() {
	host /usr/bin/fio --name=verify --filename=/dev/bcache0 --direct=1 \
		--ioengine=libaio --iodepth=16 --rw=randrw --bsrange=4k-512k \
		--blockalign=4k --size="$1" --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --output-format=terse >/tmp/fio.log 2>&1 ||
		{ cat /tmp/fio.log; fail "fio found wrong data"; }
}

fio_verify() {
	local allocs
	allocs=$(total allocs)
	verify 96m
	grown allocs "$allocs"
	show_sets
}

ext4_files() {
	local allocs
	allocs=$(total allocs)
	cp -r /host/usr/include/linux /tmp/files
	host /usr/sbin/mkfs.ext4 -q /dev/bcache0
	mount -t ext4 /dev/bcache0 /host/mnt
	cp -r /tmp/files /host/mnt/files
	umount /host/mnt
	host /usr/sbin/e2fsck -fn /dev/bcache0
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 /dev/bcache0 /host/mnt
	diff -r /tmp/files /host/mnt/files
	umount /host/mnt
	grown allocs "$allocs"
	show_sets
}

# Only the reserves are left: 4 bios for each set.
starved() {
	local set waits
	waits=$(total waits)
	for set in "$SETS"/bcache.*; do
		echo 1 >"$set/starve"
	done
	verify 24m
	grown waits "$waits"
	for set in "$SETS"/bcache.*; do
		echo 0 >"$set/starve"
	done
	show_sets
	[ "$(total in_flight)" -lt 64 ] || fail "bios in flight in an idle cache"
}

take_down() {
	echo 1 >/sys/block/bcache0/bcache/stop
	wait_for test ! -e /sys/block/bcache0
	for stop in /sys/fs/bcache/*-*/stop; do
		echo 1 >"$stop"
	done
	wait_for sh -c "! ls -d $SETS/bcache.* 2>/dev/null"
	wait_for rmmod bcache
	unload bioset_core
	nothing_left
}

mount_host
modprobe null_blk nr_devices=0
mount -t configfs none /sys/kernel/config
modprobe crc32c_generic
modprobe ext4
load bioset_core
check "in-tree bcache: make a cache" make_cache
check "in-tree bcache: fio verify" fio_verify
check "in-tree bcache: ext4" ext4_files
check "in-tree bcache: fio verify, starved" starved
check "in-tree bcache: unload" take_down
pass
