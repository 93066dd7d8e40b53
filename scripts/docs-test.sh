#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs-test.sh [FLAVOUR]: the documentation says what is so. The commands in docs/
# run in guests: those about a stuck driver over disks that take 3 s for each I/O,
# all others over disks that take 3 ms. The tests that it names exist, and so do the
# pages that it refers to; this does not depend on the kernel, so only stock looks.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=steps.sh
. "$TOP/scripts/steps.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

# Words in backticks that look like a KUnit case, in contract.md's last column
tests_exist() {
	local name absent=0 found=0
	# shellcheck disable=SC2016 # backticks of the page
	for name in $(sed -n 's/.*| \([^|]*\) |$/\1/p' "$TOP/docs/contract.md" |
		grep -o '`[a-z]*_[a-z0-9_]*`' | tr -d '`' | sort -u); do
		found=$((found + 1))
		grep -qE "KUNIT_CASE[A-Z_]*\($name\b" "$TOP"/tests/*.c ||
			{ echo "docs/contract.md names $name, which is no test" >&2 && absent=1; }
	done
	[ "$found" -gt 40 ] && [ "$absent" = 0 ]
}

# Each file that a page links to, and each script and make target it names
references_exist() {
	local page target absent=0
	for page in "$TOP"/README.md "$TOP"/CONTRIBUTING.md "$TOP"/docs/*.md; do
		# shellcheck disable=SC2013 # words
		for target in $(grep -oE '\]\([^)#:]+' "$page" | cut -c3-); do
			[ -e "$(dirname "$page")/$target" ] ||
				{ echo "$page: no $target" >&2 && absent=1; }
		done
		for target in $(grep -oE '`(scripts|tests|samples|tools|bench|docs)/[A-Za-z0-9_./-]+' "$page" |
			tr -d '`'); do
			[ -e "$TOP/$target" ] || { echo "$page: no $target" >&2 && absent=1; }
		done
		# shellcheck disable=SC2013 # words
		for target in $(grep -oE '`(UPDATE=1 |sudo )?make [a-z-]+' "$page" | sed 's/.*make //'); do
			grep -qE "^[a-z -]*\b$target\b[a-z -]*:" "$TOP/Makefile" ||
				{ echo "$page: no target $target" >&2 && absent=1; }
		done
	done
	[ "$absent" = 0 ]
}

# commands FLAVOUR DISKS PAGE...
commands() {
	local dir flavour=$1 disks=$2
	shift 2
	dir=$(mktemp -d)
	(cd "$TOP/docs" && python3 "$TOP/scripts/docs-commands.py" "${@/%/.md}") >"$dir/commands.sh"
	use_flavour "$flavour"
	guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" \
		--file "$dir/commands.sh" --file "$("$TOP/scripts/tools.sh"):biosetstat" \
		--host-root --mem 1024 --append "guest.disks=$disks" --time 500 \
		--name "docs-$disks-$flavour" docs.sh
	rm -r "$dir"
}

if [ "${1:-}" != --step ]; then
	need_pkgs "the commands in docs/" linux-perf trace-cmd bpftrace \
		python3 sysstat
fi
dispatch "$@"
flavour=${1:-stock}
if [ "$flavour" = stock ]; then
	step "tests that docs/contract.md names" 20 tests_exist
	step "what the documentation refers to" 20 references_exist
fi
step "commands about a stuck driver" 900 commands "$flavour" slow debugging
step "all other commands" 900 commands "$flavour" fast watching tuning porting
totals
