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

make_disk() {
	[ ! -e "$disk" ] || return 0
	local sources
	mapfile -t sources < <(suite_sources bookworm)
	say "making a disk with fio and what it needs ($arch)"
	# shellcheck disable=SC2016 # for the hook
	quietly "$CACHE/logs/programs-$arch.log" mmdebstrap --variant=extract --format=ext2 \
		--architectures="$arch" --include=fio,e2fsprogs,coreutils,util-linux \
		--aptopt='Acquire::Languages "none"' --customize-hook='cd "$1" &&
			rm -rf usr/share/{doc,man,locale,info} && mkdir -p dev proc sys tmp mnt' \
		bookworm "$disk.part" "${sources[@]}" ||
		die "making the disk of programs for $arch failed"
	mv "$disk.part" "$disk"
}

arch=${1:-}
[ -n "$arch" ] || die "usage: programs-disk.sh ARCH"
need_pkgs "a disk of programs" mmdebstrap genext2fs debian-archive-keyring
disk=$CACHE/guest/programs-$arch.ext2
mkdir -p "$CACHE/guest"
with_lock "programs-$arch" make_disk
echo "$disk"
