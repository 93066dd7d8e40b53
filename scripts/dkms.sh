#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dkms.sh [--remove]: hand the sources to DKMS, which builds and installs the
# modules for KDIR's kernel now and for every new kernel later.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

conf() {
	sed -n "s/^$1=\"\(.*\)\"/\1/p" "$TOP/dkms.conf"
}

forget() {
	[ -z "$(dkms status "$name/$version")" ] || dkms remove "$name/$version" --all
	rm -rf "${tree:?}"
}

# What the build reads; bench and tests are not for an installation.
copy_sources() {
	mkdir -p "$tree/samples"
	cp "$TOP"/*.[ch] "$TOP/LICENSE" "$TOP/dkms.conf" "$tree/"
	cp "$TOP"/samples/* "$tree/samples/"
	[ ! -d "$TOP/compat" ] || cp -r "$TOP/compat" "$tree/"
	sed '/^obj-m += /s,\(tests\|bench\)/,,g' "$TOP/Kbuild" >"$tree/Kbuild"
}

[ "$(id -u)" = 0 ] || die "DKMS needs root: sudo make dkms"
need_pkgs "make dkms" dkms
name=$(conf PACKAGE_NAME) version=$(conf PACKAGE_VERSION)
tree=/usr/src/$name-$version
forget
[ "${1:-}" != --remove ] || exit 0
kdir=$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$kdir/include/generated/utsrelease.h")
copy_sources
log=$CACHE/logs/dkms.log
say "building $name $version for $release with DKMS"
quietly "$log" dkms add "$name/$version" || die "dkms add failed"
quietly "$log" dkms install "$name/$version" -k "$release" ||
	die "dkms install failed; see $log"
dkms status "$name/$version"
