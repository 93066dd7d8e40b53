# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Whose a bio is: a cgroup that goes while bios of it are out, and what it is
# charged for them; and bios that may not sleep.
#
# guest: --modules null_blk --mem 512
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

odd=/sys/module/bioset_oddio/parameters

dying() {
	awk '$1 == "nr_dying_descendants" { print $2 }' "$CG"/cgroup.stat
}

# none_dying: sooner or later; what the kernel caches for them goes first
none_dying() {
	local n=0
	while [ "$(dying)" -gt 0 ]; do
		echo 3 >/proc/sys/vm/drop_caches
		n=$((n + 1))
		[ $n -lt 20 ] || fail "a group that was removed is kept by something"
		sleep 1
	done
}

# The bios have the group's I/O, and are out for 3 s and more. Its task leaves it.
dies_with_bios_out() {
	none_dying
	group gone
	in_group gone dd if=$disk of=/dev/null bs=512k count=1 \
		iflag=direct 2>/dev/null &
	sleep 1
	[ "$(set_stat in_flight)" -gt 0 ] || fail "no bio is out"
	cat "$CG"/gone/cgroup.procs >"$CG"/cgroup.procs
	no_group gone
	[ "$(set_stat in_flight)" -gt 0 ] || fail "the bios came back too soon"
	[ "$(dying)" -gt 0 ] || fail "the bios do not keep their group"
	wait
	all_back
	# Without dropping our caches: no cached bio may keep it.
	none_dying
}

# A bio that ends lets go of its group. One that is put without has to as well,
# and cached it must not keep it.
dies_with_bios_unused() {
	none_dying
	group gone
	in_group gone sh -c "echo 200 >$odd/hold"
	no_group gone
	[ "$(dying)" -gt 0 ] || fail "the bios do not keep their group"
	echo 0 >$odd/hold
	none_dying
}

# kernel_bytes: of the group "charged"
kernel_bytes() {
	awk '$1 ~ /^slab/ && $1 != "slab" { n += $2 } END { print n + 0 }' \
		"$CG"/charged/memory.stat
}

# hold_in_group PARAMETER: what the group is charged for 2000 bios
charge_of() {
	local before
	before=$(kernel_bytes)
	in_group charged sh -c "echo 2000 >$odd/$1"
	echo $(($(kernel_bytes) - before))
	echo 0 >$odd/"$1"
}

# A cached object would be charged to its first user for ever.
not_charged() {
	local ours kernels
	group charged
	ours=$(charge_of hold)
	kernels=$(charge_of hold_kernel)
	echo "2000 bios: $ours bytes are charged, of the kernel's $kernels"
	[ "$kernels" -gt 1000000 ] || fail "this test sees no charge"
	[ "$ours" -lt 100000 ] || fail "the group is charged for bios of ours"
	no_group charged
}

nowait() {
	local n set
	set=$(echo /sys/kernel/debug/bioset/bioset_oddio.*)
	for starved in 0 1; do
		echo $starved >"$set/starve"
		echo 200 >$odd/nowait
		echo "starved=$starved: $(cat $odd/done) done, $(cat $odd/again) would sleep, $(cat $odd/none) without a bio"
		[ "$(cat $odd/done)" -gt 0 ]
		n=$(($(cat $odd/again) + $(cat $odd/none)))
		[ $n -gt 0 ] || fail "nothing had to wait"
		[ $starved = 0 ] || [ "$(cat $odd/none)" -gt 0 ]
		awk '$1 == "in_flight" && $2 != 0 { exit 1 }
			$1 == "waits" && $2 != 0 { exit 1 }' "$set/stats"
	done
	echo 0 >"$set/starve"
}

# Disks that take two requests at a time and 3 s for each
use_groups io memory
modprobe null_blk nr_devices=3 gb=1 irqmode=2 completion_nsec=3000000000 \
	hw_queue_depth=2 no_sched=1
load bioset_core cache_kb=1024 # which is 0 otherwise where there is KASAN
load_driver
check "a cgroup dies with bios out" dies_with_bios_out
unload bioset_stripe
load bioset_oddio device=/dev/nullb0 pool_size=1
check "a cgroup dies with bios that were never submitted" \
	dies_with_bios_unused
check "bios that may not sleep" nowait
check "cached bios are charged to no cgroup" not_charged
unload bioset_oddio
unload bioset_core
no_null_disks
check "nothing left after unloading" nothing_left
pass
