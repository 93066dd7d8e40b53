# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Files on the example with its set starved, over disks that lose what was not
# flushed; after each power cut the file system is looked at.
#
# guest: --host-root --modules "ext4 xfs" --mem 1024
# time: 300
# takes: fs=ext4 rounds=4
# needs: fio e2fsprogs xfsprogs

# shellcheck source=volatile.sh
. /volatile.sh

fs=$(word fs)

fio_on_fs() {
	make_fs
	fio_verify /mnt/fio 8m --bsrange=4k-256k --iodepth=8 --fsync=16
	rm /host/mnt/fio
	mkdir /host/mnt/files
	host sync /mnt /mnt/files
	umount /host/mnt
}

waited() {
	echo "waits $(set_stat waits), punted $(set_stat punted)"
	[ "$(set_stat waits)" -gt 0 ] && [ "$(set_stat punted)" -gt 0 ]
}

# write_files ROUND: until the cut. A file that fsync() has returned for before
# that is to be there afterwards, whole; one that nobody waited for is noise.
write_files() {
	local n=0 file
	while [ "$(cat $par/cut)" = N ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || fail "no flush comes"
		file=f$1-$n
		head -c $((n * 37919 % 200000 + 1)) /dev/urandom \
			>"/host/mnt/files/$file"
		head -c 70000 /dev/urandom >"/host/mnt/noise$n"
		(cd /host/mnt/files && sha256sum "$file") >/run/sum
		host sync "/mnt/files/$file" /mnt/files
		[ "$(cat $par/cut)" = Y ] || cat /run/sum >>/run/synced
	done
}

# The cut was one: there is something to recover.
recover() {
	dmesg -c >/dev/null
	mount_fs
	dmesg | grep -iE "(ext4|xfs).*recovery"
}

files_whole() {
	(cd /host/mnt/files && sha256sum -c /run/synced) >/run/sums || {
		grep -v ': OK$' /run/sums
		return 1
	}
	echo "$(grep -c ': OK$' /run/sums) files are whole"
}

# power_cut ROUND: some pages that were not flushed may be there and others not
power_cut() {
	local nth
	nth=$(($1 * 3 + $(random 12) + 1))
	mount_fs
	echo "cut at flush $nth"
	cut_at $nth
	write_files "$1"
	umount /host/mnt
	after_cut
	recover
	files_whole
	umount /host/mnt
	check_fs
}

mount_host
modprobe "$fs"
load_disks survive=50
load_starved
check "fio verify on $fs" fio_on_fs
check "the set was starved indeed" waited
: >/run/synced
round=0
while [ $round -lt "$(word rounds)" ]; do
	round=$((round + 1))
	check "$fs is sound after power cut $round" power_cut $round
done
check "files were synced before a cut" grep -q . /run/synced
check "nothing left after unloading" all_gone
pass
