# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Integrity data (T10 PI), which the block layer hangs on the example's clones: the
# disk looks at what is written, the block layer at what is read.
#
# guest: --modules "scsi_debug sd_mod" --mem 512
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

# of_clones STARVE
of_clones() {
	starve "$1"
	dd if=/run/data of=$disk bs=256k oflag=direct 2>/dev/null
	dd if=$disk bs=256k count=8 iflag=direct 2>/dev/null | cmp - /run/data
	all_back
}

# A write without it leaves that of the data before, which a read of clones has to
# notice.
wrong_is_refused() {
	echo 0 >/sys/block/sda/integrity/write_generate
	dd if=/run/data of=$disk bs=256k skip=4 oflag=direct 2>/dev/null
	echo 1 >/sys/block/sda/integrity/write_generate
	must_fail dd if=$disk of=/dev/null bs=256k count=1 iflag=direct
	all_back
}

modprobe sd_mod
modprobe scsi_debug dif=1 dix=1 dev_size_mb=16 delay=0
wait_for test -b /dev/sda
[ "$(cat /sys/block/sda/integrity/format)" = T10-DIF-TYPE1-CRC ]
load bioset_core
load bioset_stripe devices=/dev/sda chunk_kb=4 pool_size=1
dd if=/dev/urandom of=/run/data bs=1M count=2 2>/dev/null
check "integrity data of the example's clones" of_clones 0
check "the same with the set starved" of_clones 1
check "wrong integrity data is refused" wrong_is_refused
unload_stripe
rmmod scsi_debug
check "nothing left after unloading" nothing_left
pass
