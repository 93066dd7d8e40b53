# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What memory pressure does to the caches where CPU 1 is isolated
#
# guest: --modules null_blk --mem 1024 --append "isolcpus=1 nohz_full=1"
# time: 240

# shellcheck source=stripe.sh
. /stripe.sh

# io_on CPU: reads some blocks there; the disks complete them on the same CPU
io_on() {
	taskset -c "$1" dd if=$disk of=/dev/null bs=4k count=64 iflag=direct \
		2>/dev/null
	stat_is in_flight 0
	[ "$(set_stat cached)" -gt 0 ]
}

# pressure_on CPU: all shrinkers run there
pressure_on() {
	taskset -c "$1" sh -c 'echo 2 >/proc/sys/vm/drop_caches'
}

none_cached() {
	wait_for stat_is cached 0
}

is_isolated() {
	grep -qx 1 /sys/devices/system/cpu/isolated
	none_cached
}

spared() {
	local before
	io_on 1
	before=$(set_stat cached)
	pressure_on 0
	sleep 1 # for work that there must not be
	stat_is cached "$before"
}

asked_itself() {
	io_on 1
	pressure_on 1
	none_cached
}

others_are_asked() {
	io_on 0
	pressure_on 1
	none_cached
}

# The bound is kept there too.
switched_off() {
	io_on 1
	echo 0 >/sys/module/bioset_core/parameters/cache_kb
	none_cached
}

null_disks 3 irqmode=0
load_stripe pool_size=16
pressure_on 1
pressure_on 0
check "CPU 1 is isolated" is_isolated
check "memory pressure leaves an isolated CPU alone" spared
check "but not when it asks itself" asked_itself
check "other CPUs are asked from there" others_are_asked
check "an isolated CPU's cache can be switched off" switched_off
unload_stripe
no_null_disks
pass
