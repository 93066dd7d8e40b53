# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The drivers of tests/drivers on the installed modules; see
# tests/drivers/outside-driver.

# one_reader NAME: load it, see what it read and that its set is ours, and that
# bioset_core stays while it is there
one_reader() {
	local name=$1 set
	load "$name" dev=/dev/ram0
	dmesg | grep "] $name: read \"written for $name\"" ||
		fail "$name did not read what is on the disk"
	set=$(echo "/sys/kernel/debug/bioset/$name".*)
	[ "$(awk '$1 == "allocs" { print $2 }' "$set/stats")" = 1 ] ||
		fail "$name has not allocated one bio from a set of ours"
	must_fail rmmod bioset_core
	unload "$name"
	[ ! -e "$set" ] || fail "the set is still there: $set"
}

# What is written through it arrives, by way of its set.
readme_driver() {
	pass_disk
	printf 'by way of pass0' | dd of=/dev/pass0 bs=512 conv=sync,fsync 2>/dev/null
	[ "$(head -c 15 /dev/pass0)" = 'by way of pass0' ]
	[ "$(awk '$1 == "allocs" { print $2 }' /sys/kernel/debug/bioset/pass.*/stats)" -gt 0 ]
	must_fail rmmod bioset_core
	unload pass
	[ "$(head -c 15 /dev/ram0)" = 'by way of pass0' ]
}

pass_disk() {
	load pass dev=/dev/ram0
}

read_pass() {
	dd if=/dev/pass0 of=/dev/null bs=512 count=1 iflag=direct 2>/dev/null
}

no_clone() {
	echo "$1" >/sys/module/pass/parameters/no_clone
}

# The error of a part that was split off stays the whole bio's.
error_of_a_part() {
	pass_disk
	fails_saying 'Input/output error' load chained dev=/dev/pass0
	read_pass
	unload pass
}

# Without a clone the bio ends, and with an error.
no_memory_for_a_clone() {
	pass_disk
	no_clone Y
	must_fail read_pass
	no_clone N
	read_pass
	unload pass
}

write_disk() {
	printf 'written for %s\0' "$1" |
		dd of=/dev/ram0 bs=512 conv=sync,fsync 2>/dev/null
}

modprobe brd rd_nr=1 rd_size=1024
write_disk nobody
must_fail load reader dev=/dev/ram0

load bioset_core
for name in reader reader_4_6 reader_forced; do
	write_disk $name
	check "outside driver $name" one_reader $name
done
must_fail load reader dev=/dev/null
check "the driver of README.md" readme_driver
check "the driver of README.md keeps the error of a part" error_of_a_part
check "the driver of README.md without a clone" no_memory_for_a_clone
unload bioset_core
nothing_left
pass
