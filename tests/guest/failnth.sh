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

# load_sweep [PARAM=VALUE...]: sets points and errors
load_sweep() {
	local out status n=0
	points=0 errors=0
	while :; do
		n=$((n + 1))
		[ $n -lt 3000 ] || fail "no end of failure points"
		status=0
		out=$(loadmod -n $n /ko/bioset_core.ko "$@" 2>/dev/null) || status=$?
		[ $status = 0 ] || [ $status = 12 ] ||
			fail "failure point $n: error $status, not ENOMEM"
		[ $status != 0 ] || unload bioset_core
		nothing_left
		[ "$out" != "not reached" ] || break
		points=$n
		[ $status = 0 ] || errors=$((errors + 1))
	done
	[ $status = 0 ] || fail "loading fails without a fault"
}

loading() {
	load_sweep "$@"
	echo "loading $*: $points failure points, $errors errors"
	[ $points -gt 0 ]
}

arm
check "failure points of making and using a set" sets
check "failure points of loading the module" loading
check "no leaks" no_leaks
pass
