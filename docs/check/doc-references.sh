#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# doc-references.sh: is there what the documents refer to? Tests, pages, scripts and
# make's targets. Prints what is missing; fails if anything is.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# Words in backticks that look like a KUnit case, in contract.md's last column
tests_exist() {
	local name absent=0 found=0
	# shellcheck disable=SC2016 # backticks of the page
	for name in $(sed -n 's/.*| \([^|]*\) |$/\1/p' "$TOP/docs/contract.md" |
		grep -o '`[a-z]*_[a-z0-9_]*`' | tr -d '`' | sort -u); do
		found=$((found + 1))
		grep -qE "KUNIT_CASE[A-Z_]*\($name\b" "$TOP"/tests/kunit/*.c ||
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

status=0
tests_exist || status=1
references_exist || status=1
exit $status
