# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs what there is to reach the module's lines, and hands the counters over on
# /dev/vda; see scripts/coverage.sh. The kernel keeps those of unloaded modules.

suites() {
	load bioset_core
	load bioset_kunit
	unload bioset_kunit
	unload bioset_core
}

model() {
	load bioset_core
	load bioset_apimodel seed=1 calls=200000
	unload bioset_apimodel
	unload bioset_core
}

torture() {
	load bioset_core
	load bioset_torture seconds=15 seed=1
	while [ "$(cat /sys/module/bioset_torture/parameters/result)" = running ]; do
		sleep 1
	done
	[ "$(cat /sys/module/bioset_torture/parameters/result)" = PASS ]
	# Where the caches still hold something.
	echo 3 >/proc/sys/vm/drop_caches
	unload bioset_torture
	unload bioset_core
}

failure_points() {
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	echo 0 >/sys/kernel/debug/failslab/verbose
	echo 0 >/sys/kernel/debug/fail_page_alloc/verbose
	load bioset_core
	load bioset_failnth
	unload bioset_failnth
	unload bioset_core
	loadmod -s /ko/bioset_core.ko
}

counters() {
	cp -r /sys/kernel/debug/gcov /run/counters
	tar -C /run/counters -cf /dev/vda .
	sync
}

check "suites" suites
check "model" model
check "torture" torture
check "failure points" failure_points
check "counters" counters
pass
