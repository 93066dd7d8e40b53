#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# man.sh [DIR]: make the manual pages in DIR (default: in the cache) and print the
# directory. Pages that are written by hand (man/) are copied. A page for each
# function of bioset.h is made from the comment above it, by the kernel's own
# kernel-doc, so that it says what the sources say; a function without such a
# comment is an error.
# man.sh --list: print which pages that gives, and make none.
#
# MAN_PAGES=DIR: they were made before, into DIR, and are only looked for there.
# A package is built that way, without kernel-doc and without a network.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Up to 6.12 Debian's linux-headers bring it along in linux-kbuild. Where they do not,
# the tests fetch that of 6.1; all of these give the same pages.
kernel_doc() {
	local found
	# shellcheck disable=SC2012 # packages' own plain names
	found=$(ls -v /usr/lib/linux-kbuild-*/scripts/kernel-doc 2>/dev/null | tail -n 1)
	[ -n "$found" ] || [ ! -e "$TOP/tests/lab/kernel-doc.sh" ] || found=$("$TOP/tests/lab/kernel-doc.sh")
	[ -n "$found" ] ||
		die "making manual pages needs the kernel's scripts/kernel-doc, which Debian's linux-kbuild has up to 6.12; or give pages that are made: MAN_PAGES=dir"
	echo "$found"
}

# The functions and function-like macros that the header offers, and its struct
functions() {
	grep -oE '\bbset_[a-z0-9_]+ ?\(' "$TOP/bioset.h" | tr -d '( ' | sort -u
	echo bioset_stats
}

# DOCUMENTED-NAME PAGE: what the header's macros of documented names lead to
aliases() {
	sed -n ':a; /\\$/ { N; s/ *\\\n//; ba }
		s/^#define \(bio[a-z_]*\)(.*[ \t]\(bset_[a-z0-9_]*\)(.*/\1 \2/p' "$TOP/bioset.h"
}

# The day of the newest source, so that the same sources give the same pages
day() {
	local when=${SOURCE_DATE_EPOCH:-}
	[ -n "$when" ] || when=$(git -C "$TOP" log -1 --format=%ct 2>/dev/null) ||
		when=$(stat -c %Y "$TOP"/*.[ch] "$TOP"/man/* | sort -n | tail -n 1)
	date -u -d "@$when" +%Y-%m-%d
}

# kernel-doc's own heading is not one that today's formatters take without a
# remark, nor are its unfinished quotes, breaks at a section's end, long lines.
polish() {
	local page=$1
	sed -e "1s/.*/.TH ${page^^} 9 $(day) \"bioset $(cat "$TOP/VERSION")\" \"Bio_sets for drivers\"/" \
		-e 's/^\.\(BI\?\) "\([^"]*\)$/.\1 "\2"/' \
		-e 's/^\.BI "\(.*\) "  "\(.*\)"$/.BI "\1" "\2"/' \
		-e '/^\.SH NAME/ { n; s/^struct // }' \
		-e 's/[ \t]*$//' -e '/^$/d' |
		sed -e '/^\.br$/ { N; s/^\.br\n\(\.SH\)/\1/ }' |
		while IFS= read -r line; do
			case $line in
			.*) printf '%s\n' "$line" ;;
			*) fold -s -w 79 <<<"$line" ;;
			esac
		done | sed 's/[ \t]*$//'
	printf '.SH "SEE ALSO"\n.BR bioset (7),\n.BR bio_alloc_bioset (9)\n'
}

page() {
	local name=$1
	# No page from a comment that is not there; what else it says is lint's.
	"$tool" -man -function "$name" "$TOP/bioset.h" "$TOP"/*.c 2>/dev/null |
		polish "$name" >"$out.new/man9/$name.9"
	grep -q '^\.SH NAME' "$out.new/man9/$name.9" ||
		die "$name is offered by bioset.h and has no kernel-doc comment"
}

make_pages() {
	local name target
	rm -rf "$out.new"
	mkdir -p "$out.new"/man{7,8,9}
	for name in "$TOP"/man/*.[789]; do
		cp "$name" "$out.new/man${name##*.}/"
	done
	for name in $(functions); do
		page "$name"
	done
	# The names that a driver's author looks for; links, as man(1) takes them
	aliases | while read -r name target; do
		[ -e "$out.new/man9/$name.9" ] || ln -s "$target.9" "$out.new/man9/$name.9"
	done
	rm -rf "$out"
	mv "$out.new" "$out"
}

list() {
	local page
	{
		for page in "$TOP"/man/*.[789]; do
			echo "man${page##*.}/${page##*/}"
		done
		{ functions && aliases | cut -d' ' -f1; } | sed 's/.*/man9\/&.9/'
	} | sort -u
}

[ "${1:-}" != --list ] || { list && exit; }
if [ -n "${MAN_PAGES:-}" ]; then
	[ -d "$MAN_PAGES" ] ||
		die "there are no manual pages in $MAN_PAGES: make them first (scripts/man.sh $MAN_PAGES), as \"make deb\" does"
	echo "$MAN_PAGES"
	exit
fi
need_pkgs "making manual pages" perl
tool=$(kernel_doc)
out=${1:-$CACHE/build/man}
mkdir -p "$(dirname "$out")"
with_lock man make_pages
echo "$out"
