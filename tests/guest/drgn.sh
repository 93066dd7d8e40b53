# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# A set that tasks wait for, for tests/host/drgn to find in the memory

# shellcheck source=stripe.sh
. /stripe.sh

modprobe qemu_fw_cfg
load bioset_core
load_starved
readers 3
grep -v '^name' /sys/kernel/debug/bioset/sets | while read -r line; do
	echo "SETS $line"
done
echo "dump me"
sleep 3
hold N
wait
unload_stripe
pass
