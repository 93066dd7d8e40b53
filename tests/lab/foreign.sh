#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# foreign.sh ARCH: what guests of another machine are made with: a compiler for
# it, and a busybox of its own in the cache. ARCH is Debian's name: arm64,
# armhf, i386, ppc64el, riscv64, s390x.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

fetch_busybox() {
	[ ! -x "$busybox" ] || return 0
	local part=$busybox.part
	rm -rf "$part"
	suite_unpack "$suite" "$arch" "$part" busybox-static
	mv "$(find "$part" -type f -path '*bin/busybox' | head -n 1)" "$busybox.new"
	rm -rf "$part"
	mv "$busybox.new" "$busybox"
}

arch=${1:-} suite=bookworm
case $arch in
arm64 | armhf | i386 | ppc64el | s390x) ;;
# It came to Debian later.
riscv64) suite=sid && need_pkgs "guests of $arch" opensbi ;;
*) die "usage: foreign.sh arm64|armhf|i386|ppc64el|riscv64|s390x" ;;
esac
need_pkgs "guests of $arch" "gcc-$(cross_target "$arch")" "libc6-dev-$arch-cross"
busybox=$CACHE/guest/$arch/busybox
mkdir -p "$CACHE/guest/$arch"
with_lock "busybox-$arch" fetch_busybox
