# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs the torture module, anew with each seed, until the time is up; then once
# with sets that have no rescuer, which it must find out. See scripts/torture.sh.

secs=$(word secs)
each=$(word each)
seed=$(word seed)
stall=$(word stall)

result() {
	cat /sys/module/bioset_torture/parameters/result
}

# run EXPECTED PARAM=VALUE...
run() {
	local want=$1 got
	shift
	load bioset_core
	load bioset_torture "stall_secs=$stall" "$@"
	while got=$(result) && [ "$got" = running ]; do
		sleep 1
	done
	unload bioset_torture
	unload bioset_core
	nothing_left
	[ "$got" = "$want" ] || fail "torture $*: $got"
}

torture() {
	local left=$secs n
	while [ "$left" -gt 0 ]; do
		n=$each
		[ "$left" -ge "$n" ] || n=$left
		run PASS "seconds=$n" "seed=$seed"
		left=$((left - n))
		seed=$((seed + 1))
	done
}

no_rescuer() {
	dmesg -c >/dev/null
	run FAIL no_rescuer=1 seconds=60 stall_secs=2 "seed=$seed"
	dmesg | grep -q "torture: failure: stack .* stalled" ||
		fail "it failed for another reason"
}

check "torture, $secs s from seed $seed" torture
check "torture finds out that there is no rescuer" no_rescuer
check "no leaks" no_leaks
pass
