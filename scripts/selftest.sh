#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# selftest.sh: does the harness tell apart what a guest may do? On Debian's
# small cloud kernel, which boots fastest.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=steps.sh
. "$TOP/scripts/steps.sh"

# guest MODE EXPECTED: boot a guest that does MODE, compare the outcome.
guest() {
	local mode=$1 want=$2 got limit=40
	[ "$mode" != hang ] || limit=8
	got=$("$TOP/scripts/boot.sh" --kernel "$kernel" --time $limit --mem 256 \
		--append "guest.mode=$mode" --name "selftest-$mode" \
		"$TOP/tests/guest/selftest.sh" 2>/dev/null | tail -n 1) || true
	if [ "$got" = "$want" ]; then
		echo "ok a guest that does \"$mode\" is \"$want\""
	else
		echo "not ok a guest that does \"$mode\" is \"$want\" - it was \"$got\""
	fi
}

# One step for all: each boot is short.
outcomes() {
	guest pass pass
	guest fail fail
	guest unfinished fail
	guest warn warn
	guest foreign warn
	guest provoked pass
	guest race warn
	guest kernel-race pass
	guest crash crash
	guest hang hang
	guest silent silence
	guest nonce silence
}

kernel=$("$TOP/scripts/stock.sh" cloud-amd64)
export kernel
dispatch "$@"
step "the harness" 450 outcomes
totals
