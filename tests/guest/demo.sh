# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The demonstration of scripts/demo.sh
#
# guest: --host-root --modules "null_blk ext4" --mem 1536
# time: 300
# needs: fio e2fsprogs util-linux
# shows: ^(==> |    |FAILED)
# files: /usr/src/linux-headers-6.1*-common/include

# shellcheck source=stripe.sh
. /stripe.sh

# say what a command printed, indented
indented() {
	sed 's/^/    /'
}

size() {
	du -sm "$1" | cut -f1
}

# The disks answer after 20 ms. What happens is traced, and printed behind "trace:"
# for scripts/rescue-picture.py.
rescue_trace() {
	local tracing=/sys/kernel/tracing
	slow_disks 20 memory_backed=0
	load_stripe pool_size=2
	starve 1
	for event in bioset block/block_bio_queue block/block_bio_complete; do
		echo 1 >$tracing/events/$event/enable
	done
	host dd if=/dev/zero of=$disk bs=512k count=1 oflag=direct 2>/dev/null
	echo 0 >$tracing/tracing_on
	starve 0
	sed 's/^/trace: /' $tracing/trace
	echo "    $(set_stat waits) waits, $(set_stat punted) bios punted, $(set_stat rescued) rescued; the write is done"
	[ "$(set_stat punted)" -gt 0 ]
	stat_is in_flight 0
}

step "Linux $(uname -r), $(nproc) CPUs; loading bioset_core.ko and the example over three RAM disks"
mount_host
ram_disks 1
load_stripe pool_size=16
lsmod | grep '^bioset' | indented
step "making ext4 on $disk"
make_fs
step "copying $(wc -l </files.sums) files to it"
copy_files
echo "    $(size /host/mnt/files) MiB written"
step "unmounting, mounting again, verifying every checksum"
umount /host/mnt
mount_fs
verify_files
echo "    $(grep -c ': OK$' /run/sums) of $(wc -l </files.sums) files are as they were"
step "fio: random writes of 4 to 512 KiB with verification"
fio_verify /mnt/fio 64m
echo "    $(cut -d';' -f47 /host/tmp/fio) KiB written and verified, $(cut -d';' -f5 /host/tmp/fio) errors"
rm /host/mnt/fio
step "unmounting, e2fsck"
umount /host/mnt
check_fs | tail -n 1 | sed "s,^,    ,"
step "what the set did (/sys/kernel/debug/bioset/*/stats)"
set_stats | indented
stat_is in_flight 0
unload_stripe
no_null_disks
step "a write of 512 KiB with a reserve of 2 clones and no other memory"
rescue_trace
step "unloading everything"
unload_stripe
no_null_disks
nothing_left
pass
