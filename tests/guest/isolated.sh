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
	[ "$(set_stat in_flight)" = 0 ]
	[ "$(set_stat cached)" -gt 0 ]
}

# pressure_on CPU: all shrinkers run there, and work of theirs has time to
pressure_on() {
	taskset -c "$1" sh -c 'echo 2 >/proc/sys/vm/drop_caches'
	sleep 1
}

is_isolated() {
	grep -qx 1 /sys/devices/system/cpu/isolated
	[ "$(set_stat cached)" = 0 ]
}

spared() {
	local before
	io_on 1
	before=$(set_stat cached)
	pressure_on 0
	[ "$(set_stat cached)" = "$before" ]
}

asked_itself() {
	io_on 1
	pressure_on 1
	[ "$(set_stat cached)" = 0 ]
}

others_are_asked() {
	io_on 0
	pressure_on 1
	[ "$(set_stat cached)" = 0 ]
}

# The bound is kept there too.
switched_off() {
	io_on 1
	echo 0 >/sys/module/bioset_core/parameters/cache_kb
	sleep 1
	[ "$(set_stat cached)" = 0 ]
}

modprobe null_blk nr_devices=3 gb=1 irqmode=0
load_stripe
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
