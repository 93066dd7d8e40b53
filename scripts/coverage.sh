#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh: which lines of the module's own files the tests reach, measured
# by gcov in a kernel of its own; a table, and the lines that were not reached,
# with the reason from tests/coverage.reasons. Fails below LEAST percent
# (default 95), and when a run in the guest failed.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

least=${LEAST:-95}
number LEAST "$least"

# The module's own sources, as the build lists their objects.
sources() {
	tr ' ' '\n' <"$build/bioset_core.mod" | sed -n 's,.*/\(.*\)\.o$,\1.c,p'
}

# gcov_text SOURCE: the source with a count before each line
gcov_text() {
	local name=${1%.c} data
	data=$(find "$work/counters" -name "$name.gcda" | head -n 1)
	[ -n "$data" ] || die "the guest counted nothing for $1"
	mkdir -p "$work/$name"
	cp "$data" "$build/$name.gcno" "$work/$name/"
	(cd "$work/$name" && gcov -t "$name.gcda" 2>/dev/null) |
		awk -F: -v source="$1" '
			$3 == "Source" { wanted = $4 ~ "(^|/)" source "$" }
			wanted && $2 + 0 > 0'
}

# Inlined copies of a line are listed again; what one of them reached counts.
lines_of() {
	gcov_text "$1" | awk -F: '
		{
			count = $1
			gsub(/[ *]/, "", count)
			line = $2 + 0
			text = substr($0, length($1) + length($2) + 3)
		}
		count == "-" { next }
		{ seen[line] = text }
		count !~ /^[#=]+$/ { hit[line] = 1 }
		END {
			for (line in seen)
				printf "%d\t%d\t%s\n", line, hit[line], seen[line]
		}' | sort -n
}

reason_for() {
	awk -F'\t' -v file="$1" -v text="$2" '
		BEGIN { gsub(/^[ \t]+/, "", text) }
		$1 == file && index(text, $2) { print $3; exit }' \
		"$TOP/tests/coverage.reasons"
}

table() {
	local file total=0 reached=0 n r
	printf '%-18s %7s %7s %7s\n' file lines reached '%'
	for file in $(sources); do
		lines_of "$file" >"$work/$file.lines"
		n=$(wc -l <"$work/$file.lines")
		r=$(awk -F'\t' '$2 == 1' "$work/$file.lines" | wc -l)
		printf '%-18s %7d %7d %6d%%\n' "$file" "$n" "$r" $((r * 100 / n))
		total=$((total + n)) reached=$((reached + r))
	done
	percent=$((reached * 100 / total))
	printf '%-18s %7d %7d %6d%%\n' all "$total" "$reached" "$percent"
}

missing() {
	local file line hit text why
	for file in $(sources); do
		while IFS=$'\t' read -r line hit text; do
			[ "$hit" = 0 ] || continue
			why=$(reason_for "$file" "$text")
			printf '%s:%d:%s\n    %s\n' "$file" "$line" "$text" \
				"${why:-no reason is known}"
		done <"$work/$file.lines"
	done
}

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
percent=0
table
echo
echo "not reached:"
missing
echo
cat "$work/results"
if [ "$percent" -ge "$least" ]; then
	echo "ok line coverage is $percent %"
else
	echo "not ok line coverage - $percent % is below $least %"
	status=1
fi
exit $status
