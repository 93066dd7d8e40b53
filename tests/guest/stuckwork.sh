# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Unloading while a work item is stuck on the system's queue.
#
# flavour: uml
# time: 120

# shellcheck source=volatile.sh
. /volatile.sh

stuck=/sys/module/bioset_stuckwork/parameters/stuck

# The set was used, so its caches have something to give back.
unloaded_soon() {
	local start
	load_disks disks=3
	load_starved
	dd if=/dev/zero of=$disk bs=64k count=16 oflag=direct 2>/dev/null
	load bioset_stuckwork seconds=60
	sleep 1
	start=$(now)
	unload bioset_stripe
	unload bioset_volatile
	unload bioset_core
	echo "unloaded in $(($(now) - start)) s"
	[ $(($(now) - start)) -lt 10 ]
	[ "$(cat $stuck)" = Y ] || fail "it was not stuck any more"
	unload bioset_stuckwork
}

check "unloaded beside a stuck work item" unloaded_soon
check "nothing left after unloading" nothing_left
pass
