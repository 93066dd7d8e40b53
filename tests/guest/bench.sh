# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Counts instructions under -icount, times elsewhere. guest.parts names the
# parts of bioset_bench, guest.quick=1 leaves out what seldom changes,
# guest.reps is the number of repetitions.
parts=$(word parts)
quick=$(word quick)
reps=$(word reps)
load bioset_core
load bioset_bench part="$parts" quick="${quick:-0}" reps="${reps:-9}"
unload bioset_bench
unload bioset_core
nothing_left
pass
