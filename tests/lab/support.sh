#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# support.sh: write the table of supported kernels in README.md anew, from what
# the tests have written down in the cache.
# support.sh --record KERNEL WHAT RESULT: write one down. KERNEL is a directory
# that stock.sh or kernel.sh printed, WHAT one of the columns below, and RESULT
# "built", "run" or "failed". The last result of a kernel counts.
# support.sh --columns: what can be written down.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

COLUMNS=(modules apimodel example integration knobs torture drivers kunit)
TITLES="modules | API model | corner cases | real I/O | knobs | torture | drivers | KUnit"
BEGIN="<!-- make support-table: begin -->"
END="<!-- make support-table: end -->"
records=$CACHE/support

# "Debian 6.12.118+deb13-rt-amd64", or "6.1.192 kasan" for one built from source
label() {
	local name
	if [ -f "$1/release" ]; then
		echo "Debian $(cat "$1/release")"
	else
		name=$(basename "$1")
		name=${name%-*}
		echo "$(cat "$1/include/config/kernel.release") ${name%%-*}" |
			sed 's/^\([0-9.]*\)[^ ]*/\1/'
	fi
}

# Packages get newer; one line for each version and flavour: "6.12 rt-amd64"
key() {
	sed 's/^Debian //; s/^\([0-9]*\.[0-9]*\)[^- ]*\(-[0-9][0-9]*\)\{0,1\}[- ]/\1 /' <<<"$1"
}

# A mutant's results are not ours.
record() {
	local label dir
	[ "${SOURCES:-$TOP}" = "$TOP" ] || return 0
	[[ " ${COLUMNS[*]} " = *" $2 "* ]] || die "no column of the table is called $2"
	case $3 in built | run | failed) ;; *) die "a result is built, run or failed, not $3" ;; esac
	label=$(label "$1")
	dir="$records/$(key "$label")"
	mkdir -p "$dir"
	printf '%s\t%s\t%s\n' "$label" "$3" "$(date -u +%F)" >"$dir/$2.$$"
	mv "$dir/$2.$$" "$dir/$2"
}

# line DIR: the label is that of the newest result, the date that of the oldest.
line() {
	local column cells=''
	for column in "${COLUMNS[@]}"; do
		if [ -f "$1/$column" ]; then
			cells+=" $(cut -f2 "$1/$column") |"
		else
			cells+=" – |"
		fi
	done
	printf '| %s |%s %s |\n' "$(cat "$1"/* | sort -t$'\t' -k3 | tail -n 1 | cut -f1)" \
		"$cells" "$(cat "$1"/* | cut -f3 | sort | head -n 1)"
}

table() {
	local dir
	echo "| kernel | $TITLES | oldest result |"
	echo "|---|---|---|---|---|---|---|---|---|---|"
	find "$records" -mindepth 1 -maxdepth 1 -type d | sort -V | while read -r dir; do
		line "$dir"
	done
}

rewrite() {
	local readme=$TOP/README.md
	if [ "$(grep -cxF -e "$BEGIN" -e "$END" "$readme")" != 2 ]; then
		die "README.md has not the two lines \"$BEGIN\" and \"$END\""
	fi
	table >"$readme.table"
	awk -v begin="$BEGIN" -v end="$END" -v table="$readme.table" '
		$0 == end { on = 0 }
		!on { print }
		$0 == begin { on = 1; while ((getline line < table) > 0) print line }' \
		"$readme" >"$readme.new"
	rm "$readme.table"
	mv "$readme.new" "$readme"
	say "README.md has the results of $(find "$records" -mindepth 1 -maxdepth 1 -type d | wc -l) kernels"
}

case ${1:-} in
--columns) printf '%s\n' "${COLUMNS[@]}" ;;
--record)
	[ $# = 4 ] || die "usage: support.sh --record KERNEL WHAT RESULT"
	record "$2" "$3" "$4"
	;;
'')
	compgen -G "$records/*/*" >/dev/null ||
		die "no test has left a result in $records yet: make test writes them"
	rewrite
	;;
*) die "usage: support.sh [--record KERNEL WHAT RESULT]" ;;
esac
