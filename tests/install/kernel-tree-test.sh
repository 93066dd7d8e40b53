#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-tree-test.sh [KERNEL-SOURCE...]: put the module into copies of these
# kernel trees (default: Linux 6.1 and 7.2), build a User Mode Linux with it
# built in, run the KUnit suites as that kernel starts, and build modules.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# A copy in hard links: what is changed gets a file of its own, see sed -i.
copy_tree() {
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -al "$1/." "$tree/"
	# These are appended to.
	cp --remove-destination "$1/drivers/block/Makefile" "$tree/drivers/block/Makefile"
}

# KUNIT_ALL_TESTS must be enough to have the tests.
configure() {
	mkdir -p "$out"
	{
		cat "$TOP/tests/kernel/common.config" "$TOP/tests/kernel/umlbench.config"
		printf 'CONFIG_%s=y\n' BIOSET KUNIT_ALL_TESTS MODULES STDERR_CONSOLE NULL_CHAN
		echo 'CONFIG_LOCALVERSION="-bioset-in-tree"'
	} >"$out.config"
	kmake KCONFIG_ALLCONFIG="$out.config" allnoconfig || return 1
	grep -qx 'CONFIG_BIOSET_KUNIT_TEST=y' "$out/.config" ||
		{ echo "KUNIT_ALL_TESTS does not bring the tests" && return 1; }
}

kmake() {
	make -C "$tree" O="$out" ARCH=um CC="ccache gcc" HOSTCC="ccache gcc" -j"$JOBS" "$@"
}

# It ends in a panic, because there is no root to mount.
run() {
	timeout -k 5 300 "$out/linux" mem=512M con=null con0=null,fd:1 stderr=1 \
		loglevel=8 kunit.enable=1 kunit.autorun=1 panic=-1 >"$out.run" 2>&1 </dev/null || true
	sed -i 's/^\[ *[0-9.]*\] //; s/\r$//' "$out.run"
}

# Each suite's own line, at the left margin. Nothing is mounted yet, nor is there a
# shell: what needs them is skipped, and a suite may be skipped as a whole.
results() {
	local suite bad=0 suites
	suites=$(sed -n '/struct kunit_suite [a-z0-9_]* = {/,/};/s/.*\.name = "\([^"]*\)".*/\1/p' \
		"$TOP"/tests/kunit/*_test.c)
	for suite in $suites; do
		! grep -q "^ok [0-9]* $suite # SKIP" "$out.run" ||
			{ echo "# $name: $suite has nothing to run" && continue; }
		grep -q "^ok [0-9]* $suite\$" "$out.run" && continue
		echo "not ok $name: $suite built in - see $out.run"
		bad=1
	done
	[ $bad = 0 ] && echo "ok $name: all suites pass built in"
}

# The same with m: a kernel without it, and modules for that kernel
modular() {
	sed -i 's/^CONFIG_BIOSET=y/CONFIG_BIOSET=m/' "$out/.config"
	kmake olddefconfig || return 1
	kmake linux modules || return 1
	grep -x 'CONFIG_BIOSET_KUNIT_TEST=m' "$out/.config" &&
		ls "$out"/drivers/block/bioset/{bioset_core,tests/bioset_kunit}.ko
}

# Unlike a copy made twice, and gone without a trace
removed() {
	"$TOP/scripts/kernel-tree.sh" "$tree" 2>/dev/null &&
		"$TOP/scripts/kernel-tree.sh" "$tree" 2>/dev/null &&
		[ "$(grep -c bioset "$tree/drivers/block/Kconfig" "$tree/drivers/block/Makefile" | tr '\n' ' ' | grep -o ':[0-9]*' | tr -d '\n')" = :1:1 ] &&
		"$TOP/scripts/kernel-tree.sh" --remove "$tree" 2>/dev/null &&
		diff -r -q "$1/drivers/block" "$tree/drivers/block" >&2
}

one_tree() {
	local source=$1 log
	name="Linux $(make -s -C "$source" kernelversion)"
	tree=$CACHE/kernel-tree/src out=$CACHE/kernel-tree/build log=$CACHE/logs/kernel-tree.log
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=4G
	rm -rf "$out"
	copy_tree "$source"
	"$TOP/scripts/kernel-tree.sh" "$tree"
	say "building User Mode Linux from $source with the module built in (log: $log)"
	quietly "$log" configure || { echo "not ok $name: configure - see $log" && return 1; }
	quietly "$log" kmake linux || { echo "not ok $name: build - see $log" && return 1; }
	run
	results || return 1
	if quietly "$log" modular; then
		echo "ok $name: the module and its suites are built as modules"
	else
		echo "not ok $name: with m - see $log"
	fi
	if removed "$source"; then
		echo "ok $name: done twice and removed, the tree is as it was"
	else
		echo "not ok $name: removal - the tree is not as it was"
	fi
	rm -rf "$tree" "$out"
}

# refused TEXT ARGUMENT...: one line that has TEXT
refused() {
	local text=$1 said
	shift
	if said=$("$TOP/scripts/kernel-tree.sh" "$@" 2>&1) ||
		[ "$(grep -c '^kernel-tree.sh: error: ' <<<"$said")" != 1 ] ||
		! grep -q "$text" <<<"$said"; then
		echo "not ok kernel-tree refuses: $text - it says: $said"
	else
		echo "ok kernel-tree refuses: $text"
	fi
}

refusals() {
	local dir
	dir=$(mktemp -d)
	refused 'no kernel source tree given' ''
	refused 'no such directory' "$dir/nowhere"
	refused 'is not a kernel source tree' "$dir"
	mkdir -p "$dir/drivers/block" "$dir/block"
	touch "$dir/Kbuild" "$dir/drivers/block/Kconfig" "$dir/block/bio.c"
	printf 'VERSION = 4\nPATCHLEVEL = 19\n' >"$dir/Makefile"
	refused 'is Linux 4.19; bioset supports' "$dir"
	mkdir "$dir/drivers/block/bioset"
	refused 'is there and is not this module' "$dir"
	rm -rf "$dir"
}

need_pkgs "building kernels" gcc make flex bison bc libelf-dev libc6-dev xz-utils ccache perl
[ $# -gt 0 ] || set -- "$("$TOP/tests/lab/kernel.sh" --source)" "$("$TOP/tests/lab/kernel.sh" --source 7.2)"
mkdir -p "$CACHE/logs" "$CACHE/kernel-tree"
refusals
for source; do
	one_tree "$source"
done
