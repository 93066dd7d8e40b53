#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh [FLAVOUR]: count instructions on one of Debian's stock kernels, under -icount,
# where each instruction takes one nanosecond. Prints tables; the numbers are
# left in the cache as bench/<kernel>.json. FLAVOUR is stock (6.1, the default),
# 5.10, 6.12, 7.2, ...
#
# QUICK=1:  only the pair alloc + put, as a short table (PARTS=pairs,starved: more
#           is in the cache as bench/quick/quick.log)
# UPDATE=1: also make these the committed results, bench/results/<kernel>.json,
#           and remake the tables and the pictures in docs/

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=bench-lib.sh
. "$TOP/bench/bench-lib.sh"

quick() {
	logs=$CACHE/bench/quick
	mkdir -p "$logs"
	bench_guest quick "$BENCH_CPU" bench.sh ${APPEND:+--append "$APPEND"} \
		--append "guest.parts=${PARTS:-pairs,halves} guest.quick=1"
	python3 "$BENCH_REPORT" quick "$logs/quick.log"
}

pairs_words() {
	bench_guest words "$BENCH_CPU_WORDS" bench.sh --time 900 \
		--append "init_on_alloc=1 guest.parts=pairs"
}

# Two CPUs: not under -icount, see docs/performance.md
smp() {
	local icount=''
	bench_guest smp "$BENCH_CPU" bench.sh --smp 2 --time 900 \
		--append "init_on_alloc=1 guest.parts=smp guest.reps=25"
}

sets() {
	bench_guest sets "$BENCH_CPU" bench-sets.sh --time 900
}

io() {
	bench_guest io "$BENCH_CPU" bench-io.sh --host-root --mem 1024 \
		--time 900 --modules "null_blk dm-mod raid0" \
		--append "guest.targets=raw,ours,twin,dm,md"
}

emulator_version() {
	{
		"$TOP/tests/lab/qemu.py" amd64
		echo --version
	} | xargs -d '\n' env | head -n 1
}

# Everything
full() {
	local start=$SECONDS json=$CACHE/bench/$release.json
	logs=$CACHE/bench/$release
	parts=pairs,depth,irq,starved
	rm -rf "$logs"
	mkdir -p "$logs"
	need_pkgs "the benchmark" fio dmsetup
	say "measuring on $release; this takes some minutes"
	bench_guests io sets pairs_init1 pairs_init0 pairs_words
	# Time, so nothing beside it
	smp
	python3 "$BENCH_REPORT" collect "$json" kernel="$release" \
		cpu="$BENCH_CPU" \
		emulator="$(emulator_version)" \
		-- "$logs"/*.log
	python3 "$BENCH_REPORT" show "$json"
	say "measured in $(took "$start"); numbers are in $json"
	[ -n "${UPDATE:-}" ] || return 0
	mkdir -p "$TOP/bench/results"
	cp "$json" "$TOP/bench/results/$release.json"
	[ "$flavour" != stock ] || layout >"$TOP/bench/results/layout.txt"
	"$TOP/bench/bench-plot.sh"
}

# The hot structures as the compiler laid them out
layout() {
	need_pkgs "the benchmark" dwarves
	pahole -C bset_cpu_cache "$build/bioset_core.ko"
	pahole -C bset "$build/bioset_core.ko"
}

need_pkgs "the benchmark" qemu-system-x86 python3
flavour=${1:-stock}
bench_prepare "$flavour"
if [ -n "${QUICK:-}" ]; then quick; else full; fi
