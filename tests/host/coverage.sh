#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh: which lines of the module's own files the tests reach, counted by
# a kernel of its own and summed up by gcovr; and why not the others, from
# tests/host/coverage.reasons. Fails below LEAST percent (default 95), when a line
# has no reason, a reason names no line, or a run in the guest failed.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=../lab/flavour.sh
. "$TOP/tests/lab/flavour.sh"

least=${LEAST:-95}
number LEAST "$least"

# Where gcovr wants them: the guest's counters beside the compiler's notes.
collect() {
	local name data
	mkdir "$work/objects"
	# shellcheck disable=SC2154 # from use_flavour
	for name in $(tr ' ' '\n' <"$build/bioset_core.mod" | sed -n 's,.*/\(.*\)\.o$,\1,p'); do
		data=$(find "$work/counters" -name "$name.gcda" | head -n 1)
		[ -n "$data" ] || die "the guest counted nothing for $name.c"
		cp "$data" "$build/$name.gcno" "$work/objects/"
	done
}

# The module's own files, its headers among them. gcovr's exit status is 2 below LEAST.
report() {
	local status=0
	(cd "$build" && gcovr --root "$build" --filter "$build/" --json "$work/json" --txt "$work/table" \
		--fail-under-line "$least" "$work/objects") >"$CACHE/logs/gcovr.log" 2>&1 || status=$?
	[ $status = 0 ] || [ $status = 2 ] || die "gcovr failed, see $CACHE/logs/gcovr.log"
	sed 's/^/# /' "$work/table"
	[ $status = 0 ] || echo "not ok line coverage - it is below $least %"
	python3 "$TOP/tests/host/coverage-report.py" "$work/json" "$build" \
		"${REASONS:-$TOP/tests/host/coverage.reasons}" && return $status
}

need_pkgs "the coverage report" gcovr python3
use_flavour gcov
work=$(mktemp -d "$CACHE/coverage.XXXXXX")
trap 'rm -rf "$work"' EXIT
truncate -s 64M "$work/disk"
status=0
guest --name coverage --mem 768 --time "${LIMIT:-600}" \
	--drive "$work/disk" coverage.sh >"$work/results" || status=$?
mkdir "$work/counters"
tar -C "$work/counters" -xf "$work/disk" ||
	die "the guest handed no counters over; see ${log:-}/console.log"
collect
report || status=1
cat "$work/results"
exit $status
