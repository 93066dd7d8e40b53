# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What a guest script has at hand; see tests/lab/guest.py for how to write one.

# word NAME: an argument of the script, or the value of guest.NAME= on the kernel's
# command line
word() {
	local w line
	read -r line </proc/cmdline
	for w in $(cat "/scripts/$SCRIPT.words" 2>/dev/null) $line; do
		case $w in "guest.$1="*)
			echo "${w#*=}"
			return
			;;
		esac
	done
}

# step TEXT: a progress line
step() {
	echo "==> $*"
}

# fail REASON: end the run
fail() {
	echo "FAILED: $*"
	exit 1
}

# pass: the script's last act
pass() {
	touch /state/passed
	exit 0
}

# not_looked_for REASON: this kernel cannot show what a check is for. The check
# that runs it does not count.
not_looked_for() {
	echo "not looked for: $*"
	echo "$*" >/run/not_looked_for
}

# check NAME CMD...: run CMD (a function, usually) under set -e and report it
# as a result of its own. Call it as a plain command: inside a condition the
# shell would ignore failures in CMD.
check() {
	local name=$1 status
	shift
	step "$name"
	rm -f /run/not_looked_for
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	if [ $status = 0 ] && [ -e /run/not_looked_for ]; then
		echo "CHECK # not looked for: $name ($(cat /run/not_looked_for))" >&9
	elif [ $status = 0 ]; then
		echo "CHECK ok $name" >&9
	else
		echo "CHECK not ok $name - $* ended with status $status" >&9
		exit 1
	fi
}

# must_fail CMD...: a command that has to fail. A function must end with what
# fails in it: set -e does not count here.
must_fail() {
	if "$@"; then
		fail "this should have been refused: $*"
	fi
}

# fails_saying TEXT CMD...: a command that has to fail, and to say TEXT
fails_saying() {
	local text=$1
	shift
	must_fail "$@" >/run/refused 2>&1
	cat /run/refused
	grep -qF "$text" /run/refused
}

# load NAME [PARAM=VALUE...]: insert one of the .ko files given to boot.sh
load() {
	local name=$1
	shift
	loadmod "/ko/$name.ko" "$@"
}

unload() {
	rmmod "$1"
	[ ! -d "/sys/module/$1" ] || fail "module $1 is still there after rmmod"
}

# wait_for CMD...: until it is so, which must not take a minute and a half
wait_for() {
	local end
	end=$(($(now) + 90))
	until "$@"; do
		[ "$(now)" -lt $end ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

# now: in seconds, since the start
now() {
	cut -d. -f1 /proc/uptime
}

# random N: one of 0 to N - 1
random() {
	echo $((($(od -An -N4 -tu4 /dev/urandom)) % $1))
}

# dmesg: as ever, but in "dmesg | grep -q" it is no failure that grep does not
# read to the end
dmesg() {
	local status=0
	command dmesg "$@" || status=$?
	[ $status = 0 ] || [ $status = 141 ] # 128 + SIGPIPE
}

# expect_splat TEXT CMD...: run CMD, which must make the kernel complain: with
# TEXT in the headline of a warning, or at the beginning of any other report
expect_splat() {
	local text=$1 status=0
	shift
	echo "EXPECT-SPLAT-BEGIN $text" >/dev/kmsg
	"$@" || status=$?
	echo "EXPECT-SPLAT-END" >/dev/kmsg
	return $status
}

# without_lockdep: what the script provokes switches lockdep off, which is a failure
# at the end of all others. "# last: REASON" in its header lets it share a boot.
without_lockdep() {
	touch /state/without_lockdep
}

# A kernel that switched lockdep off has looked at no lock since.
look_at_lockdep() {
	[ ! -e /state/without_lockdep ] || return 0
	! grep -qs '^ debug_locks: *0$' /proc/lockdep_stats ||
		echo "harness: lockdep is off at the end: locks were not checked"
}

# The example's set
set_dir() {
	echo /sys/kernel/debug/bioset/bioset_stripe.*
}

# The same, or whichever else there is
set_stats() {
	cat /sys/kernel/debug/bioset/*/stats
}

# set_stat NAME: a number of the example's set
set_stat() {
	# awk reads to the end: cat must not fail because nobody listens.
	set_stats | awk -v name="$1" '$1 == name && !n++ { print $2 }'
}

# stat_is NAME VALUE
stat_is() {
	[ "$(set_stat "$1")" = "$2" ]
}

# starve N: the example's set, as its knob takes it: 1 leaves it but its reserve
starve() {
	echo "$1" >"$(set_dir)/starve"
}

# all_back: nothing is out of the example's set, and its reserve is whole
all_back() {
	stat_is in_flight 0
	[ "$(set_stat reserve)" = "$(set_stat pool_size)" ]
}

# nap SECONDS: sleep without a process, for when none can be started; busybox has
# read -t. get_ready_to_nap goes before.
get_ready_to_nap() {
	mkfifo /run/nap
	exec 3<>/run/nap
}

nap() {
	# shellcheck disable=SC3045
	read -r -t "$1" _ <&3 || true
}

# eat_memory SECONDS [CMD...]: no memory is to be had for that time. CMD, a function,
# does with what the shell is.
eat_memory() {
	local over=N
	load bioset_eatmem seconds="$1"
	shift
	"$@"
	while [ "$over" = N ]; do
		nap 1
		read -r over </sys/module/bioset_eatmem/parameters/done || true
	done
	unload bioset_eatmem
	command dmesg | sed -n 's/.*\] eatmem: \(held .*\)/\1/p' | tail -n 1
}

NULLB=/sys/kernel/config/nullb

# null_disk NAME KEY=VALUE...: /dev/NAME, a disk of null_blk's, which was loaded
# with nr_devices=0
null_disk() {
	local dir=$NULLB/$1 word
	shift
	[ -d $NULLB ] || mount -t configfs none /sys/kernel/config
	mkdir "$dir"
	for word in "$@" power=1; do
		echo "${word#*=}" >"$dir/${word%%=*}"
	done
	# Before 5.12 a disk has a number only.
	[ -e "/dev/${dir##*/}" ] || ln -sf "nullb$(cat "$dir/index")" "/dev/${dir##*/}"
	[ -b "/dev/${dir##*/}" ]
}

# null_disks N KEY=VALUE...: /dev/nullb0 and so on, of 1 GiB, with null_blk
null_disks() {
	local n=$1 i=0
	shift
	modprobe null_blk nr_devices=0
	while [ "$i" -lt "$n" ]; do
		null_disk "nullb$i" size=1024 "$@"
		i=$((i + 1))
	done
}

# slow_disks MS KEY=VALUE...: three that complete each request after that time. Each
# is scanned for partitions when it is made, by some requests one after the other.
slow_disks() {
	local ms=$1
	shift
	null_disks 3 irqmode=2 completion_nsec=$((ms * 1000000)) "$@"
}

# Those that null_disk() made
remove_null_disks() {
	local dir
	for dir in "$NULLB"/*/; do
		[ -d "$dir" ] || continue
		rmdir "$dir"
		rm -f "/dev/$(basename "$dir")" # null_disk()'s, if any
	done
}

no_null_disks() {
	remove_null_disks
	rmmod null_blk
}

injectors() {
	echo /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc
}

# arm_faults: injected faults are to hit allocations that may sleep as well, and
# those of a single page, and not to print a stack each
arm_faults() {
	local dir
	for dir in $(injectors); do
		echo N >"$dir/ignore-gfp-wait"
		echo 0 >"$dir/verbose"
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# nothing_left: no slab, workqueue thread, disk or debugfs file of ours after
# the last module went
nothing_left() {
	local found
	found=$({
		# What is missing or just ends must not end the search.
		ls /sys/kernel/slab 2>/dev/null || true
		cut -d' ' -f1 /proc/slabinfo 2>/dev/null || true
		ls /sys/kernel/debug /sys/block
		cat /proc/[0-9]*/comm 2>/dev/null || true
		cut -d' ' -f1 /proc/modules
	} | awk '/^(bset|bioset_|bioset$|stripe)/' | sort -u | tr '\n' ' ')
	[ -z "$found" ] || fail "left behind: $found"
}

# scan_leaks: two scans, because a fresh object needs a second look, and objects
# younger than five seconds are not reported at all
scan_leaks() {
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
}

# no_leaks_now: what others do after it is not to hide a leak
no_leaks_now() {
	local file=/sys/kernel/debug/kmemleak
	if [ ! -e $file ]; then
		not_looked_for "this kernel has no kmemleak"
		return
	fi
	scan_leaks
	if [ -n "$(head -c 1 $file)" ]; then
		head -n 80 $file
		fail "kmemleak found something"
	fi
}

# no_leaks: now, or once for all scripts that share a boot, when all have run
no_leaks() {
	if [ "$SCRIPTS" = 1 ] || [ ! -e /sys/kernel/debug/kmemleak ]; then
		no_leaks_now
	else
		touch /state/leaks
		not_looked_for "that comes when all scripts have run"
	fi
}

# mount_host: the host's root, read-only, at /host, for chroot; with a writable
# /tmp and /mnt. Needs boot.sh --host-root, or guest.host_disk=, the name of a
# disk that tests/lab/programs-disk.sh made.
mount_host() {
	local disk
	disk=$(word host_disk)
	mkdir -p /host
	if [ -n "$disk" ]; then
		modprobe ext4
		mount -t ext4 -o ro "/dev/$disk" /host
	else
		modprobe virtio_pci
		modprobe 9pnet_virtio
		modprobe 9p
		mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose \
			host /host
	fi
	mount -o bind /dev /host/dev
	mkdir -p /dev/shm
	mount -t tmpfs none /dev/shm
	mount -o bind /proc /host/proc
	mount -o bind /sys /host/sys
	mount -t tmpfs none /host/tmp
	mount -t tmpfs none /host/mnt
}

# host CMD...: run the host's CMD. By way of env, because busybox's chroot would
# prefer an applet of the same name.
host() {
	chroot /host /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

CG=/sys/fs/cgroup

# use_groups CONTROLLER...: cgroups of version 2, with these controllers
use_groups() {
	local name
	mount -t cgroup2 none $CG
	for name; do
		echo "+$name" >$CG/cgroup.subtree_control
	done
}

# in_group NAME CMD...: run CMD there. With & it is to be "exec"ed by a shell
# of its own.
in_group() {
	local group=$1
	shift
	# shellcheck disable=SC2016 # for that shell
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' $CG/"$group" "$@"
}

group() {
	mkdir $CG/"$1"
}

# throttle GROUP WIOPS DISK...
throttle() {
	local group=$1 wiops=$2 name
	shift 2
	for name; do
		echo "$(cat /sys/block/"$name"/dev) wiops=$wiops" >$CG/"$group"/io.max
	done
}

# A group that is left takes a moment to be empty.
no_group() {
	wait_for rmdir $CG/"$1" 2>/dev/null
}

# A file system at /host/mnt, on the caller's $disk
# shellcheck disable=SC2154
make_fs() {
	host mkfs.ext4 -q -F "$disk"
	mount_fs
}

mount_fs() {
	mount -t ext4 "$disk" /host/mnt
}

# Content, and without a repair
check_fs() {
	host e2fsck -f -n "$disk"
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
