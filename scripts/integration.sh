#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# integration.sh FLAVOUR: real I/O through the example driver on one of Debian's
# stock kernels (stock, rt, 5.10, 6.12, ...). Prints a result for each check.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

# Some files to copy: the kernel's headers, which are there anyway
some_files() {
	local release
	release=$(cat "$kernel/release")
	compgen -G "${kdir%/*}/linux-headers-${release%%-[a-z]*}-common*/include/linux" | head -n 1
}

[ $# = 1 ] || die "usage: integration.sh FLAVOUR"
need_pkgs "the integration run" fio e2fsprogs util-linux
use_flavour "$1"
files=$(mktemp -d "$CACHE/files.XXXXXX")
trap 'rm -rf "$files"' EXIT
"$TOP/scripts/files-disk.sh" "$(some_files)" "$files/disk"
"$TOP/scripts/boot.sh" --kernel "$kernel" --build "$build" --host-root \
	--modules "null_blk ext4" --drive "$files/disk.tar" \
	--file "$files/disk.sums:files.sums" --file "$TOP/tests/guest/stripe.sh" \
	--mem 1536 --time 240 --name "integration-$1" "$TOP/tests/guest/integration.sh"
