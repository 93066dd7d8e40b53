# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# A set that tasks wait for, for tests/host/drgn-test.sh to find in the memory

# shellcheck source=stripe.sh
. /stripe.sh

modprobe qemu_fw_cfg
null_disks 3 memory_backed=1 irqmode=2 \
	completion_nsec=4000000000
load bioset_core
load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 pool_size=1
starve 1
for skip in 0 1 2; do
	dd if=$disk of=/dev/null bs=4k count=1 skip=$skip iflag=direct 2>/dev/null &
done
sleep 2
grep -v '^name' /sys/kernel/debug/bioset/sets | while read -r line; do
	echo "SETS $line"
done
echo "dump me"
sleep 3
starve 0
wait
unload_stripe
pass
