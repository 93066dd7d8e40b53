# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the runs with real I/O share: the example over three RAM-backed disks,
# ext4 on it, and files whose checksums the host took.

disk=/dev/stripe0

# ram_disks MEMORY_BACKED: three disks of 1 GiB
ram_disks() {
	null_disks 3 memory_backed="$1" discard=1
}

load_stripe() {
	load bioset_core
	load_driver
}

load_driver() {
	load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 chunk_kb=64
	[ -b $disk ]
}

unload_stripe() {
	unload bioset_stripe
	unload bioset_core
}

make_fs() {
	host mkfs.ext4 -q -F $disk
	mount_fs
}

mount_fs() {
	mount -t ext4 $disk /host/mnt
}

copy_files() {
	mkdir -p /host/mnt/files
	tar -C /host/mnt/files -xf /dev/vda
}

verify_files() {
	(cd /host/mnt/files && sha256sum -c /files.sums >/run/sums) || {
		grep -v ': OK$' /run/sums | head -n 20
		return 1
	}
	[ "$(wc -l </run/sums)" = "$(wc -l </files.sums)" ]
}

check_fs() {
	host e2fsck -f -n $disk
}

# fio_verify TARGET SIZE [ARG...]: writes, then reads back and compares
fio_verify() {
	local target=$1 size=$2
	shift 2
	host fio --name=verify --filename="$target" --size="$size" \
		--rw=randwrite --bsrange=4k-512k --ioengine=libaio --iodepth=16 \
		--direct=1 --verify=crc32c --verify_fatal=1 --verify_state_save=0 --do_verify=1 \
		--randrepeat=1 --output-format=terse --output=/tmp/fio "$@" &&
		# A run that wrote nothing has verified nothing.
		[ "$(cut -d';' -f47 /host/tmp/fio)" -gt 0 ]
}
