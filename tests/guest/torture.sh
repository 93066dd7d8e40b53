# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs the torture module, anew with each seed, until the time is up, in every
# other round with all sets tracked; then once with sets that have no rescuer,
# which it must find out.
#
# guest: --mem 768
# time: secs * 2 + 240
# takes: secs=120 seed=random faults=0
# shows: ^torture: ([0-9]|seed|failure|completed|allocs|sets)

secs=$(word secs)
seed=$(word seed)
faults=$(word faults)
# Of a short run, a half is tracked.
each=60
[ "$secs" -ge 120 ] || each=$(((secs + 1) / 2))
# Emulated and with a sanitizer a second is not much.
case $(word flavour) in
kasan* | kcsan*) stall=30 ;;
*) stall=10 ;;
esac
# Without KVM, QEMU crashes its guest now and then (int3) when one CPU executes
# what another one is patching, whoever patches: see the thread "qemu-x86_64
# booting with 8.0.0" on the kernel's mailing list, July 2023.
# A kernel without jump labels patches nothing, and switches at any time.
pin=0
if grep -q 'QEMU Virtual CPU' /proc/cpuinfo &&
	grep -q ' jump_label_lock$' /proc/kallsyms; then
	pin=1
fi

# inject PERCENT: a share of all allocations that may fail do, everywhere in the
# kernel.
inject() {
	[ "$faults" = 0 ] || set_all probability "$1"
}

set_all() {
	local dir
	for dir in $(injectors); do
		echo "$2" >"$dir/$1"
	done
}

faults_left() {
	cat /sys/kernel/debug/failslab/times
}

# Those that cannot sleep, whoever makes them, as is the injectors' default
only_atomic() {
	set_all ignore-gfp-wait 1
	set_all task-filter 0
}

# All, but of the callers alone, which have the mark that the filter looks for:
# nothing else in this guest would survive it.
only_callers() {
	set_all task-filter 1
	set_all ignore-gfp-wait 0
}

# One second of each in turn, for as long as a run takes
alternate() {
	[ "$faults" != 0 ] || return 0
	if [ "$(cat /sys/kernel/debug/failslab/task-filter)" = Y ]; then
		echo $((before - $(faults_left))) >>/run/of_callers
		only_atomic
	else
		only_callers
		before=$(faults_left)
	fi
}

faults_were_injected() {
	local dir
	awk '{ n += $1 } END { print "of the callers, asleep or not:", n + 0, "faults"; exit !n }' \
		/run/of_callers
	for dir in $(injectors); do
		echo "${dir##*/}: $((1000000000 - $(cat "$dir/times"))) faults"
		[ "$(cat "$dir/times")" -lt 1000000000 ]
	done
}

result() {
	cat /sys/module/bioset_torture/parameters/result
}

# run EXPECTED TRACK PARAM=VALUE...
run() {
	local want=$1 track=$2 got
	shift 2
	load bioset_core "track=$track"
	load bioset_torture "stall_secs=$stall" "pin=$pin" "$@"
	inject "$faults"
	while got=$(result) && [ "$got" = running ]; do
		alternate
		sleep 1
	done
	inject 0
	unload bioset_torture
	unload bioset_core
	nothing_left
	[ "$got" = "$want" ] || fail "torture $* track=$track: $got"
}

torture() {
	local left=$secs track=0 n
	while [ "$left" -gt 0 ]; do
		n=$each
		[ "$left" -ge "$n" ] || n=$left
		echo "$n s, seed=$seed, track=$track"
		run PASS $track "seconds=$n" "seed=$seed"
		left=$((left - n))
		seed=$((seed + 1))
		track=$((1 - track))
	done
}

no_rescuer() {
	dmesg -c >/dev/null
	run FAIL 0 no_rescuer=1 seconds=60 stall_secs=2 "seed=$seed"
	dmesg | grep -q "torture: failure: stack .* stalled" ||
		fail "it failed for another reason"
}

echo "code paths are switched $([ $pin = 0 ] && echo 'at any time' || echo 'between rounds')"
if [ "$faults" = 0 ]; then
	check "torture, $secs s from seed $seed" torture
else
	arm_faults
	only_atomic
	set_all times 1000000000
	check "torture, $secs s from seed $seed, $faults % faults" torture
	check "faults were injected" faults_were_injected
	faults=0
fi
check "torture finds out that there is no rescuer" no_rescuer
check "no leaks" no_leaks
pass
