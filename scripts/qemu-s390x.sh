#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qemu-s390x.sh ARGS...: qemu-system-s390x, that of Debian 13 if this machine's is
# too old.
#
# Before 8.0, QEMU adds the distance in an instruction such as LARL with 32 bits:
# what is more than 2 GiB away is looked for 4 GiB below. A module of Linux 7.2 is
# as far from its per-CPU variables.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=debian.sh
. "$TOP/scripts/debian.sh"

program=qemu-system-s390x
suite=''
version=$($program --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
if dpkg --compare-versions "$version" lt 8.0; then
	suite=trixie
	suite_need $suite "emulating s390x" qemu-system-misc
fi
in_suite "$suite" $program "$@"
