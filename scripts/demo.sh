#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: boot Debian's own kernel in QEMU, load the module and the example
# over three RAM-backed disks, put ext4 and real files on it and verify them.
# Nothing on this machine is changed but for the packages that it says it
# installs.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

start=$SECONDS
need_pkgs "the demonstration's disks" fio e2fsprogs util-linux gnuplot-nox python3
use_flavour stock
release=$(cat "$kernel/release")
say "packing the files of linux-headers-$release"
files=$CACHE/guest/demo
"$TOP/tests/lab/files-disk.sh" \
	"$(realpath "/usr/src/linux-headers-${release%-amd64}-common")/include" "$files"
say "booting linux-image-$release in QEMU"
status=0
"$TOP/tests/lab/boot.sh" --kernel "$kernel" --build "$build" --host-root \
	--modules "null_blk ext4" --drive "$files.tar" --file "$files.sums:files.sums" \
	--file "$TOP/tests/guest/stripe.sh" --mem 1536 --time 300 \
	--show '^(==> |    |FAILED)' "$TOP/tests/guest/demo.sh" >"$CACHE/logs/demo" || status=$?
rm -f "$files.tar" "$files.sums"
if [ $status = 0 ]; then
	picture=$CACHE/rescue.svg
	log=$(sed -n 's/^log: //p' "$CACHE/logs/demo")/console.log
	"$TOP/scripts/rescue-picture.py" "$log" "$picture" ||
		die "there is no rescue in the trace: $log"
	echo "a picture of the rescue: $picture"
	echo "demo: PASS in $(took "$start"): the files were whole, the kernel had no complaint"
else
	echo "demo: FAIL ($(tail -n 1 "$CACHE/logs/demo"))"
	exit 1
fi
