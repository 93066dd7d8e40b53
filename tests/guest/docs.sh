# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs the commands of pages of docs/, given as /commands.sh, while the example
# has nothing but a reserve of one and is kept busy.

# shellcheck source=stripe.sh
. /stripe.sh

# The host's tools see debugfs and tracefs where a reader has them.
more_mounts() {
	mount -t debugfs none /host/sys/kernel/debug
	mount -t tracefs none /host/sys/kernel/tracing
	mount -o bind /ko /host/mnt
	mount -t tmpfs none /host/root
	cp /biosetstat /host/root/biosetstat
	mount -t tmpfs none /host/usr/local
	mkdir -p /host/usr/local/sbin
	cp /biosetstat /host/usr/local/sbin/biosetstat
	cp /commands.sh /host/tmp/commands.sh
}

# The disks take 300 ms for an I/O, for which so many readers wait that allocations
# stall, or 3 ms.
disks() {
	if [ "$(word disks)" = slow ]; then
		slow_disks 300 memory_backed=1
		nr_busy=12
	else
		slow_disks 3 memory_backed=1
		nr_busy=3
	fi
}

stalled() {
	dmesg | grep -q 'has waited'
}

# Readers and a writer: one clone each, and several under one submit_bio().
keep_busy() {
	while [ ! -e /run/stop ]; do
		dd if=$disk of=/dev/null bs=64k count=1 skip="$1" iflag=direct 2>/dev/null
		[ "$(word disks)" = slow ] ||
			dd if=/dev/zero of=$disk bs=1M count=1 seek="$1" oflag=direct 2>/dev/null
	done
}

# run_block N PATTERN: as root's shell of the host would run it. A command that
# failed in a pipe has failed, and a tool that traces and sees no event prints a
# heading all the same: so the page says what a line of the output has to be like.
run_block() {
	local pattern=$2
	starve 1
	host env PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		bash -eu -o pipefail -c ". /tmp/commands.sh; block_$1" >/run/out 2>&1 ||
		{ cat /run/out && return 1; }
	sed 's/^/    /' /run/out | cut -c1-160
	grep -qE -- "$pattern" /run/out || {
		echo "no line is like: $pattern"
		return 1
	}
}

mount_host
disks
load bioset_core stall_secs=2
load_driver pool_size=1
more_mounts
starve 1
busy=''
while [ $nr_busy -gt 0 ]; do
	keep_busy $nr_busy &
	busy="$busy $!"
	nr_busy=$((nr_busy - 1))
done
[ "$(word disks)" != slow ] || wait_for stalled
heading="" pattern="" nr_blocks=0
. /commands.sh
i=0
while [ $i -lt "$nr_blocks" ]; do
	eval "heading=\$heading_$i pattern=\$pattern_$i"
	check "$heading ($i)" run_block $i "$pattern"
	i=$((i + 1))
done
# The loops end with their last dd, which would keep the disk busy.
touch /run/stop
# shellcheck disable=SC2086 # words
wait $busy
starve 0
wait
unload_stripe
no_null_disks
nothing_left
pass
