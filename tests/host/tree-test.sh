#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tree-test.sh: what "make" and the kernel's own make leave in the tree: in a copy
# of it, the module that each leaves is loaded, and "make clean" takes away what they
# left and nothing else.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

copy_tree() {
	mkdir "$tree"
	(cd "$TOP" && tar -c --exclude=./.git --exclude=./bioset_core.ko .) | tar -x -C "$tree"
}

# Somebody's own, which git is told to ignore, beside what Kbuild makes
strangers() {
	git -C "$tree" init -q
	printf '%s\n' notes '*.d' >"$work/ignore"
	git -C "$tree" config core.excludesFile "$work/ignore"
	mkdir "$tree/my.d"
	touch "$tree"/{notes,my.o,.my.cmd} "$tree/my.d/file"
}

# The files, but for git's
listing() {
	(cd "$tree" && find . -name .git -prune -o -print | sort)
}

# result WHAT CMD...: the line of a check on the host
result() {
	local what=$1
	shift
	if quietly "$CACHE/logs/tree.log" "$@"; then
		echo "ok $what"
	else
		echo "not ok $what - see $CACHE/logs/tree.log"
	fi
}

make_links() {
	make -C "$tree" "KDIR=$kdir" && [ -L "$tree/bioset_core.ko" ] &&
		cp "$tree/bioset_core.ko" "$work/linked.ko"
}

# Without the tests, which "make" has built and which would only take time
no_tests() {
	rm -r "$tree"/{tests,bench}
	listing >"$work/before"
}

kernel_builds() {
	make -C "$kdir" "M=$tree" -j"$JOBS" && [ -f "$tree/samples/bioset_stripe.ko" ] &&
		cp "$tree/bioset_core.ko" "$work/built.ko"
}

cleaned() {
	XDG_CACHE_HOME=$work/cache make -C "$tree" clean &&
		listing | diff "$work/before" -
}

work=$(mktemp -d) && tree=$work/tree
trap 'rm -rf "$work"' EXIT
need_pkgs "a tree of its own" git
find_flavour stock
copy_tree
strangers
listing >"$work/before"
result "make leaves a link" make_links
result "make clean takes the link away" cleaned
no_tests
result "the kernel's make builds in the tree" kernel_builds
result "make clean takes away what it made, and no more" cleaned
build=$work
guest --file "$work/linked.ko:/linked.ko" --file "$work/built.ko:/built.ko" \
	--mem 512 --name tree tree.sh
