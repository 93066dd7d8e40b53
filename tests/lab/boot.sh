#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot.sh [options] GUEST-SCRIPT: run a script in a guest kernel and say how
# that went; see boot.py. This installs what boot.py needs.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

need_pkgs "booting guests" python3
packages=$(python3 "$TOP/tests/lab/boot.py" --packages "$@") || exit
# shellcheck disable=SC2086 # a list of words
need_pkgs "booting guests" $packages
exec python3 "$TOP/tests/lab/boot.py" "$@"
