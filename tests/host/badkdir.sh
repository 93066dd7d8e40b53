#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# badkdir.sh: a KDIR that no module can be built for is refused, with one line
# that names what is wrong. Each case is the machine's own headers with one
# thing changed. Prints a result for each.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# A copy of the good one, in links but for what the cases change
copy_kdir() {
	rm -rf "$fake"
	mkdir -p "$fake"/include/{config,generated} "$fake"/scripts/{basic,mod}
	ln -s "$good"/arch "$good"/Module.symvers "$good"/Makefile "$fake/"
	cp "$good/include/config/auto.conf" "$fake/include/config/"
	cp "$good/include/generated"/{utsrelease,autoconf}.h "$fake/include/generated/"
	cp "$good/scripts/basic/fixdep" "$fake/scripts/basic/"
	cp "$good/scripts/mod/modpost" "$fake/scripts/mod/"
}

# option SED-SCRIPT: change the configuration
option() {
	sed -i "$1" "$fake/include/config/auto.conf"
}

# The cases; each spoils the copy.
no_directory() { rm -r "$fake"; }
unconfigured() { rm "$fake/include/generated/utsrelease.h"; }
too_old() { echo '#define UTS_RELEASE "5.4.0-26-generic"' >"$fake/include/generated/utsrelease.h"; }
no_block() { option '/^CONFIG_BLOCK=/d'; }
no_modules() { option '/^CONFIG_MODULES=/d'; }
other_machine() { option 's/^CONFIG_X86_64=y/CONFIG_ALPHA=y/'; }
arm64() { option 's/^CONFIG_X86_64=y/CONFIG_ARM64=y/'; }
half_prepared() { rm "$fake/scripts/mod/modpost"; }
no_symbols() { rm "$fake/Module.symvers"; }
# An ELF header of no machine there is
foreign_programs() { printf '\177ELF\2\1\1' >"$fake/scripts/basic/fixdep"; }
older_compiler() { option 's/^CONFIG_GCC_VERSION=.*/CONFIG_GCC_VERSION=70500/'; }
clang() { option 's/^CONFIG_CC_IS_GCC=y/CONFIG_CC_IS_CLANG=y/'; }

# refused CASE TEXT
refused() {
	local status=0
	copy_kdir
	"$1"
	"$TOP/scripts/modules.sh" --kdir "$fake" >"$work/out" 2>"$work/err" || status=$?
	if [ $status = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] &&
		[ ! -s "$work/out" ] && grep -qF "KDIR=$fake" "$work/err" &&
		grep -qF -- "$2" "$work/err"; then
		echo "ok a KDIR is refused: $1"
	else
		echo "not ok a KDIR is refused: $1 - status $status, $(cat "$work/err")"
	fi
}

# Else the cases would prove nothing.
accepted() {
	copy_kdir
	if "$TOP/scripts/modules.sh" --kdir "$fake" >/dev/null 2>"$work/err"; then
		echo "ok the same KDIR unspoiled is accepted"
	else
		echo "not ok the same KDIR unspoiled is accepted - $(cat "$work/err")"
	fi
}

unset ARCH CROSS_COMPILE CC
good=$(cat "$("$TOP/tests/lab/stock.sh" stock)/kdir")
work=$(mktemp -d) && fake=$work/kdir
trap 'rm -rf "$work"' EXIT
accepted
refused no_directory "no such directory"
refused unconfigured "is not a configured kernel build directory"
refused too_old "is Linux 5.4.0-26-generic; the oldest that is supported is"
refused no_block "without a block layer (CONFIG_BLOCK)"
refused no_modules "without loadable modules (CONFIG_MODULES)"
refused other_machine "a machine that nobody has tried"
refused arm64 "a kernel for arm64, and this machine is $(uname -m)"
refused half_prepared "half prepared, scripts/mod/modpost is missing"
refused no_symbols "has no Module.symvers"
refused foreign_programs "prepared on another kind of machine"
refused older_compiler "was built with gcc 7, and"
refused clang "was built with clang"
