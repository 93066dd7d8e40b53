#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh FLAVOUR: build the test kernel FLAVOUR (kasan, kcsan, ubsan, gcov,
# uml) and print its build directory. A second run finds it in the cache.
# kernel.sh --source: print where the source is.
#
# The configuration is allnoconfig plus fragments from tests/kernel: see
# fragments_of() for which. The source is Debian's package linux-source-6.1,
# or the directory that the variable KSRC names.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

SRCPKG=linux-source-6.1

usage() {
	die "usage: kernel.sh kasan|kcsan|ubsan|gcov|uml|umlbench"
}

fragments_of() {
	case $1 in
	kasan | kcsan | ubsan | gcov) echo common x86 fault "$1" ;;
	uml) echo common fault uml ;;
	umlbench) echo common umlbench ;;
	*) usage ;;
	esac
}

arch_of() {
	[[ $1 = uml* ]] && echo um || echo x86_64
}

targets_of() {
	[[ $1 = uml* ]] && echo linux modules || echo bzImage modules
}

# The kernel's source; unpacked once for each version of the package.
source_dir() {
	if [ -n "${KSRC:-}" ]; then
		[ -f "$KSRC/Kbuild" ] || die "KSRC=$KSRC is not a kernel source tree"
		realpath "$KSRC"
		return
	fi
	need_pkgs "the test kernel's source" "$SRCPKG"
	local version dir
	version=$(dpkg-query -W -f='${Version}' "$SRCPKG")
	dir=$CACHE/src/$SRCPKG-$version
	[ -d "$dir" ] || with_lock source unpack "$dir" >&2
	echo "$dir"
}

unpack() {
	[ ! -d "$1" ] || return 0
	say "unpacking $SRCPKG"
	rm -rf "$1.part"
	mkdir -p "$1.part"
	tar -C "$1.part" --strip-components=1 -xf "/usr/src/$SRCPKG.tar.xz"
	mv "$1.part" "$1"
}

fragment() {
	local f
	for f in $(fragments_of "$1"); do
		cat "$TOP/tests/kernel/$f.config"
	done
}

# Kconfig drops what it cannot satisfy without a word; say it here.
verify_config() {
	local line name value bad=0
	while read -r line; do
		case $line in CONFIG_*=*) ;; *) continue ;; esac
		name=${line%%=*} value=${line#*=}
		if [ "$value" = n ]; then
			! grep -q "^$name=" "$1/.config" && continue
		else
			grep -qxF "$line" "$1/.config" && continue
		fi
		say "the configuration lost $line"
		bad=1
	done <"$1/fragment.config"
	[ $bad = 0 ] || die "fragments in tests/kernel do not fit this kernel; see the lines above"
}

kmake() {
	make -C "$src" O="$dir" ARCH="$(arch_of "$flavour")" \
		CC="ccache gcc" HOSTCC="ccache gcc" -j"$JOBS" "$@"
}

build() {
	[ ! -e "$dir/.done" ] || return 0
	local start=$SECONDS log=$CACHE/logs/kernel-$flavour.log
	rm -rf "$dir"
	mkdir -p "$dir"
	fragment "$flavour" >"$dir/fragment.config"
	say "building the $flavour kernel (some minutes, once; log: $log)"
	quietly "$log.config" kmake KCONFIG_ALLCONFIG="$dir/fragment.config" allnoconfig ||
		die "configuring the $flavour kernel failed"
	verify_config "$dir"
	# shellcheck disable=SC2046 # a list of words
	quietly "$log" kmake $(targets_of "$flavour") ||
		die "building the $flavour kernel failed; see $log"
	# Where boot.sh takes modules from, as on an installed system
	quietly "$log.install" kmake INSTALL_MOD_PATH="$dir/modroot" modules_install ||
		die "installing the $flavour kernel's modules failed"
	touch "$dir/.done"
	say "built the $flavour kernel in $(took "$start")"
}

[ $# = 1 ] || usage
if [ "$1" = --source ]; then
	source_dir
	exit
fi
flavour=$1
fragments_of "$flavour" >/dev/null
need_pkgs "building kernels" gcc make flex bison bc libelf-dev libc6-dev \
	xz-utils cpio kmod rsync python3 ccache perl
src=$(source_dir)
key=$({
	echo "$src" "$(make -s -C "$src" kernelversion)" "$(arch_of "$flavour")"
	gcc --version | head -n 1
	fragment "$flavour" | grep '^CONFIG_'
} | sha256sum | cut -c1-10)
dir=$CACHE/kernels/$flavour-$key
export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=4G
with_lock "kernel-$flavour" build
echo "$dir"
