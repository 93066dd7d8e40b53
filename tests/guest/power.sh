# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example while the machine goes to sleep, and wakes; sets that come and go
# by the thousand, their modules as well; and at the end the machine starts again
# while writes wait for the starved example.
#
# guest: --modules null_blk --mem 768
# time: 600
# alone: at its end the modules are still there
# takes: rounds=1000

# shellcheck source=stripe.sh
. /stripe.sh

write_on() {
	while :; do
		dd if=/run/data of=$disk bs=512k seek=$(($1 * 8)) oflag=direct \
			2>/dev/null
	done
}

start_writers() {
	dd if=/dev/urandom of=/run/data bs=1M count=4 2>/dev/null
	writers=
	for n in 0 1 2; do
		write_on $n &
		writers="$writers $!"
	done
	sleep 1
}

# A dd that ends by itself has written all.
stop_writers() {
	# shellcheck disable=SC2086 # a list of words
	kill $writers
	while pidof dd >/dev/null; do
		sleep 0.1
	done
	wait
}

data_is_there() {
	local n
	for n in 0 1 2; do
		dd if=$disk bs=1M skip=$((n * 4)) count=4 iflag=direct \
			2>/dev/null | cmp - /run/data
	done
	all_back
}

# As far as one gets in each test of the kernel's, which then waits a second and
# turns back
sleep_and_wake() {
	local level before
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	start_writers
	for level in freezer devices platform processors core; do
		echo $level >/sys/power/pm_test
		before=$(set_stat allocs)
		echo mem >/sys/power/state
		sleep 1
		[ "$(set_stat allocs)" -gt "$before" ] ||
			fail "no I/O after the test of $level"
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

many_sets() {
	start_writers
	loadmod /ko/bioset_manysets.ko sets=1000 alive=100
	dmesg | grep -q 'manysets: 1000 sets were made'
	unload bioset_manysets
	stop_writers
	data_is_there
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
	load_slow
	starve 1
	start_writers
	wait_for writes_wait
}

load_slow() {
	null_disks 3 memory_backed=1 irqmode=2 completion_nsec=20000000
	load_stripe
}

null_disks 3 memory_backed=1 irqmode=2 completion_nsec=300000
load bioset_core
load bioset_stripe pool_size=1 \
	devices=/dev/nullb0,/dev/nullb1,/dev/nullb2
check "I/O goes on after each test of suspending" sleep_and_wake
check "the same with the set starved" suspend_starved
check "1000 sets are made and freed beside I/O" many_sets
unload_stripe
no_null_disks
check "a driver goes while its last bios come" last_puts
check "all modules go while the last bios come" last_puts_of_all
check "writes wait while the machine starts again" leave_while_writing
pass
