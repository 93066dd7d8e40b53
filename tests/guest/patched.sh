# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The machine, not the module: its CPUs execute what another has just patched.
# For whoever sees a guest hang or crash by int3. It is a matter of chance, so it is
# no part of a release's tests. Seen with two CPUs: QEMU 7.2 failed in two of three
# runs of up to 5,000 flips of 64 places; QEMU 10.0 in one run on a machine with five
# tasks for its two CPUs, and not in 15,900 flips before (see tests/lab/qemu.py).
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
