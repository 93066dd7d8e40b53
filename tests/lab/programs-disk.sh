#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# programs-disk.sh ARCH: a disk image, in the cache, with Debian's fio and
# e2fsprogs for a machine (arm64, s390x, ...) and all that they need, for guests
# that cannot run the host's or cannot see its files. Prints its path. A guest
# given it as --drive and its name as guest.host_disk= finds it at /host.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

PROGRAMS="fio e2fsprogs coreutils util-linux"
suite=bookworm

# Nothing is installed there, so apt names all that they need.
download() {
	mkdir -p "$1/partial"
	# shellcheck disable=SC2086 # words
	quietly "$CACHE/logs/apt-$suite-$arch.log" apt_for "$suite" "$arch" apt-get -y \
		--no-install-recommends --download-only -o "Dir::Cache::archives=$1" \
		install $PROGRAMS
}

make_disk() {
	[ ! -e "$disk" ] || return 0
	local part=$disk.part deb
	rm -rf "$part"
	with_lock "apt-$suite-$arch" first_lists "$suite" "$arch"
	say "downloading fio and what it needs ($suite, $arch)"
	if ! download "$part/deb" 2>/dev/null; then
		with_lock "apt-$suite-$arch" fetch_lists "$suite" "$arch"
		download "$part/deb" || die "could not download $PROGRAMS of $suite ($arch)"
	fi
	for deb in "$part"/deb/*.deb; do
		dpkg -x "$deb" "$part/root"
	done
	rm -rf "$part"/root/usr/share/{doc,man,locale,info}
	mkdir -p "$part"/root/{dev,proc,sys,tmp,mnt}
	quietly "$CACHE/logs/programs-$arch.log" mke2fs -q -t ext4 -d "$part/root" \
		"$part/disk" "$(($(du -sm "$part/root" | cut -f1) * 5 / 4 + 32))M" ||
		die "making the disk of programs for $arch failed"
	mv "$part/disk" "$disk"
	rm -rf "$part"
}

arch=${1:-}
[ -n "$arch" ] || die "usage: programs-disk.sh ARCH"
need_pkgs "a disk of programs" e2fsprogs
disk=$CACHE/guest/programs-$arch.ext4
mkdir -p "$CACHE/guest"
with_lock "programs-$arch" make_disk
echo "$disk"
