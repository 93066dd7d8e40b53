#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stock.sh FLAVOUR (amd64, rt-amd64, cloud-amd64): unpack Debian's current
# kernel image of that flavour into the cache, install its headers and print
# the directory: boot/vmlinuz-*, lib/modules/*, and the name in the file
# "release". The image is not installed; the machine's own boot is not touched.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The package that the metapackage means today.
image_package() {
	apt-cache depends "linux-image-$1" 2>/dev/null |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

find_image() {
	image=$(image_package "$1")
	[ -z "$image" ] || return 0
	say "refreshing the package lists"
	quietly "$CACHE/logs/apt.log" apt_run update || die "apt-get update failed"
	image=$(image_package "$1")
	[ -n "$image" ] || die "no package linux-image-$1 in this machine's package lists"
}

download() {
	local args=(-q)
	# Root's cache is closed to the user that apt would download as.
	[ "$(id -u)" != 0 ] || args+=(-o APT::Sandbox::User=root)
	(cd "$1" && quietly "$CACHE/logs/apt.log" apt-get "${args[@]}" download "$image")
}

fetch() {
	[ ! -e "$dir/release" ] || return 0
	local part=$dir.part
	say "downloading $image"
	rm -rf "$part" "$dir"
	mkdir -p "$part/deb"
	if ! download "$part/deb"; then
		quietly "$CACHE/logs/apt.log" apt_run update || die "apt-get update failed"
		download "$part/deb" || die "could not download $image"
	fi
	dpkg -x "$part"/deb/*.deb "$part"
	rm -r "$part/deb"
	depmod -b "$part" "$release"
	echo "$release" >"$part/release"
	mv "$part" "$dir"
}

case ${1:-} in
amd64 | rt-amd64 | cloud-amd64) ;;
*) die "usage: stock.sh amd64|rt-amd64|cloud-amd64" ;;
esac
find_image "$1"
release=${image#linux-image-}
dir=$CACHE/stock/$release
need_pkgs "modules for $release" kmod "linux-headers-$release"
with_lock "stock-$release" fetch
echo "$dir"
