#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh FLAVOUR[-VERSION]: build the test kernel FLAVOUR (kasan, kcsan,
# ubsan, gcov, uml, umlbench, riscv64) of Linux VERSION (6.1, or 5.10, 6.12,
# 7.2) and print its build directory. A second run finds it in the cache.
# kernel.sh --source [VERSION]: print where the source is.
#
# The configuration is allnoconfig plus fragments from tests/kernel: see
# fragments_of() for which. The source is Debian's package linux-source-VERSION,
# or the directory that the variable KSRC names.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"
# shellcheck source=../../scripts/kdir.sh
. "$TOP/scripts/kdir.sh"

usage() {
	die "usage: kernel.sh FLAVOUR[-VERSION]; FLAVOUR is one of: kasan kcsan ubsan gcov uml umlbench riscv64"
}

fragments_of() {
	case $1 in
	kasan | kcsan | ubsan | gcov) echo common x86 fault "$1" ;;
	uml) echo common fault uml ;;
	umlbench) echo common umlbench ;;
	riscv64) echo common riscv64 ;;
	*) usage ;;
	esac
}

arch_of() {
	case $1 in
	uml*) echo um ;;
	riscv64) echo riscv ;;
	*) echo x86_64 ;;
	esac
}

targets_of() {
	case $1 in
	uml*) echo linux modules ;;
	riscv64) echo Image modules ;;
	*) echo bzImage modules ;;
	esac
}

# The source of a version that the machine's own suite has
own_tarball() {
	need_pkgs "the test kernel's source" "$srcpkg"
	echo "/usr/src/$srcpkg.tar.xz"
}

# Another's; only for as long as it takes to unpack it
fetched_tarball() {
	rm -rf "$1"
	suite_unpack "$suite" amd64 "$1" "$srcpkg"
	echo "$1/usr/src/$srcpkg.tar.xz"
}

# The package's version, of which one is kept
source_version() {
	if own_suite "$suite"; then
		need_pkgs "the test kernel's source" "$srcpkg"
		dpkg-query -W -f='${Version}' "$srcpkg"
	else
		suite_cache "$suite" amd64 show "$srcpkg" | sed -n 's/^Version: //p' | head -n 1
	fi
}

# The kernel's source; unpacked once for each version of the package.
source_dir() {
	local pkgversion dir
	if [ -n "${KSRC:-}" ]; then
		[ -f "$KSRC/Kbuild" ] || die "KSRC=$KSRC is not a kernel source tree"
		realpath "$KSRC"
		return
	fi
	pkgversion=$(source_version)
	[ -n "$pkgversion" ] || die "Debian's suite $suite has no package $srcpkg"
	dir=$CACHE/src/$srcpkg-$pkgversion
	[ -d "$dir" ] || with_lock "source-$version" unpack "$dir" >&2
	realpath "$dir"
}

unpack() {
	[ ! -d "$1" ] || return 0
	local tarball
	rm -rf "$1.part"
	mkdir -p "$1.part"
	if own_suite "$suite"; then
		tarball=$(own_tarball)
	else
		tarball=$(fetched_tarball "$1.deb")
	fi
	say "unpacking $srcpkg"
	tar -C "$1.part" --strip-components=1 -xf "$tarball"
	rm -rf "$1.deb"
	mv "$1.part" "$1"
}

# The fragments, each followed by what is different about it in this version
fragment_files() {
	local f version
	version=$(make -s -C "$src" kernelversion | cut -d. -f1,2)
	for f in $(fragments_of "$1"); do
		ls "$TOP/tests/kernel/$f.config"
		ls "$TOP/tests/kernel/$f-$version.config" 2>/dev/null || true
	done
}

# User Mode Linux has KASAN since 6.0, and where a vendor has brought it.
without_what_lacks() {
	if [ "$1" = uml ] && ! grep -q HAVE_ARCH_KASAN "$src/arch/um/Kconfig"; then
		sed 's/^CONFIG_KASAN=y/CONFIG_KASAN=n/'
	else
		cat
	fi
}

# Each option that they name, with its last value
fragment() {
	fragment_files "$1" | xargs cat | without_what_lacks "$1" | grep '^CONFIG_' | awk -F= '
		!($1 in line) { order[++n] = $1 }
		{ line[$1] = $0 }
		END { for (i = 1; i <= n; i++) print line[order[i]] }'
}

# The options that this source has a Kconfig entry for
known_options() {
	find "$src" -name 'Kconfig*' -not -path '*/tools/*' -print0 | xargs -0 cat |
		sed -n 's/^[[:space:]]*\(menu\)\{0,1\}config \([A-Z0-9_]*\)[[:space:]]*$/CONFIG_\2/p' | sort -u
}

# Options come and go with the versions. Whether a kernel still notices what it
# is for is asked of the kernel itself: see tests/guest/planted.sh.
fitting_fragment() {
	local missing
	fragment "$flavour" >"$dir/fragment.all"
	known_options >"$dir/options"
	missing=$(cut -d= -f1 "$dir/fragment.all" | grep -vxF -f "$dir/options") || true
	[ -z "$missing" ] || say "this kernel has no $(echo "$missing" | xargs)"
	awk -F= 'NR == FNR { known[$1]; next } $1 in known' \
		"$dir/options" "$dir/fragment.all" >"$dir/fragment.config"
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
	in_suite "$builder" make -C "$src" O="$dir" ARCH="$(arch_of "$flavour")" \
		${cross:+"CROSS_COMPILE=$cross"} CC="ccache ${cross}gcc" \
		HOSTCC="ccache gcc" -j"$JOBS" "$@"
}

build() {
	[ ! -e "$dir/.done" ] || return 0
	local start=$SECONDS log=$CACHE/logs/kernel-$title.log
	rm -rf "$dir"
	mkdir -p "$dir"
	fitting_fragment
	echo "$builder" >"$dir/.suite"
	[ -z "$cross" ] || echo "$flavour" >"$dir/.arch"
	say "building the $title kernel (some minutes, once; log: $log)"
	quietly "$log.config" kmake KCONFIG_ALLCONFIG="$dir/fragment.config" allnoconfig ||
		die "configuring the $title kernel failed"
	verify_config "$dir"
	# shellcheck disable=SC2046 # a list of words
	quietly "$log" kmake $(targets_of "$flavour") ||
		die "building the $title kernel failed; see $log"
	# Where boot.sh takes modules from, as on an installed system
	quietly "$log.install" kmake INSTALL_MOD_PATH="$dir/modroot" modules_install ||
		die "installing the $title kernel's modules failed"
	touch "$dir/.done"
	say "built the $title kernel in $(took "$start")"
}

# The suite whose compiler builds this version: none, which is this machine's,
# where that can do it.
builder_of() {
	[ -z "${KSRC:-}" ] || return 0
	if [ "$version" = 5.10 ] && [ "$(gcc -dumpversion | cut -d. -f1)" -gt 12 ]; then
		echo "$suite"
	fi
}

parse_name() {
	title=$1
	case $1 in
	*-*) flavour=${1%%-*} version=${1#*-} ;;
	*) flavour=$1 version=6.1 ;;
	esac
	[ -z "${KSRC:-}" ] || title=$flavour-$(basename "$KSRC")
	suite=$(suite_of "$version")
	srcpkg=linux-source-$version
}

if [ "${1:-}" = --source ]; then
	parse_name "source-${2:-6.1}"
	source_dir
	exit
fi
[ $# = 1 ] || usage
parse_name "$1"
fragments_of "$flavour" >/dev/null
need_pkgs "building kernels" gcc
builder=$(builder_of) cross=''
suite_need "$builder" "building kernels" gcc make flex bison bc libelf-dev \
	libc6-dev libssl-dev xz-utils cpio kmod rsync python3 ccache perl
if [ "$flavour" = riscv64 ]; then
	cross=$(cross_target riscv64)-
	suite_need "$builder" "building kernels for riscv64" gcc-riscv64-linux-gnu
	foreign_guests sid riscv64
fi
src=$(source_dir)
key=$({
	echo "$src" "$(make -s -C "$src" kernelversion)" "$(arch_of "$flavour")"
	in_suite "$builder" "${cross}gcc" --version | head -n 1
	fragment "$flavour"
} | sha256sum | cut -c1-10)
dir=$CACHE/kernels/$title-$key
export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=4G
with_lock "kernel-$title" build
echo "$dir"
