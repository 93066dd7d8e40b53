# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A run that consists of steps, each with results. Source it after lib.sh.
#
#   step NAME SECONDS COMMAND...
#
# runs COMMAND (a function of the script, or a program) for at most SECONDS.
# Lines on its stdout that start with "ok " or "not ok " are results; so are
# boot.sh's "CHECK ok ..." lines. Lines that start with "# " say what was skipped
# or not looked for; they are shown and not counted. A command that fails without
# such a line, or runs out of time, is itself one "not ok"; one that ends well
# without any result is one "ok". totals prints "N passed, N failed" and gives
# the status.

passed=0 failed=0
results=$(mktemp)
trap 'rm -f "$results"' EXIT

ok() {
	echo "ok $*"
}

# not_ok NAME - REASON
not_ok() {
	echo "not ok $*"
}

# A function with a time limit must be a process: the script calls itself.
run_limited() {
	local limit=$1
	shift
	if declare -F "$1" >/dev/null; then
		timeout -k 20 "$limit" "$0" --step "$@"
	else
		timeout -k 20 "$limit" "$@"
	fi
}

# Results pass through, under the step's name.
filter_results() {
	local line
	while IFS= read -r line; do
		line=${line#CHECK }
		case $line in
		"ok "*) line="ok $1: ${line#ok }" ;;
		"not ok "*) line="not ok $1: ${line#not ok }" ;;
		"# "*)
			echo "# $1: ${line#\# }"
			continue
			;;
		*) continue ;;
		esac
		echo "$line"
		echo "$line" >>"$results"
	done
}

step() {
	local name=$1 limit=$2 start=$SECONDS status=0
	shift 2
	: >"$results"
	say "$name"
	run_limited "$limit" "$@" </dev/null | filter_results "$name" || status=$?
	[ $status != 124 ] && [ $status != 137 ] || reason="out of time ($limit s)"
	reason=${reason:-"failed with status $status"}
	if [ $status != 0 ] && ! grep -q '^not ok ' "$results"; then
		not_ok "$name - $reason" | tee -a "$results"
	elif [ ! -s "$results" ]; then
		ok "$name" | tee -a "$results"
	fi
	reason=''
	passed=$((passed + $(grep -c '^ok ' "$results" || true)))
	failed=$((failed + $(grep -c '^not ok ' "$results" || true)))
	say "$name took $(took "$start")"
}

# A run without results has shown nothing, which is a failure.
totals() {
	[ $((passed + failed)) -gt 0 ] || failed=1
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}

# dispatch "$@": the first thing that a script with steps does, once its
# functions are known; see run_limited.
dispatch() {
	[ "${1:-}" = --step ] || return 0
	shift
	"$@"
	exit
}
