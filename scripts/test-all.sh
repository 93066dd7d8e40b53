#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test-all.sh: what a release must pass: the tests of a change, then the other
# test kernels, long random runs, every failure point, the model, and drivers
# from elsewhere. An hour or two on two cores; MINUTES is for each random run.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=steps.sh
. "$TOP/scripts/steps.sh"

kunit() {
	"$TOP/scripts/kunit.sh" "$("$TOP/scripts/kernel.sh" "$1")"
}

# torture FLAVOUR [FAULTS]
torture() {
	FLAVOUR=$1 FAULTS=${2:-0} MINUTES=$minutes "$TOP/scripts/torture.sh"
}

minutes=${MINUTES:-5}
dispatch "$@"

step "tests of a change" 3600 "$TOP/scripts/test.sh"
for flavour in kcsan ubsan; do
	step "$flavour kernel" 2400 "$TOP/scripts/kernel.sh" $flavour
	step "$flavour planted bugs" 600 "$TOP/scripts/planted.sh" $flavour
	step "$flavour KUnit" 900 kunit $flavour
done
limit=$((minutes * 60 * 2 + 900))
step "torture, stock" $limit torture stock
step "torture, RT" $limit torture rt
step "torture, KASAN" $limit torture kasan
step "torture, KCSAN" $limit torture kcsan
step "torture, UBSAN, 10 % of allocations fail" $limit torture ubsan 10
step "a million random calls beside a model" 3600 "$TOP/scripts/apimodel.sh"
step "every failure point" 1800 "$TOP/scripts/failnth.sh"
step "model of forward progress" 3600 "$TOP/scripts/model.sh"
step "drivers built elsewhere" 900 "$TOP/scripts/outside-driver.sh"
step "bcache of the kernel's source" 1800 "$TOP/scripts/intree-driver.sh"
totals
