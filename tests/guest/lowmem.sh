# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Stacked I/O while the machine has no memory: a module has eaten it. Nothing can
# be started meanwhile, so the shell does with what it is.
#
# guest: --mem 256
# time: 240
# shows: ^(torture: (allocs|failure|seed)|eatmem)

control_is_over() {
	dmesg | grep -q 'torture: negative control'
}

starved() {
	local result=running
	get_ready_to_nap
	load bioset_core
	# The callers' threads are there before the memory goes.
	load bioset_torture seconds=12 round_secs=12 callers=8 noise=0 hold=5 \
		stall_secs=15
	wait_for control_is_over
	eat_memory 20
	while [ "$result" = running ]; do
		nap 1
		read -r result </sys/module/bioset_torture/parameters/result || true
	done
	[ "$result" = PASS ]
}

# From real want, for nothing was starved: the module demands that bios were
# punted and that somebody waited.
figures() {
	dmesg | sed -n 's/.*\] torture: \(allocs .*\)/\1/p'
	unload bioset_torture
	unload bioset_core
	nothing_left
}

check "stacked I/O goes on without memory" starved
check "what it took" figures
pass
