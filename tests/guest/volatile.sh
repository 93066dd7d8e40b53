# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the runs on disks with a volatile write cache share: see tests/modules/volatile.c.

# shellcheck disable=SC2034 # for those who read this in
disk=/dev/stripe0
par=/sys/module/bioset_volatile/parameters

load_disks() {
	load bioset_core
	load bioset_volatile "$@"
}

# One clone in reserve and nothing else, for all of it
load_starved() {
	local set
	load bioset_stripe chunk_kb=16 pool_size=1 \
		devices=/dev/volatile0,/dev/volatile1,/dev/volatile2
	for set in /sys/kernel/debug/bioset/bioset_stripe*; do
		echo 1 >"$set/starve"
	done
}

# cut_at N: at the Nth flush that reaches a disk, from now
cut_at() {
	echo "$1" >$par/cut_at_flush
}

cut_now() {
	cut_at 0
}

# What the next boot would find. The page cache goes with the stripe.
after_cut() {
	unload bioset_stripe
	echo 1 >$par/restore
	load_starved
}

all_gone() {
	unload bioset_stripe
	unload bioset_volatile
	unload bioset_core
	nothing_left
}
