# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Loads a module with one bug after another (guest.bugs=oob,uaf,...). The host
# looks for the kernel's report of each.

for bug in $(word bugs | tr ',' ' '); do
	echo "planting $bug"
	echo "PLANTED $bug" >/dev/kmsg
	load planted "bug=$bug"
	rmmod planted
done
if [ -e /sys/kernel/debug/kmemleak ]; then
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
fi
pass
