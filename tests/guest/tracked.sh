# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Tracking must harm nobody who does nothing wrong: the example under I/O from
# several tasks, on a stock kernel, with real or full preemption.
#
# guest: --modules null_blk --mem 1024
# time: 240

# shellcheck source=stripe.sh
. /stripe.sh

LIVE_SECS=8

# four CMD-WORDS: four writers at once, each to its own place. Several clones
# for each of their bios.
four() {
	local n pids=''
	for n in 0 1 2 3; do
		dd if=/dev/zero of=$disk bs=256k seek=$((n * 100)) "$@" \
			oflag=direct 2>/dev/null &
		pids="$pids $!"
	done
	for n in $pids; do
		wait "$n"
	done
}

innocent() {
	set_stats
	stat_is misuses 0
	stat_is in_flight 0
}

# Somebody looks all the while.
tracked_io() {
	local dir reader
	dir=$(set_dir)
	[ "$(cat "$dir/track")" = 1 ]
	while :; do
		cat "$dir/in_flight" >/run/in_flight
	done &
	reader=$!
	four count=400
	kill $reader
	innocent
}

# Without KVM, QEMU crashes or hangs its guest when one CPU executes what another
# one is patching, as the tracepoint is when tracking begins: one CPU for both,
# see torture.sh.
one_cpu() {
	local pid
	grep -q 'QEMU Virtual CPU' /proc/cpuinfo || return 0
	read -r pid _ </proc/self/stat
	taskset -p 1 "$pid"
}

# Switched on and off while bios come and go, all of them the slow way because
# the set is starved a little; at the end nothing is left that nobody has.
live_switch() {
	local dir n=0 end
	dir=$(set_dir)
	echo 1000 >"$dir/starve"
	one_cpu
	four count=1000000 &
	end=$(($(now) + LIVE_SECS))
	while [ "$(now)" -lt $end ]; do
		echo 0 >"$dir/track"
		echo 1 >"$dir/track"
		n=$((n + 1))
	done
	killall dd
	wait || true
	echo 0 >"$dir/starve"
	echo "switched on $n times"
	# A writer that was killed waits for its last bios.
	wait_for all_back
	[ -z "$(cat "$dir/in_flight")" ] || {
		head -n 40 "$dir/in_flight"
		fail "nobody has bios, but they are listed"
	}
	innocent
}

some_out() {
	[ "$(set_stat in_flight)" -gt 0 ]
}

# A bio that blk-throttle holds back has been submitted.
throttled_io() {
	use_groups io
	group slow
	throttle slow 4 nullb0 nullb1 nullb2
	in_group slow dd if=/dev/zero of=$disk bs=256k count=6 oflag=direct \
		2>/dev/null &
	wait_for some_out
	cat "$(set_dir)/in_flight"
	wait
	innocent
	no_group slow
}

null_disks 3 irqmode=2 completion_nsec=300000
load bioset_core track=1
load_driver pool_size=4
check "tracked, I/O from four tasks" tracked_io
check "tracked, switched while I/O runs" live_switch
check "tracked, behind blk-throttle" throttled_io
unload_stripe
no_null_disks
check "tracked, nothing left after unloading" nothing_left
pass
