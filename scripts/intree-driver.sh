#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# intree-driver.sh: take bcache, unmodified, from Debian's kernel source, build
# it with "-include bioset.h" and have it do I/O on our sets, on Debian's stock
# kernel. bcache is the one driver of that kernel that still asks for a rescuer.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

SRCPKG=linux-source-6.1
DRIVER=drivers/md/bcache

# The driver's source; unpacked once for each version of the package.
unpack() {
	[ ! -d "$src" ] || return 0
	say "unpacking $DRIVER of $SRCPKG"
	rm -rf "$src.part"
	mkdir -p "$src.part"
	tar -C "$src.part" --strip-components=4 \
		-xf "/usr/src/$SRCPKG.tar.xz" "$SRCPKG/$DRIVER"
	mv "$src.part" "$src"
}

# In a copy, so that what was unpacked stays as it was.
build_driver() {
	rm -rf "$work"
	mkdir -p "$work"
	cp -r "$src" "$work/bcache"
	quietly "$log" make -C "$kdir" "M=$work/bcache" -j"$JOBS" \
		CONFIG_BCACHE=m KCFLAGS="-include $build/bioset.h" \
		KBUILD_EXTRA_SYMBOLS="$build/Module.symvers" modules ||
		die "bcache does not build with -include bioset.h"
	# bcache defines pr_fmt itself, which <linux/printk.h> has done already.
	if grep 'warning:' "$log" | grep -v 'pr_fmt. redefined' >&2; then
		die "building bcache gave the warnings above (all: $log)"
	fi
	diff -rq "$src" "$work/bcache" >"$work/diff" || true
	if grep ' differ$' "$work/diff" >&2; then
		die "the build changed bcache's source"
	fi
}

need_pkgs "an in-tree driver on our sets" "$SRCPKG" xz-utils bcache-tools \
	fio e2fsprogs coreutils
kernel=$("$TOP/scripts/stock.sh" amd64)
release=$(cat "$kernel/release")
kdir=/usr/src/linux-headers-$release
build=$("$TOP/scripts/modules.sh" "$kdir" 2>"$CACHE/logs/intree-modules.log") ||
	{ cat "$CACHE/logs/intree-modules.log" >&2; die "the build failed"; }

src=$CACHE/intree/bcache-$(dpkg-query -W -f='${Version}' "$SRCPKG")
work=$CACHE/intree/build
log=$CACHE/logs/intree-driver.log
mkdir -p "$CACHE/intree"
with_lock intree unpack
say "building bcache with -include bioset.h"
with_lock intree build_driver

"$TOP/scripts/boot.sh" --name intree-driver --kernel "$kernel" \
	--build "$build" --file "$work/bcache/bcache.ko:/ko/bcache.ko" \
	--modules "null_blk crc64 ext4 crc32c_generic" --host-root \
	--mem 1024 --time 300 "$TOP/tests/outside/intree.sh"
