# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Files on the example with its set starved, until the power is cut; the next
# boot looks what is left of them. See scripts/powercut.sh.

disk=/dev/stripe0
fs=$(word fs)

# One clone in reserve and nothing else, for all of it
load_starved() {
	local set
	modprobe virtio_blk
	modprobe "$fs"
	load bioset_core
	load bioset_stripe devices=/dev/vda,/dev/vdb,/dev/vdc chunk_kb=16 \
		pool_size=1
	for set in /sys/kernel/debug/bioset/*; do
		[ ! -e "$set/starve" ] || echo 1 >"$set/starve"
	done
}

make_fs() {
	case $fs in
	ext4) host mkfs.ext4 -q -F $disk ;;
	xfs) host mkfs.xfs -q -f $disk ;;
	esac
}

mount_fs() {
	mount -t "$fs" $disk /host/mnt
}

# fsck TEXT: content, and without a repair
check_fs() {
	case $fs in
	ext4) host e2fsck -f -n $disk ;;
	xfs) host xfs_repair -n $disk ;;
	esac
}

fio_verify() {
	host fio --name=verify --filename=/mnt/fio --size=16m --rw=randwrite \
		--bsrange=4k-256k --ioengine=libaio --iodepth=8 --direct=1 \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --fsync=16 \
		--output-format=terse --output=/tmp/fio
	[ "$(cut -d';' -f47 /host/tmp/fio)" -gt 0 ]
	rm /host/mnt/fio
}

waited() {
	echo "waits $(set_stat waits), punted $(set_stat punted)"
	[ "$(set_stat waits)" -gt 0 ] && [ "$(set_stat punted)" -gt 0 ]
}

# Writes that nobody waits for, to be in the middle of something
background() {
	host fio --name=noise --filename=/mnt/noise --size=32m --rw=randwrite \
		--bs=64k --ioengine=libaio --iodepth=8 --direct=1 \
		--time_based --runtime=600 --output=/dev/null &
}

# Says SYNCED only what an fsync() of the file and its directory has returned
# for.
write_files() {
	local n=0 file
	mkdir /host/mnt/files
	while :; do
		n=$((n + 1))
		file=/host/mnt/files/f$n
		head -c $((n * 7919 % 400000 + 1)) /dev/urandom >"$file"
		host sync "/mnt/files/f$n" /mnt/files
		echo "SYNCED $n $(sha256sum "$file" | cut -d' ' -f1) f$n"
	done
}

write_phase() {
	make_fs
	mount_fs
	check "fio verify on $fs" fio_verify
	check "the set was starved indeed" waited
	background
	write_files
}

# The cut was one: there is something to recover.
recover() {
	mount_fs
	umount /host/mnt
	dmesg | grep -iE "(ext4|xfs).*recovery"
}

files_whole() {
	mount_fs
	(cd /host/mnt/files && sha256sum -c /synced) >/run/sums || {
		grep -v ': OK$' /run/sums
		return 1
	}
	echo "$(grep -c ': OK$' /run/sums) files are whole"
	umount /host/mnt
}

all_gone() {
	unload bioset_stripe
	unload bioset_core
	nothing_left
}

mount_host
load_starved
[ "$(word phase)" = check ] || write_phase
check "$fs recovers from its journal" recover
check "fsck finds nothing" check_fs
check "every file that was synced is whole" files_whole
check "nothing left after unloading" all_gone
pass
