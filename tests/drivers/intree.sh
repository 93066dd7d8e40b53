# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the runs of the kernel's own drivers share; see tests/drivers/intree-driver,
# which says on the command line what the driver needs and how many sets it
# makes. $module is the driver's name in the kernel, $disk what it gives.
: "${module:?}" "${disk:?}"

SETS=/sys/kernel/debug/bioset

# ram_disk N MIB: /dev/nullbN, a RAM disk that completes in a timer's interrupt
ram_disk() {
	null_disk "nullb$1" "size=$2" memory_backed=1 irqmode=2
}

# column NAME: of the driver's sets; the table knows whose they are
column() {
	awk -v owner="$module" -v name="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
		$col["owner"] == owner { print $col[name] }' $SETS/sets
}

total() {
	column "$1" | awk '{ n += $1 } END { print n + 0 }'
}

# grown COLUMN BEFORE: fail unless the total has grown
grown() {
	[ "$(total "$1")" -gt "$2" ] ||
		fail "\"$1\" of the sets of $module has not grown beyond $2"
}

show_sets() {
	local set
	for set in $(column name); do
		echo "$set:" "$(tr -s ' ' '=' <"$SETS/$set/stats" | tr '\n' ' ')"
	done
}

no_sets() {
	[ -z "$(column name)" ]
}

# starve_all N: as the knob takes it; 1 leaves each set but its reserve
starve_all() {
	local set
	for set in $(column name); do
		echo "$1" >"$SETS/$set/starve"
	done
}

get_ready() {
	mount_host
	modprobe null_blk nr_devices=0
	modprobe ext4
	load bioset_core
}

# load_driver KO: the one that was built here, and not the kernel's own build
load_driver() {
	local name
	for name in $(word depends | tr , ' '); do
		[ "$name" = bioset_core ] || modprobe "$name"
	done
	load "$1"
	grep O "/sys/module/$module/taint" ||
		fail "$module is the module of the kernel's package"
}

# Each call of bioset_init() in its source has made a set of ours.
sets_are_ours() {
	[ "$(column name | wc -w)" = "$(word sets)" ] ||
		fail "$module has $(column name | wc -w) sets here, and not $(word sets)"
	must_fail rmmod bioset_core
}

# verify SIZE DEPTH LARGEST [OPTION...]: LARGEST is that of one I/O
verify() {
	local size=$1 depth=$2 largest=$3
	shift 3
	host fio --name=verify "--filename=$disk" --direct=1 --ioengine=libaio \
		"--iodepth=$depth" --rw=randrw "--bsrange=4k-$largest" --blockalign=4k \
		"--size=$size" --verify=crc32c --do_verify=1 --verify_fatal=1 \
		--output-format=terse "$@" >/tmp/fio.log 2>&1 ||
		{ cat /tmp/fio.log; fail "fio found wrong data"; }
}

fio_verify() {
	local allocs
	allocs=$(total allocs)
	verify "$@"
	grown allocs "$allocs"
	show_sets
}

ext4_files() {
	local allocs
	allocs=$(total allocs)
	cp -r /host/usr/include/linux /tmp/files
	host mkfs.ext4 -q "$disk"
	mount -t ext4 "$disk" /host/mnt
	cp -r /tmp/files /host/mnt/files
	umount /host/mnt
	host e2fsck -fn "$disk"
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 "$disk" /host/mnt
	diff -r /tmp/files /host/mnt/files
	umount /host/mnt
	grown allocs "$allocs"
	show_sets
}
