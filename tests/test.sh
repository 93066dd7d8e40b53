#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh: the tests that every change must pass. SUITE=name runs one KUnit
# suite only; KSRC=dir builds the test kernel from another source.
#
# To add a step, write a function or a script that prints "ok NAME" and
# "not ok NAME - REASON" lines and give it a line "step NAME SECONDS COMMAND"
# below; see steps.sh.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=other-kernels.sh
. "$TOP/tests/lab/other-kernels.sh"

# The harness's own test passed for these very files: no need to repeat it.
harness() {
	local stamp
	stamp=$CACHE/selftest-$("$TOP/tests/lab/selftest.sh" --key)
	if [ ! -f "$stamp" ]; then
		if ! "$TOP/tests/lab/selftest.sh" >"$stamp.new"; then
			sed -n 's/^\(ok\|not ok\) the harness: /\1 /p' "$stamp.new"
			return 1
		fi
		sed -n 's/^ok the harness: /ok /p' "$stamp.new" >"$stamp"
		rm "$stamp.new"
	fi
	cat "$stamp"
}

kernel() {
	"$TOP/tests/lab/kernel.sh" kasan >/dev/null
}

kunit() {
	"$TOP/tests/lab/kunit.sh" kasan "${SUITE:-}"
}

# A SUITE that does not exist should not cost a kernel build first.
[ -z "${SUITE:-}" ] || "$TOP/tests/lab/kunit.sh" --check-suite "$SUITE"
dispatch "$@"

[ -n "${SUITE:-}" ] || beside "kernels are fetched" 1500 fetched stock rt 5.10 6.12 7.2 arm64 s390x
step "KASAN kernel" 1500 kernel
# The longest step; a guest keeps little more than one CPU busy.
beside "KUnit" 1150 kunit
if [ -z "${SUITE:-}" ]; then
	step "bad kernel directories" 120 "$TOP/tests/host/badkdir.sh"
	step "in the tree" 300 "$TOP/tests/host/tree-test.sh"
	step "planted bugs" 300 "$TOP/tests/lab/planted.sh" kasan
	step "harness" 700 harness
	step "an interrupt at each instruction" 60 "$TOP/tests/host/claim.sh"
	step "stock kernel" 500 "$run" integration
	step "knobs and reports" 360 "$run" knobs
	step "isolated CPUs" 200 "$run" isolated
	step "tracking" 360 "$run" tracked
	step "biosetstat" 400 "$TOP/tests/host/tools-test.sh"
	step "biosetstat on the stock kernel" 300 "$run" biosetstat
	step "memory dump" 360 "$TOP/tests/host/drgn-test.sh"
	step "example" 500 "$run" example
	step "drivers outside of the tree" 360 "$TOP/tests/drivers/outside-driver.sh"
	step "porting guide" 300 "$TOP/docs/check/commands" porting
	step "package" 1100 "$TOP/tests/install/package-test.sh" short
	step "stock RT kernel" 600 "$run" integration rt
	step "planted bugs on the stock RT kernel" 300 "$TOP/tests/lab/planted.sh" rt
	step "tracking on the stock RT kernel" 360 "$run" tracked rt
	step "torture on the stock RT kernel" 400 "$run" torture rt secs=40 seed=$seed
	step "Linux 5.10" 900 other_kernel 5.10
	step "Linux 6.12" 900 other_kernel 6.12
	step "Linux 7.2" 900 other_kernel 7.2
	step "arm64" 700 other_machine arm64
	step "s390x" 700 other_machine s390x
fi
totals
