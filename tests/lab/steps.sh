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
# without any result is one "ok".
#
#   beside NAME SECONDS COMMAND...
#
# is the same, beside the steps that follow. What it prints comes in one piece when
# it ends. Each kind of step waits until fewer than LANES run (one for each CPU).
# With more of them than CPUs all limits, also those of guests, are so much longer.
#
#   keep_results DIR
#
# before the steps: what each finds is kept in DIR. With RESUME=1, those that were
# green in a run with the same DIR are shown again, and not run: a long run goes on
# where it was interrupted.
#
# totals waits for all, prints "N passed, N failed" and gives the status.

steps=$(mktemp -d)
trap 'rm -rf "$steps"' EXIT
mkdir "$steps/results" "$steps/output"
step_number=0
kept=''
export LANES=${LANES:-$(nproc)} # boot.py's too
case $LANES in *[!0-9]* | 0*) die "LANES=$LANES is not a positive number" ;; esac

ok() {
	echo "ok $*"
}

# not_ok NAME - REASON
not_ok() {
	echo "not ok $*"
}

# patience SECONDS: how long that may be when each CPU serves several lanes
patience() {
	local cpus
	cpus=$(nproc)
	echo $(($1 * (LANES > cpus ? LANES : cpus) / cpus))
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

# filter_results NAME FILE: results pass through, under the step's name, and are
# added to FILE.
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
		echo "$line" >>"$2"
	done
}

# run_step FILE NAME SECONDS COMMAND...: FILE gets the results.
run_step() {
	local file=$1 name=$2 limit start=$SECONDS status=0 reason
	limit=$(patience "$3")
	shift 3
	: >"$file"
	say "$name"
	run_limited "$limit" "$@" </dev/null | filter_results "$name" "$file" || status=$?
	reason="failed with status $status"
	[ $status != 124 ] && [ $status != 137 ] || reason="out of time ($limit s)"
	if [ $status != 0 ] && ! grep -q '^not ok ' "$file"; then
		not_ok "$name - $reason" | tee -a "$file"
	elif [ ! -s "$file" ]; then
		ok "$name" | tee -a "$file"
	fi
	[ -z "$kept" ] || cp "$file" "$kept/$(file_of "$name")"
	say "$name took $(took "$start")"
}

keep_results() {
	kept=$1
	mkdir -p "$kept"
}

# A name for the files of this tree, whoever tracks them
tree_key() {
	(cd "$TOP" && find . -name .git -prune -o -type f -print0 | LC_ALL=C sort -z |
		xargs -0 sha256sum) | sha256sum | cut -c1-16
}

file_of() {
	echo "${1//[^A-Za-z0-9.-]/_}"
}

# was_green NAME: in this run or one that this one continues; then its results
# are this run's.
was_green() {
	local old
	old=$kept/$(file_of "$1")
	if [ -z "$kept" ] || [ "${RESUME:-}" != 1 ] ||
		! grep -q '^ok ' "$old" 2>/dev/null || grep -q '^not ok ' "$old"; then
		return 1
	fi
	say "$1 was green on $(date -r "$old" '+%F %H:%M')"
	step_number=$((step_number + 1))
	cp "$old" "$steps/results/$step_number"
	cat "$old"
}

# A step's file is there before it runs: one that dies has failed.
wait_for_lane() {
	while [ "$(jobs -pr | wc -l)" -ge "$LANES" ]; do
		wait -n || true
	done
	step_number=$((step_number + 1))
	file=$steps/results/$step_number
	echo "not ok $1 - it died" >"$file"
}

step() {
	local file
	! was_green "$1" || return 0
	wait_for_lane "$1"
	run_step "$file" "$@"
}

beside() {
	local file output
	! was_green "$1" || return 0
	wait_for_lane "$1"
	output=$steps/output/$step_number
	say "$1 begins"
	{
		run_step "$file.new" "$@" >"$output" 2>&1 || true
		mv "$file.new" "$file"
		cat "$output"
	} &
}

count() {
	cat "$steps"/results/* | grep -c "^$1 " || true
}

# A run without results has shown nothing, which is a failure.
totals() {
	local passed failed
	wait
	passed=$(count ok) failed=$(count "not ok")
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
