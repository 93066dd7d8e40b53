# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example while the machine goes to sleep, and wakes; sets that come and go
# with their module; and at the end the machine starts again while writes wait for
# the starved example.
#
# guest: --modules null_blk --mem 768
# time: 600
# alone: at its end the modules are still there
# takes: rounds=1000

# shellcheck source=stripe.sh
. /stripe.sh

data_is_there() {
	local n
	for n in 0 1 2; do
		dd if=$disk bs=1M skip=$((n * 4)) count=4 iflag=direct \
			2>/dev/null | cmp - /run/data
	done
	all_back
}

more_than() {
	[ "$(set_stat allocs)" -gt "$1" ]
}

# As far as one gets in each test of the kernel's, which then turns back
sleep_and_wake() {
	local level before
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	start_writers
	for level in freezer devices platform processors core; do
		echo $level >/sys/power/pm_test
		before=$(set_stat allocs)
		echo mem >/sys/power/state
		wait_for more_than "$before"
		echo "$level: $(cat /sys/power/suspend_stats/success) times"
	done
	echo none >/sys/power/pm_test
	stop_writers
	data_is_there
	[ "$(cat /sys/power/suspend_stats/fail)" = 0 ]
}

suspend_starved() {
	starve 1
	sleep_and_wake
	[ "$(set_stat waits)" -gt 0 ]
	starve 0
}

# A driver goes while its last bios come back.
last_puts() {
	load bioset_core
	loadmod -r "$(word rounds)" /ko/bioset_lastput.ko
	unload bioset_core
}

# So does the code that takes them back. The set of each round has a slab of the
# same size as that of the round before, whose name may still be there.
last_puts_of_all() {
	loadmod -r $(($(word rounds) / 10)) /ko/bioset_core.ko \
		/ko/bioset_lastput.ko
	nothing_left
}

writes_wait() {
	[ "$(set_stat in_flight)" -gt 0 ] && [ "$(set_stat waiting)" -gt 0 ]
}

# The last lines of all: the verdict is written, and the machine starts again.
# Who hangs then has failed by the time that is up.
leave_while_writing() {
	slow_disks 20 memory_backed=1
	load_stripe pool_size=16
	starve 1
	start_writers
	wait_for writes_wait
}

null_disks 3 memory_backed=1 irqmode=2 completion_nsec=300000
load_stripe pool_size=1
check "I/O goes on after each test of suspending" sleep_and_wake
check "the same with the set starved" suspend_starved
unload_stripe
no_null_disks
check "a driver goes while its last bios come" last_puts
check "all modules go while the last bios come" last_puts_of_all
check "writes wait while the machine starts again" leave_while_writing
pass
