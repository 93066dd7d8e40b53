#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh [NAME...]: does each test notice what it is for? Applies the patches
# of tests/mutants to a copy of the code, README.md's included, one at a time, and
# demands that the test that the patch names fails. A patch begins with
#
#   # kills: SUITE.CASE      (or "hang (SUITE.CASE)": it may as well hang)
#   # kills: CHECK           a check of the guest's after the case in "runs", or
#                            "run - outcome: warn": a tool complained
#   # runs: SUITE.CASE       or a guest script (see run), or another script, and its
#                            arguments
#   # says: TEXT             optional; and the log of the run has this text
#   # kernel: kasan          optional; a kernel as for run, "uml" is the default
#
# RESUME=1: do not run again those that were noticed in this very tree.
#
# Names are beginnings of the patches' names, such as 01 for those of the first
# row of the test catalogue.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

header() {
	sed -n "s/^# $2: *//p" "$1"
}

flavour_of() {
	header "$1" kernel | grep . || echo uml
}

copy_tree() {
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$TOP" && find . -name '.?*' -prune -o -type f \
		\( -name '*.[ch]' -o -name Kbuild -o -path './probes/*' -o -path ./README.md \) -print0 |
		tar -cf - --null -T -) | tar -xf - -C "$work"
}

# run_test FLAVOUR TEST: runs what a patch names, with its results on stdout
run_test() {
	local kernel kdir words program limit=300
	find_flavour "$1"
	export SOURCES=$work BUILD_NAME=mutant-${kernel##*/}
	read -ra words <<<"$2"
	unset RESUME # what was green without the mutant
	# The limit is shorter than the tests' own: many end by it, most of them here.
	[ "$1" != uml ] || limit=150
	if [ -f "$TOP/tests/guest/${words[0]:-}.sh" ]; then
		"$TOP/tests/lab/run" "${words[0]}" "$1" "${words[@]:1}"
	elif program=$(find "$TOP/tests" -maxdepth 2 -name "${words[0]:-}.sh" -perm -100 | grep .); then
		KDIR=$kdir "$program" "${words[@]:1}"
	else
		LIMIT=${LIMIT:-$limit} LIMIT_MS=4000 "$TOP/tests/lab/kunit.sh" "$1" "$2"
	fi
}

# Without a mutant nothing fails, the shorter limits of waits included.
control() {
	local out work=$CACHE/mutant
	copy_tree
	out=$(LIMIT=600 run_test uml '' 2>&1) || true
	if grep -q '^ok ' <<<"$out" && ! grep -E '^(CHECK )?not ok' <<<"$out"; then
		ok "the tests pass without a mutant"
	else
		not_ok "the tests pass without a mutant - $(tail -n 1 <<<"$out")"
	fi
}

# said TEXT RESULTS: whether it is in the log that the run's results name
said() {
	local log
	log=$(sed -n 's/^\(not ok .*see\|log:\) \(.*console\.log\)$/\2/p' <<<"$2")
	[ -z "$1" ] || { [ -n "$log" ] && grep -aqF "$1" "$log"; }
}

# mutant PATCH: one result line
mutant() {
	local name kills test says may_hang='' flavour out work=$CACHE/mutant
	name=$(basename "$1" .patch)
	kills=$(header "$1" kills)
	case $kills in "hang ("*) may_hang=1 && kills=${kills#hang (} && kills=${kills%)} ;; esac
	test=$(header "$1" runs | grep . || echo "$kills")
	flavour=$(flavour_of "$1")
	copy_tree
	patch -s -d "$work" -p1 <"$1" || {
		not_ok "$name - the patch does not apply"
		return
	}
	says=$(header "$1" says)
	out=$(run_test "$flavour" "$test" 2>&1 | sed 's/^CHECK //') || true
	if ! said "$says" "$out"; then
		not_ok "$name - the log does not say: $says"
		return
	fi
	if grep -q "^not ok $kills\b" <<<"$out"; then
		ok "$name is noticed by $kills"
	elif [ -n "$may_hang" ] && grep -q '^not ok run - outcome: hang' <<<"$out"; then
		ok "$name hangs, as it should"
	elif ! grep -q "^ok $kills\b" <<<"$out" &&
		grep -q '^not ok run - outcome: crash' <<<"$out"; then
		ok "$name takes the kernel down before $kills has passed"
	else
		not_ok "$name - $kills does not fail: $(tail -n 1 <<<"$out")"
	fi
}

dispatch "$@"
keep_results "$CACHE/release/$(tree_key)"
if [ $# = 0 ]; then
	step "no mutant" 900 control
	set -- ''
fi
for name; do
	compgen -G "$TOP/tests/mutants/$name*.patch" >/dev/null ||
		die "no mutant's name begins with \"$name\"; see tests/mutants"
	for patch in "$TOP/tests/mutants/$name"*.patch; do
		# Not in the mutant's time
		find_flavour "$(flavour_of "$patch")"
		step "$(basename "$patch" .patch)" 600 mutant "$patch"
	done
done
totals
