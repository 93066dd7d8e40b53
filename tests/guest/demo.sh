# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The demonstration; scripts/demo.sh shows the lines that begin with "==>" and
# "   ".

# shellcheck source=stripe.sh
. /stripe.sh

# say what a command printed, indented
indented() {
	sed 's/^/    /'
}

size() {
	du -sm "$1" | cut -f1
}

step "Linux $(uname -r), $(nproc) CPUs; loading bioset_core.ko and the example over three RAM disks"
mount_host
ram_disks 1
load_stripe
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
[ "$(set_stat in_flight)" = 0 ]
step "unloading everything"
unload_stripe
rmmod null_blk
nothing_left
pass
