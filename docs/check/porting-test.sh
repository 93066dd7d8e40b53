#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# porting-test.sh --extract DIR: write each block of C in docs/porting.md to a
# file in DIR, with a Kbuild that compiles them against the installed header.
# porting-test.sh [FLAVOUR...]: compile them for these kernels, as for run (stock),
# against what "make install" puts down.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

# Blocks are whole functions which nobody calls.
extract() {
	mkdir -p "$1"
	awk -v dir="$1" '
	/^```c$/ {
		n++
		file = sprintf("%s/block_%02d.c", dir, n)
		print "#include <linux/blkdev.h>\n#include <linux/mempool.h>" > file
		print "#include <linux/module.h>\n#include <linux/version.h>" > file
		print "#include \"bioset.h\"\n" > file
		printf "#line %d \"porting.md\"\n", NR + 1 > file
		inside = 1
		next
	}
	/^```$/ {
		if (inside) print "MODULE_LICENSE(\"GPL\");" > file
		inside = 0
		next
	}
	inside { print > file }' "$TOP/docs/porting.md"
	cat >"$1/Kbuild" <<-'EOF'
		include $(BIOSET)/bioset.mk
		obj-m := $(patsubst $(src)/%.c,%.o,$(filter-out %.mod.c,$(wildcard $(src)/block_*.c)))
		ccflags-y += -Werror -Wno-unused-function -Wno-unused-variable
	EOF
}

compile() {
	local kdir=$1 work=$2 log=$CACHE/logs/porting.log
	quietly "$log" env KDIR="$kdir" DESTDIR="$work/root" "$TOP/scripts/install.sh" || return 1
	quietly "$log" kdir_make "$kdir" "M=$work/blocks" "BIOSET=$work/root/usr/src/bioset" -j"$JOBS" modules
}

one_kernel() {
	local kdir=$1 name work blocks
	name=$(kdir_release "$kdir")
	work=$(mktemp -d)
	extract "$work/blocks"
	blocks=$(find "$work/blocks" -name 'block_*.c' | wc -l)
	if compile "$kdir" "$work" &&
		[ "$(find "$work/blocks" -name 'block_*.ko' | wc -l)" = "$blocks" ] &&
		[ "$blocks" -gt 15 ]; then
		echo "ok porting guide: $blocks blocks for $name"
	else
		echo "not ok porting guide: blocks for $name - see $CACHE/logs/porting.log"
	fi
	rm -rf "$work"
}

if [ "${1:-}" = --extract ]; then
	extract "$2"
	exit
fi
[ $# -gt 0 ] || set -- stock
mkdir -p "$CACHE/logs"
for flavour; do
	find_flavour "$flavour"
	one_kernel "$kdir"
done
