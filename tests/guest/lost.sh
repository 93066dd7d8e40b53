# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Drivers that lose their sets: what is there afterwards is named, harmless and
# in nobody's way.
#
# time: 120
# last: a bio that is out keeps the module loaded

debugfs=/sys/kernel/debug/bioset

logged() {
	dmesg | grep -q "$1"
}

listed() {
	grep -q "^$1\." $debugfs/sets || [ -n "$(find $debugfs -name "$1.*")" ]
}

# gone NAME TEXT: the log says it of a set whose name begins like this, and the set
# is nowhere any more
gone() {
	logged "bioset: $1\.[0-9]*: $2"
	must_fail listed "$1"
}

named() {
	local text='bioset_lost is unloaded without bioset_exit() of it'
	must_fail load bioset_lost how=fail
	gone bioset_lost.lost "$text"
	load bioset_lost how=forget
	cat $debugfs/bioset_lost.lost.*/stats
	unload bioset_lost
	gone bioset_lost.lost "$text"
}

# Nothing that is looked at follows the lost address.
freed() {
	load bioset_lost how=freed
	for file in stats waits starve track in_flight; do
		cat $debugfs/bioset_lost.freed.*/$file
	done
	cat $debugfs/sets
	unload bioset_lost
	gone bioset_lost.freed 'bioset_lost is unloaded without'
}

# A module often lands where the one before it was.
used_again() {
	for how in good good good; do
		must_fail load bioset_lost how=fail
		load bioset_lost how=$how
		unload bioset_lost
	done
	must_fail logged 'is in use already'
}

# Whether there is a thread for a killed task is a matter of luck.
killed() {
	must_fail load bioset_lost how=killed
	must_fail load bioset_lost how=killed
	must_fail load bioset_lost how=killed
	logged 'lost: bioset_init() of a killed task: '
	must_fail logged 'no memory for a reserve'
	must_fail logged 'of a killed task: -12'
	[ "$(dmesg | grep -c 'of a killed task: -4')" = \
		"$(dmesg | grep -c 'or the task was killed)')" ]
}

# What its put needs includes our code.
bio_out() {
	load bioset_lost how=out
	unload bioset_lost
	gone bioset_lost.lost '1 bio(s) in flight, for which bioset_core has to stay'
	must_fail rmmod bioset_core
}

load bioset_core
check "a set is named when its module goes" named
check "a set whose memory was freed can be looked at" freed
check "the place of a lost set can be used again" used_again
check "a killed task is told so" killed
unload bioset_core
check "nothing left after unloading" nothing_left
load bioset_core
check "a bio that is out keeps what its put needs" bio_out
pass
