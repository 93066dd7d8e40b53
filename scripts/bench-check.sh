#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-check.sh: has an allocation and put become slower than the committed
# results by more than 3 %? Counts instructions as bench.sh does, the pair only,
# on the kernel FLAVOUR. The last line is "N passed, N failed".

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=bench-lib.sh
. "$TOP/scripts/bench-lib.sh"

need_pkgs "the benchmark" qemu-system-x86 python3
bench_prepare
logs=$CACHE/bench/check-$release
parts=pairs
rm -rf "$logs"
mkdir -p "$logs"
bench_guests pairs_init1 pairs_init0
python3 "$BENCH_REPORT" collect "$logs/check.json" kernel="$release" \
	-- "$logs"/*.log
python3 "$BENCH_REPORT" check "$logs/check.json" "$TOP/bench/results"
