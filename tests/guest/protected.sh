# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Integrity data (T10 PI) on a disk that checks it: what the block layer makes for
# the example's clones, and what a bio has of its own, through clones and splits,
# the module's and the kernel's in each order.
#
# guest: --modules "scsi_debug sd_mod" --mem 512
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

par=/sys/module/bioset_protected/parameters
ours=/dev/sda

none_out() {
	awk '$1 == "in_flight" && $2 != 0 { exit 1 }' \
		/sys/kernel/debug/bioset/"$1".*/stats
}

# The block layer hangs it on our clones, and verifies what it reads.
of_clones() {
	load bioset_stripe devices=$ours chunk_kb=4 pool_size=1
	dd if=/dev/urandom of=/run/data bs=1M count=2 2>/dev/null
	for starved in 0 1; do
		echo $starved >"$(echo /sys/kernel/debug/bioset/bioset_stripe.*/starve)"
		dd if=/run/data of=$disk bs=256k oflag=direct 2>/dev/null
		dd if=$disk bs=256k count=8 iflag=direct 2>/dev/null |
			cmp - /run/data
	done
	none_out bioset_stripe
	unload bioset_stripe
}

# What a program wrote, and what we wrote ourselves. By the page cache: a direct
# write may have sectors that cross a page, with which scsi_debug cannot do.
of_parts() {
	load bioset_protected device=$ours
	dd if=/dev/urandom of=$ours bs=512 count=64 seek=640 conv=fsync \
		2>/dev/null
	echo 1 >$par/read
	echo "read: the data of $(cat $par/wrong) sectors is not theirs"
	[ "$(cat $par/wrong)" = 0 ]
	echo 1 >$par/write
	echo 1 >$par/read
	[ "$(cat $par/wrong)" = 0 ]
	blockdev --flushbufs $ours
	dd if=$ours of=/dev/null bs=32k count=1 skip=10 2>/dev/null
	none_out bioset_protected
}

# The disk does look.
wrong_is_refused() {
	must_fail sh -c "echo bad >$par/write" 2>/run/refused
	none_out bioset_protected
	unload bioset_protected
}

modprobe scsi_mod
modprobe sd_mod
modprobe scsi_debug dif=1 dix=1 dev_size_mb=16 delay=0
n=0
while [ ! -b $ours ] && [ $n -lt 100 ]; do
	sleep 0.1
	n=$((n + 1))
done
[ "$(cat /sys/block/sda/integrity/format)" = T10-DIF-TYPE1-CRC ]
load bioset_core
check "integrity data of the example's clones" of_clones
check "integrity data through clones and splits" of_parts
check "wrong integrity data is refused" wrong_is_refused
unload bioset_core
check "nothing left after unloading" nothing_left
pass
