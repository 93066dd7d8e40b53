# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Stacked I/O while the machine has no memory; see scripts/lowmem.sh. Nothing
# can be started meanwhile, so the shell does with what it is.

# nap SECONDS: sleep without a process
nap() {
	read -r -t "$1" _ <&3 || true
}

# Should the kernel think that it must kill something, then one of these.
victims() {
	local n=0
	echo -1000 >/proc/self/oom_score_adj
	while [ $n -lt 10 ]; do
		(
			echo 1000 >/proc/self/oom_score_adj
			exec sleep 1000
		) &
		n=$((n + 1))
	done
}

starved() {
	mkfifo /run/nap
	exec 3<>/run/nap
	victims
	load bioset_core
	# The callers' threads are there before the memory goes.
	load bioset_torture seconds=20 round_secs=20 callers=8 noise=0 hold=1 \
		stall_secs=15
	nap 5
	load bioset_eatmem seconds=20
	nap 5
	echo 0 >/sys/module/bioset_torture/parameters/hold
	nap 30
	while [ "$(cat /sys/module/bioset_torture/parameters/result)" = running ]; do
		nap 1
	done
	[ "$(cat /sys/module/bioset_torture/parameters/result)" = PASS ]
}

# From real want, for nothing was starved: the module demands that bios were
# punted and that somebody waited.
figures() {
	dmesg | sed -n 's/.*\] torture: \(allocs .*\)/\1/p'
	dmesg | sed -n 's/.*\] eatmem: \(held .*\)/\1/p'
	unload bioset_torture
	unload bioset_eatmem
	unload bioset_core
	nothing_left
}

check "stacked I/O goes on without memory" starved
check "what it took" figures
pass
