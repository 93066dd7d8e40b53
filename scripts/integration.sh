#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# integration.sh FLAVOUR: real I/O through the example driver on Debian's stock
# kernel of that flavour (amd64, rt-amd64). Prints a result for each check.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# = 1 ] || die "usage: integration.sh amd64|rt-amd64"
need_pkgs "the integration run" fio e2fsprogs util-linux
kernel=$("$TOP/scripts/stock.sh" "$1")
release=$(cat "$kernel/release")
log=$CACHE/logs/integration-$1.log
mkdir -p "$CACHE/logs"
build=$("$TOP/scripts/modules.sh" "/usr/src/linux-headers-$release" 2>"$log") || {
	cat "$log" >&2
	die "the modules do not build for $release"
}
files=$(mktemp -d "$CACHE/files.XXXXXX")
trap 'rm -rf "$files"' EXIT
"$TOP/scripts/files-disk.sh" \
	"/usr/src/linux-headers-${release%%-[a-z]*}-common/include/linux" "$files/disk"
"$TOP/scripts/boot.sh" --kernel "$kernel" --build "$build" --host-root \
	--modules "null_blk ext4" --drive "$files/disk.tar" \
	--file "$files/disk.sums:files.sums" --file "$TOP/tests/guest/stripe.sh" \
	--mem 1536 --time 240 --name "integration-$1" "$TOP/tests/guest/integration.sh"
