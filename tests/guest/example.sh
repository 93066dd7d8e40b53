# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the example driver has to do right beyond carrying data, and how it does
# with nothing but a reserve of one clone. Needs no programs of the host, so it
# runs on the sanitizer kernels as well.
#
# guest: --modules null_blk --mem 1024
# time: 400

TRACE=/sys/kernel/tracing
SECTORS=6144 # of the stripe: three disks of 1 MiB

# ram_disk NAME [KEY=VALUE...]: completes in a timer's interrupt
ram_disk() {
	local name=$1
	shift
	null_disk "$name" size=1 memory_backed=1 irqmode=2 discard=1 "$@"
}

ram_disks() {
	local name
	for name in a b c; do
		ram_disk $name "$@"
	done
}

stripe() {
	load bioset_stripe devices=/dev/a,/dev/b,/dev/c "$@"
}

# refused TEXT PARAMETER...: the load fails, says why in the one line that has
# TEXT, and holds nothing
refused() {
	local text=$1 seen
	shift
	dmesg -c >/dev/null
	must_fail load bioset_stripe "$@" 2>/dev/null
	seen=$(dmesg | grep -c '\] bioset_stripe: ')
	if [ "$seen" != 1 ] || ! dmesg | grep -q "\] bioset_stripe: .*$text"; then
		fail "instead of one line with \"$text\": $(dmesg)"
	fi
	rmmod bioset_core || fail "still held after a refusal: $*"
	load bioset_core
}

refusals() {
	ram_disks
	ram_disk coarse blocksize=4096
	refused 'no devices'
	refused 'cannot use' devices=/dev/nosuch
	refused 'cannot use' devices=/dev/null
	refused 'cannot use ""' devices=/dev/a,,/dev/b
	refused 'same device' devices=/dev/a,/dev/b,/dev/a
	refused 'chunk_kb=0' devices=/dev/a chunk_kb=0
	refused 'chunk_kb=48' devices=/dev/a chunk_kb=48
	refused 'chunk_kb=131072' devices=/dev/a chunk_kb=131072
	refused 'chunk_kb' devices=/dev/a chunk_kb=-1
	refused 'too small for a chunk' devices=/dev/a chunk_kb=32768
	refused 'less than a block' devices=/dev/coarse chunk_kb=2
	refused 'pool_size=0' devices=/dev/a pool_size=0
	stripe
	must_fail load bioset_stripe devices=/dev/coarse
	unload bioset_stripe
	remove_null_disks
}

# write_at SECTOR FILE: /tmp/data
write_at() {
	dd if=/tmp/data of="$2" bs=64k oflag=seek_bytes seek=$(($1 * 512)) \
		conv=notrunc 2>/dev/null
}

# Writes and discards of random places and lengths, here and in a file that has
# seen the same as the disk so far.
same_as_file() {
	local n=0 at len
	while [ $n -lt 16 ]; do
		at=$(random $SECTORS)
		len=$((SECTORS - at > 2000 ? 2000 : SECTORS - at))
		len=$(($(random $len) + 1))
		if [ "$(random 3)" = 0 ]; then
			sync
			blkdiscard -o $((at * 512)) -l $((len * 512)) /dev/stripe0
			head -c $((len * 512)) /dev/zero >/tmp/data
		else
			head -c $((len * 512)) /dev/urandom >/tmp/data
			write_at "$at" /dev/stripe0
		fi
		write_at "$at" /tmp/model
		n=$((n + 1))
	done
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cmp /tmp/model /dev/stripe0
}

# data CHUNK_KB: with all the memory there is, then with one clone at a time
data() {
	ram_disks
	stripe chunk_kb="$1" pool_size=1
	head -c $((SECTORS * 512)) /dev/zero >/tmp/model
	[ "$(cat /sys/block/stripe0/size)" = $SECTORS ]
	same_as_file
	starve 1
	same_as_file
	[ "$(set_stat rescued)" -gt 0 ] || fail "nothing was rescued"
	stat_is rescued "$(set_stat punted)"
	stat_is in_flight 0
	unload bioset_stripe
	remove_null_disks
}

# A bad block on one disk fails what touches it and nothing else.
errors() {
	ram_disk a
	ram_disk b badblocks=+8-15
	ram_disk c
	stripe chunk_kb=64 pool_size=1
	starve 1
	head -c 65536 /dev/stripe0 >/dev/null
	must_fail dd if=/dev/stripe0 of=/dev/null bs=4k skip=17 count=1
	dd if=/dev/stripe0 of=/dev/null bs=64k skip=2 2>/dev/null
	must_fail dd if=/dev/zero of=/dev/stripe0 bs=1M count=1 conv=fsync
	stat_is in_flight 0
	unload bioset_stripe
	remove_null_disks
}

# A flush reaches each disk once.
flushes() {
	ram_disks cache_size=1
	stripe
	echo >$TRACE/trace
	echo 1 >$TRACE/events/block/block_rq_issue/enable
	dd if=/dev/zero of=/dev/stripe0 bs=512 count=1 conv=fsync 2>/dev/null
	echo 0 >$TRACE/events/block/block_rq_issue/enable
	grep -o 'block_rq_issue: [0-9,]* FF ' $TRACE/trace | sort -u >/tmp/disks
	[ "$(wc -l </tmp/disks)" = 3 ] || fail "not every disk was flushed"
	[ "$(grep -c 'block_rq_issue: .* FF ' $TRACE/trace)" = 3 ] ||
		fail "more flushes than disks"
	unload bioset_stripe
	remove_null_disks
}

modprobe null_blk nr_devices=0
load bioset_core
check "example: refusals" refusals
check "example: data, chunks of 4 KiB" data 4
check "example: data, chunks of 64 KiB" data 64
check "example: errors" errors
check "example: flushes" flushes
unload bioset_core
rmmod null_blk
check "example: nothing left after unloading" nothing_left
no_leaks
pass
