# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What runs on kernels and machines other than Debian's 6.1 for amd64. Source it
# after lib.sh. NAME is one of stock.sh.
#
#   fetched NAME...              unpack them, side by side
#   other_kernel NAME            what a user of that stock kernel relies on
#   all_of_other_kernel NAME     the same, and the knobs
#   other_machine NAME           the same kernel on another architecture
#   early_warning NAME           built and loaded; a failure is only told
#   example_with_io NAME         the example's corner cases, and ext4 and fio on it

run=$TOP/tests/lab/run
# The tests of a change draw the same each time; those of a release do not.
seed=4

# Most of it is waiting for the network.
fetched() {
	local name status=0
	declare -A fetching
	for name; do
		"$TOP/tests/lab/stock.sh" "$name" >/dev/null &
		fetching[$name]=$!
	done
	for name; do
		if wait "${fetching[$name]}"; then
			ok "$name"
		else
			not_ok "$name - it cannot be fetched; its last line says why"
			status=1
		fi
	done
	return $status
}

# short_runs NAME CALLS SECONDS: calls beside a model, and torture
short_runs() {
	local status=0
	"$run" apimodel "$1" "calls=$2" "seed=$seed" || status=1
	"$run" torture "$1" "secs=$3" "seed=$seed" || status=1
	return $status
}

other_kernel() {
	local status=0
	short_runs "$1" 100000 40 || status=1
	example_with_io "$1" || status=1
	"$TOP/tests/drivers/outside-driver.sh" "$1" || status=1
	return $status
}

# all_of_other_kernel NAME: and what make test has no time for on each kernel
all_of_other_kernel() {
	local status=0
	other_kernel "$1" || status=1
	"$run" knobs "$1" || status=1
	return $status
}

other_machine() {
	short_runs "$1" 20000 20
}

example_with_io() {
	local status=0
	"$run" example "$1" || status=1
	"$run" integration "$1" || status=1
	return $status
}

early_warning() {
	local log=$CACHE/logs/$1.log
	mkdir -p "$CACHE/logs"
	if "$run" apimodel "$1" calls=20000 >"$log" 2>&1; then
		grep '^ok ' "$log"
	else
		cat "$log" >&2
		echo "# $1 failed, which is not counted: $(grep -m 1 -E '^not ok |[Ee]rror:|ERROR' "$log")"
	fi
}
