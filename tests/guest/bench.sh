# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Counts instructions under -icount, times elsewhere. guest.parts names the
# parts of bioset_bench, guest.quick=1 leaves out what seldom changes.
parts=$(word parts)
quick=$(word quick)
load bioset_core
load bioset_bench part="$parts" quick="${quick:-0}"
unload bioset_bench
unload bioset_core
nothing_left
pass
