# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What a driver's author can switch and see on a stock kernel: the knobs in
# debugfs and the reports, on the example.
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

# With parameters at their ends, bios are taken from memory, from the reserve, and
# put; and they are read back as they were given.
at_their_ends() {
	local word
	echo "$@"
	load bioset_core "$@"
	for word; do
		[ "$(cat "$par/${word%%=*}")" = "${word#*=}" ]
	done
	load_driver pool_size=1
	dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null
	for starve in 0 1; do
		starve $starve
		dd if=/tmp/data of=$disk bs=1M oflag=direct 2>/dev/null
		dd if=$disk bs=1M count=2 iflag=direct 2>/dev/null | cmp - /tmp/data
	done
	stat_is in_flight 0
	[ "$1" != cache_kb=0 ] || stat_is cached 0
	unload_stripe
}

parameter_ends() {
	at_their_ends cache_kb=0 stall_secs=0 track=N quick_init=N
	at_their_ends cache_kb=1 stall_secs=1 track=Y quick_init=Y
	at_their_ends cache_kb=1048576 stall_secs=86400
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
	load_stripe pool_size=1
	slab_names >/tmp/after
	cat /tmp/after
	[ -s /tmp/after ]
	must_fail grep -qxF -f /tmp/before /tmp/after
}

starved_io() {
	starve 1
	dd if=/dev/urandom of=$disk bs=1M count=4 oflag=direct 2>/dev/null
	starve 3
	dd if=$disk of=/dev/null bs=1M count=4 iflag=direct 2>/dev/null
	starve 0
	set_stats
	[ "$(set_stat punted)" -gt 0 ]
	stat_is rescued "$(set_stat punted)"
	[ "$(set_stat waits)" -gt 0 ]
	stat_is in_flight 0
}

# While a read is out, its owner is listed.
owners() {
	local dir
	dir=$(set_dir)
	echo 1 >"$dir/track"
	readers 1
	cat "$dir/in_flight"
	grep -q 'submitted dd/' "$dir/in_flight"
	grep -q 'submit_part' "$dir/in_flight"
	hold N
	wait
	stat_is misuses 0
	echo 0 >"$dir/track"
	grep -q 'not tracked' "$dir/in_flight"
}

reported() {
	dmesg | grep -q 'the oldest bio in flight'
}

# Two readers, a reserve of one: the second one waits.
stall_report() {
	echo 1 >$par/stall_secs
	echo 1 >"$(set_dir)/track"
	readers 2
	wait_for reported
	hold N
	wait
	echo 0 >"$(set_dir)/track"
	echo 10 >$par/stall_secs
	dmesg | grep 'bioset:' | tail -n 20
	dmesg | grep -q 'bioset_stripe.*dd/[0-9]* has waited [1-9][0-9]* s for a bio'
	dmesg | grep -q 'likely cause: 1 bio(s) in flight'
	[ "$(set_stat stalls)" -gt 0 ]
}

check "bad module parameters are refused" bad_parameters
ram_disks 1
check "each parameter at its ends" parameter_ends
load_stripe pool_size=1
check "bad input to a knob is refused" bad_knobs
check "slabs have new names after a reload" new_slab_names
check "starved I/O is punted, rescued and done" starved_io
unload_stripe
no_null_disks
load bioset_core
load_starved
check "a tracked bio has an owner" owners
check "a stalled allocation is reported" stall_report
unload_stripe
check "nothing left after unloading" nothing_left
pass
