# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs what there is to reach the module's lines, and hands the counters over on
# /dev/vda; see tests/host/coverage.sh. The kernel keeps those of unloaded modules.

# with CORE-PARAMETER MODULE [PARAMETER...]: what a module does when it is loaded
with() {
	local core=$1 module=$2
	shift 2
	load bioset_core "$core"
	load "$module" "$@"
	unload "$module"
	unload bioset_core
}

result() {
	cat /sys/module/bioset_torture/parameters/result
}

# torture TRACK
torture() {
	load bioset_core "track=$1"
	load bioset_torture seconds=15 seed=1 pin=1
	while [ "$(result)" = running ]; do
		cat /sys/kernel/debug/bioset/*/in_flight >/dev/null 2>&1 || true
		sleep 1
	done
	[ "$(result)" = PASS ]
	# Where the caches still hold something.
	echo 3 >/proc/sys/vm/drop_caches
	unload bioset_torture
	unload bioset_core
}

# Every file of every set; sets come and go meanwhile.
touch_files() {
	local file
	cat /sys/kernel/debug/bioset/*/* >/dev/null 2>&1 || true
	for file in /sys/kernel/debug/bioset/*/track; do
		for value in 2 0 1; do
			echo $value >"$file" || true
		done 2>/dev/null
	done
}

# Bios that do not complete, and who looks for the reason
stalls() {
	load bioset_core stall_secs=1 track=1
	load bioset_torture seconds=30 no_rescuer=1 stall_secs=5 seed=1 pin=1
	while [ "$(result)" = running ]; do
		touch_files
		sleep 1
	done
	[ "$(result)" = FAIL ]
	unload bioset_torture
	unload bioset_core
}

failure_points() {
	arm_faults
	with track=0 bioset_failnth
	loadmod -s /ko/bioset_core.ko
}

counters() {
	cp -r /sys/kernel/debug/gcov /run/counters
	tar -C /run/counters -cf /dev/vda .
	sync
}

check "suites" with track=0 bioset_kunit
check "model" with track=0 bioset_apimodel seed=1 calls=200000
# What a kernel gets whose bio_init() does more than the module knows
check "by bio_init()" with quick_init=0 bioset_apimodel seed=2 calls=20000
check "torture" torture 0
check "torture, tracked" torture 1
check "stalls" stalls
check "failure points" failure_points
check "counters" counters
pass
