#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools.sh: build biosetstat in the cache and print its path. It needs nothing
# but libc. STATIC=1 links that in as well, for a guest's initramfs.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build() {
	local flags=(-O2 -Wall -Wextra -Werror -std=gnu11 -D_GNU_SOURCE
		"-DVERSION=\"$(cat "$TOP/VERSION")\"")
	[ -z "${STATIC:-}" ] || flags+=(-static)
	mkdir -p "${bin%/*}"
	gcc "${flags[@]}" -o "$bin.new" "$TOP"/tools/biosetstat/*.c
	mv "$bin.new" "$bin"
}

# Packagers of other distributions have seen to it themselves.
! command -v dpkg-query >/dev/null || need_pkgs "building biosetstat" gcc libc6-dev
bin=$CACHE/build/tools/biosetstat${STATIC:+-static}
with_lock tools build
echo "$bin"
