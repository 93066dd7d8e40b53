#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh: count instructions on Debian's stock kernel, under -icount, where
# each instruction takes one nanosecond.
#
# QUICK=1: only the pair alloc + put, as a short table.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

quick_table() {
	awk '
	/ bench: pair / {
		sub(/.* bench: pair /, "")
		sub(/\r/, "")
		v[$1, $2] = $3
		if ($3 != $5)
			v[$1, $2] = $3 "*"
		if (!($2 in seen)) {
			seen[$2] = 1
			order[++n] = $2
		}
	}
	END {
		printf "%-6s %10s %10s %10s %10s %10s\n", "vecs", "kernel",
			"k per-CPU", "ours", "ours 4.6", "kernel put"
		for (i = 1; i <= n; i++) {
			k = order[i]
			printf "%-6s %10s %10s %10s %10s %10s\n", k,
				v["kernel", k], v["percpu", k], v["ours", k],
				v["ours_4_6", k], v["ours_kput", k]
		}
		print "* least and median of the repetitions differ"
	}' "$1"
	grep -ao 'halves of .*' "$1" | tr -d '\r'
}

kernel=$("$TOP/scripts/stock.sh" amd64)
release=$(cat "$kernel/release")
build=$(BUILD_NAME=bench-$release "$TOP/scripts/modules.sh" \
	"/usr/src/linux-headers-$release" 2>"$CACHE/logs/bench-build.log") ||
	{ cat "$CACHE/logs/bench-build.log" >&2; die "the build failed"; }
result=$("$TOP/scripts/boot.sh" --kernel "$kernel" --build "$build" --icount \
	${APPEND:+--append "$APPEND"} "$TOP/tests/guest/bench.sh") ||
	die "the guest failed: $result"
log=$(sed -n 's/^log: //p' <<<"$result")
quick_table "$log/console.log"
