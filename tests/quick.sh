#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# quick.sh: the KUnit suites (SUITE=name: one) on User Mode Linux, in seconds.
# KERNEL=5.10, 6.12 or 7.2: another version of it than 6.1.
# It has one CPU and no preemption: good for the inner loop, not as a gate.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"

[ -z "${SUITE:-}" ] || "$TOP/tests/lab/kunit.sh" --check-suite "$SUITE"
kernel=uml${KERNEL:+-$KERNEL}
# Not in the step's time
"$TOP/tests/lab/kernel.sh" "$kernel" >/dev/null
step "KUnit on UML" 1150 "$TOP/tests/lab/kunit.sh" "$kernel" "${SUITE:-}"
totals
