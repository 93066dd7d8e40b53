#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# modules.sh [--kdir] [KDIR]: build the modules for the kernel whose build
# directory or headers are KDIR, and print where they are. Without KDIR: for
# the running kernel, else for the newest headers installed.
#
# With --kdir it only prints which directory that is. For a kernel of another
# machine ARCH and CROSS_COMPILE are as in the kernel's make; see kdir.sh.
#
# The sources are copied to the cache and built there, so that the tree stays
# clean. W, C and V mean to the kernel's make what they always mean, and
# BUILD_NAME gives the build a directory of its own, FRESH=1 builds everything
# anew. SOURCES names another tree to build than this one.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"

# The newest version; of its flavours the plain one, which has the shortest
# name. Debian's -common packages hold half of a build tree and do not count.
newest_headers() {
	local dir version
	for dir in /usr/src/linux-headers-*; do
		[ -f "$dir/Module.symvers" ] || continue
		version=${dir#*-headers-}
		echo "${version%%-[a-z]*} ${#dir} $dir"
	done | sort -k1,1Vr -k2,2n | head -n 1 | cut -d' ' -f3
}

default_kdir() {
	local dir
	dir=/lib/modules/$(uname -r)/build
	if [ ! -d "$dir" ]; then
		dir=$(newest_headers)
		[ -n "$dir" ] ||
			die "no kernel headers found: install the Debian package linux-headers-amd64, or give KDIR=<kernel build directory>"
		say "no headers of the running kernel are there: taking those of ${dir#*-headers-}"
	fi
	echo "$dir"
}

# A test kernel's directory name says more than its release does.
build_name() {
	case $1 in
	"$CACHE"/kernels/*) basename "$1" ;;
	*) kdir_release "$1" ;;
	esac
}

# Files of the tree that a build may read.
list_sources() {
	find . -mindepth 1 \( -name '.*' -o -path ./docs -o -path ./scripts \
		-o -path ./Makefile -o -name results \) -prune -o \
		-type f \( -name '*.[chS]' -o -name Kbuild -o -name 'Kbuild.*' \
		-o -name Makefile -o -path './probes/*.sh' -o -name '*.mk' -o -name VERSION \) \
		! -name '*.mod.c' -print | sort
}

# Copies by content, not by time: a file that changed is always newer than its
# object, and one that did not is left alone. When a file has left the tree, all
# is built anew: the kernel's make would go on with what was linked from it.
sync_sources() {
	local list=$1/.sources
	(cd "$SOURCES" && list_sources) >"$list.new"
	if [ -f "$list" ] && comm -23 "$list" "$list.new" | grep -q .; then
		find "$1" -mindepth 1 ! -name .sources.new ! -name .identity -delete
	fi
	rsync -rlp --checksum --files-from="$list.new" "$SOURCES/" "$1/"
	mv "$list.new" "$list"
}

compiler() {
	local cc
	cc=$(kdir_cc "$1")
	echo "${cc:-$(kdir_gcc "$1")}"
}

# What the kernel's make would not notice by itself.
identity() {
	realpath "$1"
	in_kdir_suite "$1" "$(compiler "$1")" --version | head -n 1
	sha256sum <"$1/Module.symvers"
	sha256sum <"$1/include/generated/autoconf.h"
}

prepare() {
	local identity
	identity=$(identity "$kdir")
	if [ -n "${FRESH:-}" ] || [ "$identity" != "$(cat "$out/.identity" 2>/dev/null)" ]; then
		rm -rf "$out"
	fi
	mkdir -p "$out"
	echo "$identity" >"$out/.identity"
	sync_sources "$out"
}

# Other kernels of Debian's are there for the tests, each with its release's own
# compiler: a warning there is an error.
werror() {
	case $1 in
	"$CACHE"/stock/* | "$CACHE"/suites/*) echo KCFLAGS=-Werror ;;
	esac
}

kbuild() {
	local args=("M=$out" -j"$JOBS" ${W:+"W=$W"} ${C:+"C=$C"} ${V:+"V=$V"})
	# shellcheck disable=SC2207 # no spaces
	args+=($(werror "$kdir"))
	# The coverage kernel profiles nothing but what asks for it.
	! kdir_has "$kdir" GCOV_KERNEL || args+=(GCOV_PROFILE=y)
	# Said once for each module, and about the kernel's package, not ours
	kdir_make "$kdir" "${args[@]}" modules 2> >(grep -v '^Skipping BTF generation' >&2) >&2
}

# All that a build depends on
inputs() {
	identity "$kdir"
	(cd "$SOURCES" && list_sources | xargs -d '\n' sha256sum)
}

# The kernel's make takes seconds to find that nothing has changed.
build() {
	local inputs=''
	[ -n "${FRESH:-}${W:-}${C:-}${V:-}" ] || inputs=$(inputs | sha256sum)
	[ -z "$inputs" ] || [ "$inputs" != "$(cat "$out/.built" 2>/dev/null)" ] || return 0
	rm -f "$out/.built"
	prepare
	if ! kbuild; then
		# A module that an earlier run left is not this tree's.
		find "$out" -name '*.ko' -delete
		die "building the modules for $kdir failed"
	fi
	echo "$inputs" >"$out/.built"
}

show_result() {
	local ko
	find "$out" -name '*.ko' | sort | while read -r ko; do
		say "built ${ko#"$out"/}"
	done
	say "in $out, with Module.symvers"
}

SOURCES=${SOURCES:-$TOP}
only_kdir=''
[ "${1:-}" != --kdir ] || { only_kdir=1 && shift; }
[ $# -le 1 ] || die "usage: modules.sh [--kdir] [KDIR]"
kdir=${1:-}
[ -n "$kdir" ] || kdir=$(default_kdir)
need_pkgs "building modules" gcc make libc6-dev libelf-dev rsync kmod
check_kdir "$kdir"
kdir=$(realpath "$kdir")
[ -z "$only_kdir" ] || { echo "$kdir" && exit; }
[ -z "${C:-}" ] || [ "${C:-}" = 0 ] || need_pkgs "checking with sparse" sparse
out=$CACHE/build/${BUILD_NAME:-$(build_name "$kdir")}
with_lock "build-$(basename "$out")" build
show_result
echo "$out"
