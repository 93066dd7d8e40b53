# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The modules that DKMS built and installed, and a driver on top, loaded by
# name; see tests/install/package. guest.driver is the driver's name.

driver=$(word driver)

example() {
	modprobe bioset_stripe devices=/dev/ram1,/dev/ram2,/dev/ram3 pool_size=1
	[ -d /sys/module/bioset_core ]
	[ "$(cat /sys/module/bioset_core/version)" = "$(word version)" ]
	head -c 6291456 /dev/urandom >/tmp/data
	dd if=/tmp/data of=/dev/stripe0 bs=1M conv=fsync 2>/dev/null
	echo 3 >/proc/sys/vm/drop_caches
	cmp -n 6291456 /tmp/data /dev/stripe0
	cmp -n 65536 /tmp/data /dev/ram1
	[ "$(set_stat allocs)" -gt 0 ]
	rmmod bioset_stripe
	rmmod bioset_core
}

on_top() {
	[ ! -d /sys/module/bioset_core ]
	modprobe "$driver" dev=/dev/ram0
	[ -d /sys/module/bioset_core ]
	[ "$(awk '$1 == "allocs" { print $2 }' /sys/kernel/debug/bioset/"$driver".*/stats)" = 32 ]
	must_fail rmmod bioset_core
	[ "$(dd if=/dev/ram0 bs=4096 skip=2 count=1 2>/dev/null | tr -d c | wc -c)" = 0 ]
	rmmod "$driver"
	rmmod bioset_core
}

modprobe brd rd_nr=4 rd_size=4096
check "the example that DKMS built carries data" example
[ -z "$driver" ] || check "modprobe $driver pulls bioset_core and does I/O" on_top
nothing_left
pass
