#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# powercut.sh [PART...]: the example driver with its set starved, over disks
# whose write cache is lost when the power is cut. Parts, all by default:
#
#   cache      what is durable, and in which order: flush, PREFLUSH with data, FUA
#   ext4, xfs  files are written until a cut at some flush; then the file system
#              must be sound after the recovery of its journal, and each file
#              whose fsync() returned whole. ROUNDS=n: that many cuts (default 4)
#
# The disks are those of tests/volatile.c. Cutting the power of QEMU would show
# nothing of flushes: what a guest wrote, flushed or not, is then in the host's
# page cache, which survives. null_blk's cache_size keeps order neither and
# cannot lose its cache; dm-log-writes logs what arrives and wants a replay
# program, which Debian has not. A module of ours can cut at a chosen flush, on
# all disks at once, and without booting again.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

cut_power() {
	local part=$1
	shift
	guest --name "powercut-$part" --time 300 \
		--file "$TOP/tests/guest/volatile.sh" "$@"
}

on_fs() {
	cut_power "$1" --host-root --mem 1024 --modules "$1" \
		--append "guest.fs=$1 guest.rounds=$rounds" powercut.sh
}

rounds=${ROUNDS:-4}
number ROUNDS "$rounds"
[ $# -gt 0 ] || set -- cache ext4 xfs
for part; do
	case $part in
	cache) ;;
	ext4 | xfs) need_pkgs "the power cut" fio e2fsprogs xfsprogs ;;
	*) die "no part \"$part\"; there are: cache ext4 xfs" ;;
	esac
done
use_flavour "${FLAVOUR:-stock}"
status=0
for part; do
	case $part in
	cache) cut_power cache writecache.sh || status=1 ;;
	*) on_fs "$part" || status=1 ;;
	esac
done
exit $status
