#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qemu.sh PROGRAM PACKAGE: the words that start QEMU's PROGRAM without KVM, a line
# each. It is this machine's, from PACKAGE, or that of Debian 13 if this one is too
# old.
#
# Before 8.1, a CPU may go on executing what another has patched meanwhile (mended
# by deba78709ae8, "accel/tcg: Always lock pages before translation"). A kernel
# patches itself whenever a static key or a tracepoint is switched: the guest then
# has an oops that says int3, or one of its CPUs takes that trap for ever. A rest of
# it is in newer ones: code may be translated again between the end of its old
# translation and the store that changes it. "tests/lab/run patched" looks for both.
#
# Before 8.0, that of s390x adds the distance in an instruction such as LARL with
# 32 bits: what is more than 2 GiB away is looked for 4 GiB below. A module of Linux
# 7.2 is as far from its per-CPU variables.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

# Started by the suite's own dynamic linker, it needs no chroot and sees all of this
# machine's files.
words_of_suite() {
	local root=$CACHE/suites/$1 program=$2 libs dir
	libs=$(dirname "$(readlink -f "$root/usr/bin/ld.so")")
	printf '%s\n' "$root/usr/bin/ld.so" --library-path "$libs" \
		"$root/usr/bin/$program"
	for dir in share/qemu share/seabios lib/ipxe/qemu; do
		printf '%s\n' -L "$root/usr/$dir"
	done
}

[ $# = 2 ] || die "usage: qemu.sh PROGRAM PACKAGE"
version=$("$1" --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
[ -n "$version" ] || die "$1 does not say its version"
if dpkg --compare-versions "$version" lt 8.1; then
	suite_need trixie "emulating CPUs" "$2"
	words_of_suite trixie "$1"
else
	echo "$1"
fi
