#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kunit.sh KERNEL [SUITE[.CASE]]: run the KUnit suites in one of kernel.sh's
# kernels, and print one "ok" or "not ok" line for each case and check.
# LIMIT_MS=n: when a case gives up on a wait, in ms. SKIPS=REGEX: reasons for
# which a case may be skipped, beside those that lie in the kernel.
# kunit.sh --log KERNEL-DIR LOG: judge the log of a run, without one.
# A run of all suites is written down for the README's table; see support.sh.
# kunit.sh --check-suite SUITE[.CASE]: is there such a suite?

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# The suites' names, from the sources.
suites() {
	cat "$TOP"/tests/kunit/*.c |
		sed -n '/struct kunit_suite [a-z0-9_]* = {/,/};/s/.*\.name = "\([^"]*\)".*/\1/p'
}

known_suite() {
	local name=${1%%.*} case=${1#*.}
	suites | grep -qxF "$name" ||
		die "no suite is called \"$name\"; there are: $(suites | sort | xargs)"
	[ "$case" != "$1" ] || return 0
	# Cases are called after their suites.
	if [[ $case != "${name}_"* ]] ||
		! grep -qE "KUNIT_CASE[A-Z_]*\($case\>" "$TOP"/tests/kunit/*.c; then
		die "the suite $name has no case \"$case\""
	fi
}

# kunit.py's results as "ok SUITE.CASE" lines. Its headings name the suite
# ("==== suite (5 subtests) ====") and a parameterised case ("==== case ====",
# closed by "==== [PASSED] case ===="); its [ERROR] lines are left to the sum.
results() {
	sed 's/\x1b\[[0-9;]*m//g; s/^\[[0-9:]*\] *//' | awk '
	/^=+ [^[(]+ \([0-9]+ subtests?\) =+$/ { suite = $2; part = ""; next }
	/^=+ [^[(]+ =+$/ { part = "." $2; next }
	/^=+ \[/ { part = ""; next }
	/^\[(PASSED|FAILED|CRASHED|SKIPPED)\] ./ {
		word = $1
		sub(/^\[[A-Z]+\] /, "")
		name = suite part "." $0
		if (word == "[PASSED]") print "ok " name
		else if (word == "[SKIPPED]") print "# skipped " name
		else print "not ok " name " - " tolower(word) ", see the log"
	}'
}

# The reasons for which a case may be skipped here: what this kernel lacks. Any
# other skip is a test that was not run, though it should have been.
may_skip() {
	has() { grep -q "^CONFIG_$1=y" "$kernel/.config"; }
	{
		echo "${SKIPS:-}"
		has SMP || echo "one CPU"
		has HOTPLUG_CPU || echo "no CPU hotplug"
		! has PREEMPT_RT || echo "sleeping locks"
		has BLK_INLINE_ENCRYPTION || echo "nothing encrypts bios"
		grep -qsw REQ_ALLOC_CACHE "$kernel/source/include/linux/blk_types.h" ||
			echo "no cache of the kernel's own"
	} | sed '/^$/d' | paste -sd'|'
}

# "not ok" for each skip whose reason is none of those. Suites repeat their
# cases' skips without a reason.
skips() {
	local name why allowed
	allowed=$(may_skip)
	sed -n 's/^ *ok [0-9]* \(- \)\{0,1\}\(.*[^ ]\) *# SKIP *\([^ ].*\)/\2\t\3/p' "$log/ktap" |
		while IFS=$'\t' read -r name why; do
			[[ -n $allowed && $why =~ ^($allowed)$ ]] ||
				echo "not ok $name - skipped: $why"
		done
}

# The numbers in kunit.py's summary must agree with "nothing wrong".
summary_clean() {
	grep -q 'Ran [1-9][0-9]* tests: passed: [1-9]' "$1" &&
		! grep -E 'Ran .*(failed|crashed|errors): ' "$1" | grep -q .
}

summary() {
	sed -n 's/.*Testing complete. //p' "$1" | grep . || echo "no results"
}

# Only what the kernel said: the guest's own lines are not KTAP. Time stamps
# go, because kunit.py measures its prefix on the first line alone.
ktap() {
	tr -d '\r' <"$1" | grep -av '\] guest: ' | sed 's/^\[ *[0-9.]*\] //'
}

# The kernel's own; that of 5.10 does not read subtests as one reads KTAP.
parser() {
	local dir=$kernel/source/tools/testing/kunit
	grep -q '^class Test:' "$dir/kunit_parser.py" ||
		dir=$(env -u KSRC "$TOP/tests/lab/kernel.sh" --source)/tools/testing/kunit
	echo "$dir/kunit.py"
}

parse() {
	ktap "$log/console.log" >"$log/ktap"
	python3 "$(parser)" parse "$log/ktap" >"$log/parsed" 2>&1 </dev/null || true
	results <"$log/parsed"
	skips
	summary_clean "$log/parsed" ||
		echo "not ok KTAP - $(summary "$log/parsed"), see $log/parsed"
}

if [ "${1:-}" = --check-suite ]; then
	known_suite "$2"
	exit
fi
if [ "${1:-}" = --log ]; then
	kernel=$2 log=$(mktemp -d)
	trap 'rm -rf "$log"' EXIT
	cp "$3" "$log/console.log"
	parse
	exit
fi
[ $# -ge 1 ] || die "usage: kunit.sh KERNEL [SUITE[.CASE]]"
suite=${2:-}
[ -z "$suite" ] || known_suite "$suite"
kernel=$("$TOP/tests/lab/kernel.sh" "$1")
build=$("$TOP/scripts/modules.sh" "$kernel" 2>"$CACHE/logs/modules.log") || {
	cat "$CACHE/logs/modules.log" >&2
	die "the modules do not build for the $1 kernel"
}
status=0
printed=$("$TOP/tests/lab/boot.sh" --kernel "$kernel" --build "$build" \
	--modules "${MODULES:-}" --mem 768 --time "${LIMIT:-1000}" \
	--append "${suite:+guest.suite=$suite} ${LIMIT_MS:+guest.limit_ms=$LIMIT_MS} ${APPEND:-}" \
	--name "kunit-$(basename "$kernel")" "$TOP/tests/guest/kunit.sh") || status=$?
outcome=$(tail -n 1 <<<"$printed")
log=$(sed -n 's/^log: //p' <<<"$printed")
judged=$(parse)
[ -z "$judged" ] || echo "$judged"
grep '^CHECK ' <<<"$printed" || true
result=run
if [ "$outcome" != pass ] || grep -q '^not ok' <<<"$judged"; then
	result=failed
fi
[ -n "$suite" ] || "$TOP/tests/lab/support.sh" --record "$kernel" kunit $result
if [ "$outcome" != pass ]; then
	echo "not ok run - outcome: $outcome; see $log/console.log"
	exit "$status"
fi
