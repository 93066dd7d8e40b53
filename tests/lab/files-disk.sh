#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# files-disk.sh DIR OUT: pack the files below DIR as OUT.tar, which a guest gets
# as a disk, and their checksums as OUT.sums.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

[ $# = 2 ] || die "usage: files-disk.sh DIR OUT"
dir=$1 out=$2
[ -d "$dir" ] || die "$dir is not a directory"
mkdir -p "$(dirname "$out")"
# A disk has whole sectors, a large record makes fewer requests.
tar -C "$dir" -b 2048 -cf "$out.tar" .
(cd "$dir" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$out.sums"
