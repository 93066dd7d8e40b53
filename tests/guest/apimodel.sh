# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Random calls beside a model of the API. The same seed is the same calls.
#
# time: secs * 2 + 300 + calls / 1000
# takes: calls=1000000 seed=random secs=0
# shows: ^apimodel: seed

seed=$(word seed)
calls=$(word calls)
secs=$(word secs)

# Once, and as long as there is time, each time from the next seed
model() {
	local end rounds=0
	end=$(($(now) + secs))
	while [ $rounds = 0 ] || [ "$(now)" -lt $end ]; do
		load bioset_core
		load bioset_apimodel "seed=$((seed + rounds))" "calls=$calls"
		unload bioset_apimodel
		unload bioset_core
		nothing_left
		rounds=$((rounds + 1))
	done
	echo "rounds: $rounds"
}

# The comparison itself must be able to fail.
lie() {
	load bioset_core
	must_fail load bioset_apimodel seed=1 calls=100000 lie=50000
	dmesg | grep -q "apimodel: seed 1, call [0-9]*: allocs: " ||
		fail "it failed for another reason"
	unload bioset_core
}

check "$calls random calls agree with the model" model
check "a model that is wrong does not" lie
check "no leaks" no_leaks
pass
