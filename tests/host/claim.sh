#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# claim.sh: interrupt a pop and a push of the per-CPU lists after each
# instruction, see tests/claim/claim.c. SOURCES: another tree than this one.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

[ "$(uname -m)" = x86_64 ] || die "it single-steps code of x86-64 only"
need_pkgs "interrupting the lists" gcc libc6-dev
source=${SOURCES:-$TOP}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Its kernel headers are not for a process; claim.c has what it needs of them.
sed '/^#include </d' "$source/cache.h" >"$dir/claim-cache.h"
# As the kernel is built
quietly "$CACHE/logs/claim.log" gcc -std=gnu11 -O2 -fno-strict-aliasing \
	-mno-red-zone -Wall -Wextra -Werror -Wno-sign-compare -I "$dir" \
	-o "$dir/claim" "$source/tests/claim/claim.c"
timeout 60 "$dir/claim"
