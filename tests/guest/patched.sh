# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The machine, not the module: its CPUs execute what another has just patched.
# QEMU before 8.1 fails after some thousand flips (see scripts/qemu.sh).
#
# takes: secs=300
# time: secs + 120

patched() {
	load bioset_patched secs="$(word secs)"
	echo "$(cat /sys/module/bioset_patched/parameters/flips) flips"
	unload bioset_patched
}

check "code is executed as it was patched" patched
pass
