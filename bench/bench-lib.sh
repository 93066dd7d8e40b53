# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with who sources it
# What the benchmark's scripts share. Source it after lib.sh. Who calls
# bench_guest sets logs, a directory; who calls pairs_* sets parts.

# The guest's processor. It says that "rep stosb" is fast, as each one of the
# last ten years does, so the kernel clears memory with it; the emulator counts
# an instruction for each byte. Without erms it is one for eight bytes.
BENCH_CPU=qemu64-v1,+erms
BENCH_CPU_WORDS=qemu64-v1
icount=1
BENCH_REPORT="$TOP/bench/bench-report.py"

# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

# bench_prepare FLAVOUR: sets kernel, release and build, the modules for it.
# Instructions of another machine are not comparable.
bench_prepare() {
	find_flavour "$1"
	[ "$(cat "$kernel/arch" 2>/dev/null)" = amd64 ] ||
		die "$1: instructions are counted on Debian's kernels for amd64 only"
	release=$(cat "$kernel/release")
	BUILD_NAME=bench-$release use_flavour "$1"
}

# bench_guest NAME CPU SCRIPT BOOT-OPTIONS...: run a guest, and leave its
# console's log as $logs/NAME.log. With icount empty it runs by the real clock.
bench_guest() {
	local name=$1 cpu=$2 script=$TOP/tests/guest/$3 result
	shift 3
	result=$("$TOP/tests/lab/boot.sh" --name "bench-$name" --kernel "$kernel" \
		--build "$build" ${icount:+--icount} "$@" "$script" -- -cpu "$cpu") ||
		die "the guest $name failed: $result"
	cp "$(sed -n 's/^log: //p' <<<"$result")/console.log" "$logs/$name.log"
}

# bench_guests CMD...: run these, functions without arguments, two at a time.
bench_guests() {
	local cmd pids=() failed=0
	for cmd; do
		"$cmd" &
		pids+=($!)
		if [ ${#pids[@]} -ge 2 ]; then
			wait "${pids[0]}" || failed=1
			pids=("${pids[@]:1}")
		fi
	done
	for cmd in "${pids[@]}"; do
		wait "$cmd" || failed=1
	done
	[ $failed = 0 ] || die "not all was measured"
}

pairs_init1() {
	bench_guest init1 "$BENCH_CPU" bench.sh --time 900 \
		--append "init_on_alloc=1 guest.parts=$parts"
}

pairs_init0() {
	bench_guest init0 "$BENCH_CPU" bench.sh --time 900 \
		--append "init_on_alloc=0 guest.parts=$parts"
}
