#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# powercut.sh [FS...]: ext4 and xfs (or FS) on the example driver with its set
# starved; cuts the guest's power while files are written, boots again and
# demands that the file system is sound and that every file whose fsync()
# returned is whole. FILES=n: how many files before the cut (default: some).

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

new_disks() {
	local n
	drives=()
	for n in 1 2 3; do
		rm -f "$work/disk$n"
		truncate -s 256M "$work/disk$n"
		drives+=(--drive "$work/disk$n")
	done
}

in_guest() {
	local fs=$1 phase=$2
	shift 2
	guest --name "powercut-$fs-$phase" --host-root --mem 768 --time 300 \
		--modules "virtio_blk $fs" "${drives[@]}" \
		--append "guest.fs=$fs guest.phase=$phase" "$@" powercut.sh
}

# What the guest said that it had synced before the cut, as sha256sum -c wants
# it. A last line that was cut in the middle does not count.
synced() {
	tr -d '\r' <"$1" |
		sed -n 's/^.*guest: SYNCED [0-9]* \([0-9a-f]\{64\}\) \(f[0-9]*\)$/\1  \2/p'
}

cut_power() {
	local fs=$1 files=${FILES:-$((20 + RANDOM % 20))}
	new_disks
	say "$fs: writing until file $files, then the power is cut"
	in_guest "$fs" write --cut-at "guest: SYNCED $files " || return
	if [ "$outcome" != cut ]; then
		echo "not ok $fs: power cut - the guest ended by itself: $outcome"
		return 1
	fi
	synced "$log/console.log" >"$work/synced"
	say "$fs: $(wc -l <"$work/synced") files were synced; booting again"
	[ -s "$work/synced" ] || die "no file was synced"
	in_guest "$fs" check --file "$work/synced:synced" \
		--show 'files are whole'
}

need_pkgs "the power cut" fio e2fsprogs xfsprogs
use_flavour stock
work=$(mktemp -d "$CACHE/powercut.XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0
[ $# -gt 0 ] || set -- ext4 xfs
for fs; do
	cut_power "$fs" || status=1
done
exit $status
