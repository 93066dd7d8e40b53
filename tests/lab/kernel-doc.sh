#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-doc.sh: print where the kernel's scripts/kernel-doc of 6.1 is, for a machine
# whose own packages have none; see scripts/man.sh.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

dir=$CACHE/kernel-doc found=usr/lib/linux-kbuild-6.1/scripts/kernel-doc
fetch() {
	[ -x "$dir/$found" ] ||
		suite_unpack "$(suite_of 6.1)" "$(dpkg --print-architecture)" "$dir" linux-kbuild-6.1
}
with_lock kernel-doc fetch
echo "$dir/$found"
