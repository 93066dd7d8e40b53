# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Writes from CPU 1 through the starved example, each clone but the first of a
# write rescued, while a real-time task spins there.
#
# guest: --host-root --modules null_blk --mem 1024
# time: 240
# needs: util-linux

disk=/dev/stripe0
WRITES=20 # of four clones each

# on_cpu1 PRIORITY CMD...: as a real-time task; one already when it comes there,
# for any other would never run. To be run with &: it becomes the command, so that
# $! is the command's own.
on_cpu1() {
	local priority=$1
	shift
	exec chroot /host /usr/bin/chrt -f "$priority" /usr/bin/taskset 2 "$@"
}

# ends_within SECONDS PID
ends_within() {
	local left=$1
	while [ -d "/proc/$2" ]; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
}

write_beside_spinner() {
	local busy writer ended=1
	starve 1
	on_cpu1 50 sh -c 'while :; do :; done' &
	busy=$!
	sleep 1
	on_cpu1 60 dd if=/dev/zero of=$disk bs=256k count=$WRITES oflag=direct \
		2>/dev/null &
	writer=$!
	ends_within 60 $writer || ended=0
	set_stats
	kill $busy
	wait $writer
	[ $ended = 1 ] || fail "no progress beside a real-time task"
	[ "$(set_stat rescued)" -ge $WRITES ] || fail "hardly anything was rescued"
}

mount_host
# Disks without a queue, which complete where they are submitted to: a queue is
# run on each CPU in turn, and a completion may need the softirq of CPU 1. Both
# would wait for the spinner, whoever submitted.
modprobe null_blk nr_devices=2 gb=1 queue_mode=0 irqmode=0
load bioset_core
load bioset_stripe devices=/dev/nullb0,/dev/nullb1 chunk_kb=64 pool_size=1
# Everything else stays away from CPU 1, and nothing ends the spinner's turn.
taskset -p 1 $$ >/dev/null
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
check "a rescue beside a real-time task" write_beside_spinner
unload bioset_stripe
unload bioset_core
nothing_left
pass
