#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: boot Debian's own kernel in QEMU, load the module and the example
# over three RAM-backed disks, put ext4 and real files on it and verify them.
# Nothing on this machine is changed but for the packages that it says it
# installs.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start=$SECONDS said=$CACHE/logs/demo status=0
need_pkgs "the demonstration's picture" gnuplot-nox python3
mkdir -p "$CACHE/logs"
"$TOP/tests/lab/run" stock demo 2>&1 >/dev/null | tee "$said" >&2 || status=$?
if [ $status = 0 ]; then
	picture=$CACHE/rescue.svg
	log=$(sed -n 's/^==> log: //p' "$said")/console.log
	"$TOP/scripts/rescue-picture.py" "$log" "$picture" ||
		die "there is no rescue in the trace: $log"
	echo "a picture of the rescue: $picture"
	echo "demo: PASS in $(took "$start"): the files were whole, the kernel had no complaint"
else
	echo "demo: FAIL, for the reason above; all that was said is in $said"
	exit 1
fi
