# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What a driver's author can switch and see on a stock kernel: the knobs in
# debugfs and the reports, on the example over disks that take their time.
#
# guest: --modules null_blk --mem 1024
# time: 240

# shellcheck source=stripe.sh
. /stripe.sh

par=/sys/module/bioset_core/parameters

# refused WORD FILE: an error, a line that names the set, and no change
refused() {
	local before
	before=$(cat "$2")
	must_fail sh -c "echo $1 >$2"
	[ "$(cat "$2")" = "$before" ]
}

bad_knobs() {
	local dir
	dir=$(set_dir)
	for bad in -1 much 4294967296; do
		refused $bad "$dir/starve"
	done
	for bad in 2 -1 on; do
		refused $bad "$dir/track"
	done
	dmesg | grep -q 'bioset: bioset_stripe.*: starve takes 0 to'
	dmesg | grep -q 'bioset: bioset_stripe.*: track takes 0 or 1'
}

bad_parameters() {
	for bad in stall_secs=-1 stall_secs=86401 stall_secs=soon cache_kb=x cache_kb=1048577 \
		track=2; do
		must_fail load bioset_core $bad
	done
	dmesg | grep -q 'stall_secs takes 0 (off) to 86400 seconds'
	[ ! -e /sys/module/bioset_core ]
}

# With a parameter at its end, bios are taken from memory, from the reserve, and
# put; and it is read back as it was given.
at_its_end() {
	load bioset_core "$1"
	[ "$(cat "$par/${1%%=*}")" = "${1#*=}" ]
	load bioset_stripe pool_size=1 \
		devices=/dev/nullb0,/dev/nullb1,/dev/nullb2
	dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null
	for starve in 0 1; do
		echo $starve >"$(set_dir)/starve"
		dd if=/tmp/data of=$disk bs=1M oflag=direct 2>/dev/null
		dd if=$disk bs=1M count=2 iflag=direct 2>/dev/null | cmp - /tmp/data
	done
	[ "$(set_stat in_flight)" = 0 ]
	[ "$1" != cache_kb=0 ] || [ "$(set_stat cached)" = 0 ]
	unload_stripe
}

parameter_ends() {
	local end
	for end in cache_kb=0 cache_kb=1 cache_kb=1048576 stall_secs=0 \
		stall_secs=1 stall_secs=86400 track=N track=Y quick_init=N \
		quick_init=Y; do
		echo "$end"
		at_its_end $end
	done
}

slab_names() {
	find /sys/kernel/slab -name 'bset_bio-*' | sort
}

# RCU may still keep the slab of a set that went when the module comes back.
new_slab_names() {
	slab_names >/tmp/before
	cat /tmp/before
	[ -s /tmp/before ]
	unload_stripe
	load bioset_core
	load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 pool_size=1
	slab_names >/tmp/after
	cat /tmp/after
	[ -s /tmp/after ]
	must_fail grep -qxF -f /tmp/before /tmp/after
}

starved_io() {
	local dir
	dir=$(set_dir)
	echo 1 >"$dir/starve"
	dd if=/dev/urandom of=$disk bs=1M count=4 oflag=direct 2>/dev/null
	echo 3 >"$dir/starve"
	dd if=$disk of=/dev/null bs=1M count=4 iflag=direct 2>/dev/null
	echo 0 >"$dir/starve"
	set_stats
	[ "$(set_stat punted)" -gt 0 ]
	[ "$(set_stat punted)" = "$(set_stat rescued)" ]
	[ "$(set_stat waits)" -gt 0 ]
	[ "$(set_stat in_flight)" = 0 ]
}

# While a slow read is out, its owner is listed.
owners() {
	local dir
	dir=$(set_dir)
	echo 1 >"$dir/track"
	dd if=$disk of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &
	sleep 1
	cat "$dir/in_flight"
	grep -q 'submitted dd/' "$dir/in_flight"
	grep -q 'submit_part' "$dir/in_flight"
	wait
	[ "$(set_stat misuses)" = 0 ]
	echo 0 >"$dir/track"
	grep -q 'not tracked' "$dir/in_flight"
}

# Two readers, a reserve of one, disks that take 3 s: the second one waits.
stall_report() {
	local dir
	dir=$(set_dir)
	echo 1 >$par/stall_secs
	echo 1 >"$dir/track"
	echo 1 >"$dir/starve"
	for skip in 0 1; do
		dd if=$disk of=/dev/null bs=4k count=1 skip=$skip \
			iflag=direct 2>/dev/null &
	done
	wait
	echo 0 >"$dir/starve"
	echo 0 >"$dir/track"
	echo 10 >$par/stall_secs
	dmesg | grep 'bioset:' | tail -n 20
	dmesg | grep -q 'bioset_stripe.*dd/[0-9]* has waited [1-9][0-9]* s for a bio'
	dmesg | grep -q 'likely cause: 1 bio(s) in flight'
	dmesg | grep -q 'the oldest bio in flight'
	[ "$(set_stat stalls)" -gt 0 ]
}

check "bad module parameters are refused" bad_parameters
ram_disks 1
check "each parameter at its ends" parameter_ends
load bioset_core
load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 pool_size=1
check "bad input to a knob is refused" bad_knobs
check "slabs have new names after a reload" new_slab_names
check "starved I/O is punted, rescued and done" starved_io
unload_stripe
no_null_disks
slow_disks 3000 memory_backed=1
load bioset_core
load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 pool_size=1
check "a tracked bio has an owner" owners
check "a stalled allocation is reported" stall_report
unload_stripe
no_null_disks
check "nothing left after unloading" nothing_left
pass
