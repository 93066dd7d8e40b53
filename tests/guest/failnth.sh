# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Every failure point of making and using a set, and of loading the module; see
# scripts/failnth.sh.

faults=/sys/kernel/debug

# Allocations that may sleep fail as well, and that of a single page.
arm() {
	echo N >$faults/failslab/ignore-gfp-wait
	echo N >$faults/fail_page_alloc/ignore-gfp-wait
	echo 0 >$faults/fail_page_alloc/min-order
	echo 0 >$faults/failslab/verbose
	echo 0 >$faults/fail_page_alloc/verbose
}

sets() {
	load bioset_core
	load bioset_failnth
	dmesg | sed -n 's/.*failnth: \(.* points.*\)/\1/p'
	unload bioset_failnth
	unload bioset_core
	nothing_left
}

loading() {
	loadmod -s /ko/bioset_core.ko 2>&1
	nothing_left
}

arm
check "failure points of making and using a set" sets
check "failure points of loading the module" loading
check "no leaks" no_leaks
pass
