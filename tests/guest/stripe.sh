# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the runs with real I/O share: the example and the disks below it.

disk=/dev/stripe0
VOLATILE=/sys/module/bioset_volatile/parameters

# ram_disks MEMORY_BACKED: three disks of 1 GiB
ram_disks() {
	null_disks 3 memory_backed="$1" discard=1
}

# load_driver KEY=VALUE...: over three disks of null_blk
load_driver() {
	load bioset_stripe devices=/dev/nullb0,/dev/nullb1,/dev/nullb2 "$@"
	[ -b $disk ]
}

load_stripe() {
	load bioset_core
	load_driver "$@"
}

# load_starved: over the disks of bioset_volatile, with one clone in reserve and
# nothing else
load_starved() {
	[ -d $VOLATILE ] || load bioset_volatile
	load bioset_stripe chunk_kb=16 pool_size=1 \
		devices=/dev/volatile0,/dev/volatile1,/dev/volatile2
	starve 1
}

unload_stripe() {
	unload bioset_stripe
	[ ! -d $VOLATILE ] || unload bioset_volatile
	unload bioset_core
}

# hold Y|N: whether the disks of bioset_volatile keep what they get
hold() {
	echo "$1" >$VOLATILE/hold
}

# readers N: one has the starved set's clone, which is held, and the others wait
readers() {
	local n=0
	hold Y
	while [ $n -lt "$1" ]; do
		dd if=$disk of=/dev/null bs=4k count=1 skip=$n iflag=direct 2>/dev/null &
		n=$((n + 1))
	done
	wait_for stat_is in_flight 1
	wait_for stat_is waiting $((n - 1))
}

# start_writers: three, each of which writes /run/data to a place of its own again
# and again
start_writers() {
	local n
	dd if=/dev/urandom of=/run/data bs=1M count=4 2>/dev/null
	rm -f /run/stop
	writers=
	for n in 0 1 2; do
		write_on $n &
		writers="$writers $!"
	done
}

write_on() {
	while [ ! -e /run/stop ]; do
		dd if=/run/data of=$disk bs=512k seek=$(($1 * 8)) oflag=direct 2>/dev/null
	done
}

# Each ends with a dd that has written all.
stop_writers() {
	touch /run/stop
	# shellcheck disable=SC2086 # a list of words
	wait $writers
}

# Of host files whose checksums came along
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
