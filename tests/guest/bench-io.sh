# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What an I/O costs on the example, on dm-striped and on md's raid0, over the
# same two null_blk disks with the same chunk. Each of them in turn is called
# TARGET, is set up by TARGET_up (which sets $disk, and $label for tables) and removed
# by TARGET_down.
# The disks complete at once, in the context that submits, so that nothing
# sleeps and only instructions count.

CHUNK_KB=64
DISKS="/dev/nullb0 /dev/nullb1"

raw_up() {
	label="one disk"
	disk=/dev/nullb0
}

raw_down() {
	:
}

example_up() {
	label="example"
	# shellcheck disable=SC2086 # words
	load bioset_stripe devices="$(echo $DISKS | tr ' ' ,)" chunk_kb=$CHUNK_KB
	disk=/dev/stripe0
}

example_down() {
	unload bioset_stripe
}

twin_up() {
	label="example, kernel's sets"
	# shellcheck disable=SC2086 # words
	load bioset_stripe_kernel devices="$(echo $DISKS | tr ' ' ,)" chunk_kb=$CHUNK_KB
	disk=/dev/stripe_kernel0
}

twin_down() {
	unload bioset_stripe_kernel
}

sectors() {
	cat "/sys/block/${1#/dev/}/size"
}

dm_up() {
	label="dm-striped"
	# shellcheck disable=SC2086 # words
	set -- $DISKS
	host dmsetup create bench --noudevsync --table \
		"0 $(($(sectors "$1") * 2)) striped 2 $((CHUNK_KB * 2)) $1 0 $2 0"
	disk=/dev/dm-0
}

dm_down() {
	host dmsetup remove --noudevsync bench
}

# Without mdadm: md takes all of this through sysfs.
md_up() {
	local d n=0 md=/sys/block/md_bench/md
	label="md raid0"
	echo md_bench >/sys/module/md_mod/parameters/new_array
	echo raid0 >$md/level
	echo $((CHUNK_KB * 1024)) >$md/chunk_size
	echo 2 >$md/raid_disks
	for d in $DISKS; do
		cat "/sys/block/${d#/dev/}/dev" >$md/new_dev
		echo $(($(sectors "$d") / 2)) >"$md/dev-${d#/dev/}/size"
		echo $n >"$md/dev-${d#/dev/}/slot"
		n=$((n + 1))
	done
	echo active >$md/array_state
	disk=/dev/md_bench
}

md_down() {
	echo clear >/sys/block/md_bench/md/array_state
}

# run_fio NAME ARGS...: the mean time from an I/O's system call to its return.
# The first run is for warming up: fio itself comes over the network then, and
# the clock jumps ahead when the guest waits.
run_fio() {
	local name=$1 run
	shift
	for run in warm real; do
		host fio --name="$name" --filename="$disk" --direct=1 \
			--ioengine=psync --clocksource=clock_gettime \
			--randrepeat=1 --norandommap --thread \
			--output-format=json --output=/tmp/$run.json "$@" ||
			fail "fio on $disk"
	done
	host python3 -c '
import json, sys
job = json.load(open("/tmp/real.json"))["jobs"][0]
io = job["read"] if job["read"]["total_ios"] else job["write"]
assert job["error"] == 0 and io["total_ios"]
print("bench: result I/O by fio", *sys.argv[1:], *2 * ["%.1f" % io["clat_ns"]["mean"]], sep="|")
' "$label" "$name"
}

load bioset_core
modprobe null_blk queue_mode=2 irqmode=0 nr_devices=2 gb=1 bs=512 submit_queues=1
modprobe dm-mod
modprobe raid0
mount_host
for target in $(word targets | tr , ' '); do
	step "$target"
	"${target}_up"
	wait_for test -b "$disk"
	load bioset_bench part=io device="$disk" "label=\"$label\""
	unload bioset_bench
	run_fio randread-4k --rw=randread --bs=4k --number_ios=4096
	run_fio write-1m --rw=write --bs=1m --number_ios=256
	"${target}_down"
done
unload bioset_core
pass
