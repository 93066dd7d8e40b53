#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-native.sh: the pair alloc + put as time, not instructions, on a User
# Mode Linux kernel that runs on this machine's processor. Prints ours and the
# kernel's in nanoseconds, and their ratio: median and spread of several pairs.
#
# UPDATE=1 makes these the committed results and remakes the table in docs/.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=bench-lib.sh
. "$TOP/bench/bench-lib.sh"

need_pkgs "the benchmark" python3
use_flavour umlbench
say "measuring"
result=$("$TOP/tests/lab/boot.sh" --name bench-native --kernel "$kernel" \
	--build "$build" --time 300 --append "noreboot guest.parts=native" \
	"$TOP/tests/guest/bench.sh") || die "the guest failed: $result"
json=$CACHE/bench/native.json
mkdir -p "$CACHE/bench"
python3 "$BENCH_REPORT" collect-native "$json" \
	"$(sed -n 's/^log: //p' <<<"$result")/console.log"
python3 "$BENCH_REPORT" show-native "$json"
if [ -n "${UPDATE:-}" ]; then
	mkdir -p "$TOP/bench/results"
	cp "$json" "$TOP/bench/results/native.json"
	"$TOP/bench/bench-plot.sh"
fi
