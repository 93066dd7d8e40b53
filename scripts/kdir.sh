# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel's build directory or headers: can modules be built for it here, and
# with what. Source it after lib.sh.
#
#   check_kdir KDIR          dies with one line that says what is wrong
#   kdir_make KDIR ARGS...   the kernel's make for it, with the right compiler,
#                            for the right machine, in the right Debian suite
#   kdir_release KDIR        what uname -r says there
#
# ARCH, CROSS_COMPILE and CC mean what they mean to the kernel's own make.

# The oldest kernel that the core's compat layer knows.
OLDEST=5.10

kdir_release() {
	sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$1/include/generated/utsrelease.h"
}

# kdir_has KDIR OPTION: is it built in?
kdir_has() {
	grep -q "^CONFIG_$2=y" "$1/include/config/auto.conf"
}

# As the kernel's ARCH= has it, but i386 and x86_64 apart
kdir_arch() {
	local option arch
	while read -r option arch; do
		if kdir_has "$1" "$option"; then
			echo "$arch"
			return
		fi
	done <<-EOF
		UML um
		X86_64 x86_64
		X86_32 i386
		ARM64 arm64
		ARM arm
		S390 s390
		PPC powerpc
		RISCV riscv
	EOF
	echo unknown
}

machine_arch() {
	case $(uname -m) in
	aarch64) echo arm64 ;;
	armv*) echo arm ;;
	i?86) echo i386 ;;
	ppc64*) echo powerpc ;;
	riscv64) echo riscv ;;
	s390x) echo s390 ;;
	*) uname -m ;;
	esac
}

# What the names of cross compilers begin with, for the kernel's name of an
# architecture or Debian's
cross_target() {
	case $1 in
	arm64) echo aarch64-linux-gnu ;;
	arm | armhf) echo arm-linux-gnueabihf ;;
	i386) echo i686-linux-gnu ;;
	powerpc | ppc64el) echo powerpc64le-linux-gnu ;;
	riscv | riscv64) echo riscv64-linux-gnu ;;
	s390 | s390x) echo s390x-linux-gnu ;;
	esac
}

# The tests' kernels, in the cache, say themselves which Debian suite they are from;
# all others are built for with the programs of this machine.
kdir_suite() {
	local dir
	case $1 in
	"$CACHE"/suites/*)
		dir=${1#"$CACHE"/suites/}
		echo "${dir%%/*}"
		;;
	"$CACHE"/stock/*/headers/*) cat "${1%%/headers/*}/suite" ;;
	"$CACHE"/kernels/*) cat "$1/.suite" 2>/dev/null || true ;;
	esac
}

# in_kdir_suite KDIR CMD...
in_kdir_suite() {
	local suite
	suite=$(kdir_suite "$1")
	shift
	if [ -n "$suite" ]; then "$TOP/tests/lab/suite.sh" --run "$suite" "$@"; else "$@"; fi
}

# Where the programs of its suite find it
kdir_inside() {
	local dir
	case $1 in
	"$CACHE"/suites/*)
		dir=${1#"$CACHE"/suites/}
		echo "/${dir#*/}"
		;;
	*) echo "$1" ;;
	esac
}

kdir_cross() {
	local arch
	arch=$(kdir_arch "$1")
	case $arch in
	um | "$(machine_arch)") echo "${CROSS_COMPILE:-}" ;;
	*) echo "${CROSS_COMPILE:-$(cross_target "$arch")-}" ;;
	esac
}

# debian_gcc KDIR: "-12" when headers of Debian ask for gcc-12
debian_gcc() {
	sed -n 's/^CC *=.*gcc\(-[0-9]*\)$/\1/p' "$1/.kernelvariables" 2>/dev/null || true
}

# kdir_gcc KDIR: the compiler that its own make takes
kdir_gcc() {
	echo "$(kdir_cross "$1")gcc$(debian_gcc "$1")"
}

# The compiler's version that the kernel was configured with: 120200
kdir_gcc_version() {
	sed -n 's/^CONFIG_GCC_VERSION=//p' "$1/include/config/auto.conf"
}

# Nothing when there is no such compiler
gcc_major() {
	{ in_kdir_suite "$1" "$2" -dumpversion 2>/dev/null || true; } | cut -d. -f1
}

# What to hand to make as CC; nothing when make finds the right one by itself.
kdir_cc() {
	local gcc major
	if [ -n "${CC:-}" ]; then
		echo "$CC"
		return
	fi
	gcc=$(kdir_gcc "$1") major=$(($(kdir_gcc_version "$1") / 10000))
	if [ "$major" != 0 ] && [ "$(gcc_major "$1" "$gcc")" != "$major" ] &&
		[ "$(gcc_major "$1" "$(kdir_cross "$1")gcc-$major")" = "$major" ]; then
		echo "$(kdir_cross "$1")gcc-$major"
	fi
}

kdir_make() {
	local kdir=$1 arch args cc
	shift
	kdir=$(realpath "$kdir")
	arch=$(kdir_arch "$kdir")
	args=(-C "$(kdir_inside "$kdir")" "ARCH=$arch")
	[ -z "$(kdir_cross "$kdir")" ] || args+=("CROSS_COMPILE=$(kdir_cross "$kdir")")
	cc=$(kdir_cc "$kdir")
	[ -z "$cc" ] || args+=("CC=$cc")
	in_kdir_suite "$kdir" make "${args[@]}" "$@"
}

# ----------------------------------------------------------------- bad input

check_configured() {
	[ -d "$1" ] || die "KDIR=$1: no such directory"
	if [ ! -f "$1/Makefile" ] || [ ! -f "$1/include/generated/utsrelease.h" ] ||
		[ ! -f "$1/include/config/auto.conf" ]; then
		die "KDIR=$1 is not a configured kernel build directory"
	fi
}

check_version() {
	local release first
	release=$(kdir_release "$1")
	first=$(printf '%s\n' "$OLDEST" "${release%%[-+]*}" | sort -V | head -n 1)
	[ "$first" = "$OLDEST" ] ||
		die "KDIR=$1 is Linux $release; the oldest that is supported is $OLDEST"
}

check_arch() {
	local arch machine
	arch=$(kdir_arch "$1") machine=$(machine_arch)
	case $arch in
	um | "$machine" | "${ARCH:-}") return ;;
	esac
	# Those of the cache were fetched for this.
	case $1 in "$CACHE"/*) return ;; esac
	[ "$arch" != unknown ] ||
		die "KDIR=$1 is a kernel of a machine that nobody has tried; known are x86_64 i386 arm64 arm s390 powerpc riscv"
	die "KDIR=$1 is a kernel for $arch, and this machine is $machine: to build for it all the same, give ARCH=$arch CROSS_COMPILE=$(cross_target "$arch")-"
}

check_options() {
	kdir_has "$1" MODULES || die "KDIR=$1 is a kernel without loadable modules (CONFIG_MODULES)"
	kdir_has "$1" BLOCK || die "KDIR=$1 is a kernel without a block layer (CONFIG_BLOCK)"
}

check_prepared() {
	local file
	for file in include/generated/autoconf.h scripts/basic/fixdep scripts/mod/modpost; do
		[ -e "$1/$file" ] ||
			die "KDIR=$1 is only half prepared, $file is missing: run \"make modules_prepare\" there"
	done
	[ -f "$1/Module.symvers" ] ||
		die "KDIR=$1 has no Module.symvers: build the kernel's modules first"
}

# fixdep without arguments says how to use it; a shell that cannot run it
# returns 126 or 127.
check_programs() {
	local status=0
	in_kdir_suite "$1" "$(kdir_inside "$1")/scripts/basic/fixdep" >/dev/null 2>&1 || status=$?
	[ $status -lt 126 ] ||
		die "KDIR=$1 was prepared on another kind of machine: its scripts/basic/fixdep does not run here"
}

check_compiler() {
	local gcc want have
	[ -z "${CC:-}" ] || return 0
	! kdir_has "$1" CC_IS_CLANG ||
		die "KDIR=$1 was built with clang: give CC=clang to build the modules with it"
	want=$(($(kdir_gcc_version "$1") / 10000))
	gcc=$(kdir_cc "$1")
	gcc=${gcc:-$(kdir_gcc "$1")}
	have=$(gcc_major "$1" "$gcc")
	[ -n "$have" ] || die "KDIR=$1 wants the compiler $gcc, and there is none: install it, or give another with CC="
	[ "$have" = "$want" ] ||
		die "KDIR=$1 was built with gcc $want, and $gcc here is gcc $have: install gcc-$want, or give CC=$gcc to build with this one all the same"
}

check_kdir() {
	local kdir
	check_configured "$1"
	kdir=$(realpath "$1")
	check_version "$kdir"
	check_arch "$kdir"
	check_options "$kdir"
	check_prepared "$kdir"
	check_programs "$kdir"
	check_compiler "$kdir"
}
