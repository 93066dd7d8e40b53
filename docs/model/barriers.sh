#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# barriers.sh: run the litmus tests of docs/model in a weak memory model, with all
# barriers and without each of them; see docs/model/barriers.cpp.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

need_pkgs 'the model of the barriers' relacy-dev g++
mkdir -p "$CACHE/model"
program=$(mktemp "$CACHE/model/barriers.XXXXXX")
trap 'rm -f "$program"' EXIT
# Not optimized: Relacy's own operators new and delete do not live through it.
quietly "$CACHE/logs/barriers.log" \
	g++ -O0 -Wall -Wextra -Werror -o "$program" "$TOP/docs/model/barriers.cpp"
timeout 120 "$program"
