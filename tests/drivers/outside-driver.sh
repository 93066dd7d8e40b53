#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# outside-driver.sh [FLAVOUR]: build the small drivers of tests/drivers away from the
# tree, against what "make install" puts down and nothing else of it, and run
# them with the installed module. They are the same source for each kernel:
# samples/compat.h and probes/ go with them, as a driver's author would copy
# them. FLAVOUR is a kernel, as for run; stock when none is named. SOURCES names
# another tree than this one.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"

source=${SOURCES:-$TOP}
flavour=${1:-stock}
find_flavour "$flavour"
release=$(kdir_release "$kdir")
log=$CACHE/logs/outside-driver-$flavour.log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install_below() {
	KDIR=$kdir DESTDIR=$1 "$TOP/scripts/install.sh"
}

build_drivers() {
	kdir_make "$kdir" "M=$work/driver" "BIOSET=$work/root/usr/src/bioset" modules
}

# The C of README.md, as it is printed there
readme_driver() {
	awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md"
}

say "installing below a directory of its own, and building drivers against that"
quietly "$log" install_below "$work/root" || die "make install failed"
cp -r "$source/tests/drivers" "$work/driver"
cp -r "$source/samples/compat.h" "$source/probes" "$work/driver/"
readme_driver >"$work/driver/readme_driver.h"
quietly "$log" build_drivers ||
	die "the drivers do not build against the header installed for the $flavour kernel"
# A driver that defines pr_fmt itself defines it twice under -include.
if grep 'warning:' "$log" | grep -v 'pr_fmt. redefined' >&2; then
	die "building the drivers gave the warnings above (all: $log)"
fi

build=$work/root/lib/modules/$release
files=()
for ko in "$work"/driver/*.ko; do
	files+=(--file "$ko:/ko/${ko##*/}")
done
guest --name "outside-driver-$flavour" --modules brd "${files[@]}" outside.sh
