# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Stacked I/O while the machine has no memory: a module has eaten it. Nothing can
# be started meanwhile, so the shell does with what it is.
#
# guest: --mem 256
# time: 240
# shows: ^(torture: (allocs|failure|seed)|eatmem)

starved() {
	get_ready_to_nap
	load bioset_core
	# The callers' threads are there before the memory goes.
	load bioset_torture seconds=15 round_secs=15 callers=8 noise=0 hold=10 \
		stall_secs=15
	nap 5 # for its negative control
	load bioset_eatmem seconds=30
	nap 35
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
