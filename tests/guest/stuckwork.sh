# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Unloading while a work item is stuck on the system's queue.
#
# flavour: uml
# time: 120

# shellcheck source=stripe.sh
. /stripe.sh

stuck=/sys/module/bioset_stuckwork/parameters/stuck

is_stuck() {
	[ "$(cat $stuck)" = Y ]
}

# The set was used, so its caches have something to give back.
unloaded_soon() {
	local start
	load bioset_core
	load_starved
	dd if=/dev/zero of=$disk bs=64k count=16 oflag=direct 2>/dev/null
	load bioset_stuckwork seconds=60
	wait_for is_stuck
	start=$(now)
	unload_stripe
	echo "unloaded in $(($(now) - start)) s"
	is_stuck || fail "it was not stuck any more"
	unload bioset_stuckwork
}

check "unloaded beside a stuck work item" unloaded_soon
check "nothing left after unloading" nothing_left
pass
