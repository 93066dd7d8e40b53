#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-check.sh [FLAVOUR]: has an allocation and put become slower than the committed
# results by more than 3 %? Counts instructions as bench.sh does, the pair only,
# on that kernel (stock). And what does counting bios cost? The same is measured
# with a build that does not count: at most 2 instructions for an allocation (on
# Linux 5.10 3), and 2 for a put. The last line is "N passed, N failed".

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=bench-lib.sh
. "$TOP/bench/bench-lib.sh"

# The sources of the module and the benchmark, without the two lines that count
uncounted_sources() {
	local dir=$CACHE/bench/uncounted-$release
	rm -rf "$dir"
	mkdir -p "$dir"/{samples,tests}
	cp -r "$TOP"/*.[ch] "$TOP"/{Kbuild,VERSION,bench,probes} "$dir"
	cp "$TOP"/samples/*.h "$dir/samples"
	cp "$TOP"/tests/*.h "$dir/tests"
	sed -i '/this_cpu_inc(set->counts->\(allocs\|puts\));/d' "$dir/internal.h"
	[ "$(diff "$TOP/internal.h" "$dir/internal.h" | grep -c '^<')" = 2 ] ||
		die "internal.h does not count bios in two lines; see uncounted_sources()"
	echo "$dir"
}

uncounted() {
	local sources build
	sources=$(uncounted_sources)
	SOURCES=$sources BUILD_NAME=bench-uncounted-$release use_flavour "$flavour"
	bench_guest uncounted "$BENCH_CPU" bench.sh --time 300 \
		--append "init_on_alloc=0 guest.parts=halves"
}

need_pkgs "the benchmark" qemu-system-x86 python3
flavour=${1:-stock}
bench_prepare "$flavour"
logs=$CACHE/bench/check-$release
parts=pairs,halves
rm -rf "$logs"
mkdir -p "$logs"
bench_guests pairs_init1 pairs_init0 uncounted
python3 "$BENCH_REPORT" collect "$logs/check.json" kernel="$release" \
	-- "$logs"/*.log
python3 "$BENCH_REPORT" check "$logs/check.json" "$TOP/bench/results"
