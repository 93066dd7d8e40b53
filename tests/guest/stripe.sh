# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the runs with real I/O share: the example over three RAM-backed disks, and
# files whose checksums the host took.

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
