#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# intree-driver.sh [DRIVER] [FLAVOUR]: take a driver, unmodified, from Debian's
# source of a kernel, build it with "-include bioset.h" and have it do I/O on our
# sets, on Debian's stock kernel of that source. DRIVER is
#
#   bcache     the one driver that still asks for a rescuer
#   dm-crypt   one set for each disk, which reads try without sleeping
#
# FLAVOUR is a kernel, as for run; stock when none is named.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"

driver=${1:-bcache} flavour=${2:-stock}
case $driver in
bcache) packages=bcache-tools modules='' ;;
dm-crypt) packages=dmsetup modules="crypto-aes crypto-ecb crypto-xts" ;;
*) die "usage: intree-driver.sh [DRIVER] [FLAVOUR]; DRIVER is one of: bcache dm-crypt" ;;
esac

# Of the source; the last number stops at 255, as the kernel's own does.
source_code() {
	sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = //p' "$src/Makefile" | xargs |
		awk '{ print $1 * 65536 + $2 * 256 + ($3 > 255 ? 255 : $3) }'
}

headers_code() {
	sed -n 's/^#define LINUX_VERSION_CODE //p' "$kdir/include/generated/uapi/linux/version.h"
}

# What a private header says now may not be what the kernel was built with.
find_source() {
	local release
	release=$(kdir_release "$kdir")
	src=$("$TOP/tests/lab/kernel.sh" --source "$(cut -d. -f1,2 <<<"$release")")
	[ "$(source_code)" = "$(headers_code)" ] ||
		die "the headers of $release are not of the version of $src"
}

# Below drivers/md: the driver's files and the headers that are private to it
driver_files() {
	case $driver in
	bcache) (cd "$src/drivers/md" && ls bcache/*) ;;
	dm-crypt)
		echo dm-crypt.c
		sed -n 's/^#include "\(.*\)"/\1/p' "$src/drivers/md/dm-crypt.c"
		;;
	esac
}

# In a copy, so that what was unpacked stays as it was.
copy_driver() {
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$src/drivers/md" && driver_files | xargs cp --parents -t "$work")
	case $driver in
	bcache) dir=$work/bcache ;;
	dm-crypt)
		dir=$work
		echo "obj-m := dm-crypt.o" >"$dir/Kbuild"
		;;
	esac
}

build_driver() {
	local file
	copy_driver
	quietly "$log" kdir_make "$kdir" "M=$dir" -j"$JOBS" CONFIG_BCACHE=m \
		"KCFLAGS=-include $build/bioset.h" \
		"KBUILD_EXTRA_SYMBOLS=$build/Module.symvers" modules ||
		die "$driver does not build with -include bioset.h for the $flavour kernel"
	# A driver that defines pr_fmt itself defines it twice under -include.
	if grep -i 'warning:' "$log" | grep -v 'pr_fmt. redefined' >&2; then
		die "building $driver gave the warnings above (all: $log)"
	fi
	for file in $(driver_files); do
		cmp "$src/drivers/md/$file" "$work/$file" >&2 ||
			die "the build changed $driver's source"
	done
}

# How often it makes a set
count_sets() {
	(cd "$work" && driver_files | xargs cat) | grep -c '[^_a-z]bioset_init('
}

need_pkgs "an in-tree driver on our sets" "$packages" fio e2fsprogs coreutils kmod
use_flavour "$flavour"
find_source
work=$CACHE/intree/$driver-$flavour
log=$CACHE/logs/intree-$driver-$flavour.log
say "building $driver with -include bioset.h"
with_lock "intree-$driver-$flavour" build_driver
depends=$(modinfo -F depends "$dir/$driver.ko")

"$TOP/tests/lab/boot.sh" --name "intree-$driver-$flavour" --kernel "$kernel" \
	--build "$build" --file "$dir/$driver.ko:/ko/$driver.ko" \
	--file "$TOP/tests/drivers/intree.sh:/intree.sh" \
	--modules "null_blk ext4 $modules $(tr , ' ' <<<"${depends//bioset_core/}")" \
	--append "guest.depends=$depends guest.sets=$(count_sets)" --host-root \
	--mem 1024 --time 500 "$TOP/tests/drivers/$driver.sh"
