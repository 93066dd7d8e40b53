#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stock.sh NAME: unpack one of Debian's kernels into the cache, with headers to
# build modules for it, and print the directory. NAME is
#
#   6.1 (or stock), 5.10, 6.12, 7.2, experimental     for amd64
#   6.1-rt (or rt), 6.1-cloud, 6.12-rt, 7.2-rt, ...   another flavour of it
#   arm64, s390x, i386, armhf, ppc64el                6.1 of another machine
#   arm64-7.2, s390x-7.2, ...                         the same, other versions
#   riscv64                                           7.2 of it
#
# stock.sh --names prints those that the tests use.
#
# In the directory: boot/vmlinuz-*, lib/modules/*, and the files "release",
# "arch" (Debian's name), "suite", and "kdir", which names the headers. No
# kernel is installed on the machine.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"
# shellcheck source=../../scripts/kdir.sh
. "$TOP/scripts/kdir.sh"

NAMES="6.1 6.1-rt 6.1-cloud 5.10 6.12 6.12-rt 7.2 7.2-rt experimental \
arm64 s390x i386 armhf ppc64el arm64-7.2 s390x-7.2 riscv64"

# Sets version, arch and kind (rt, cloud or nothing)
parse_name() {
	version=6.1 arch=amd64 kind=''
	case $1 in
	stock | amd64) ;;
	rt | cloud) kind=$1 ;;
	rt-amd64 | cloud-amd64) kind=${1%-amd64} ;;
	experimental) version=experimental ;;
	[0-9]*-rt | [0-9]*-cloud) version=${1%-*} kind=${1##*-} ;;
	[0-9]*) version=$1 ;;
	arm64 | s390x | i386 | armhf | ppc64el) arch=$1 ;;
	# It came to Debian later.
	riscv64) arch=riscv64 version=7.2 ;;
	arm64-* | s390x-* | i386-* | armhf-* | ppc64el-* | riscv64-*)
		arch=${1%%-*} version=${1#*-}
		;;
	*) die "Debian has no kernel \"$1\" here; there are: $NAMES" ;;
	esac
}

# What Debian calls the plain kernel of an architecture
image_flavour() {
	case $arch in
	i386) echo 686-pae ;;
	armhf) echo armmp ;;
	ppc64el) echo powerpc64le ;;
	*) echo "${kind:+$kind-}$arch" ;;
	esac
}

# image_package META: the package that the metapackage means today
image_package() {
	suite_cache "$suite" "$arch" depends "$1" |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

find_image() {
	local meta
	meta=linux-image-$(image_flavour)
	image=$(image_package "$meta") || true
	if [ -z "$image" ]; then
		refresh_lists "$suite" "$arch"
		image=$(image_package "$meta") || true
	fi
	[ -n "$image" ] || die "no package $meta in Debian's suite $suite for $arch"
	release=${image#linux-image-}
	case $release in
	"$version"[.-]*) ;;
	*) [ "$version" = experimental ] ||
		die "Debian's $suite has Linux $release now, and no longer $version" ;;
	esac
}

# The image may be a package of its own or be split into several.
image_packages() {
	echo "$image"
	suite_cache "$suite" "$arch" depends "$image" |
		sed -n 's/^ *Depends: \(linux-\(base\|binary\|modules\)-[0-9].*\)/\1/p'
}

# One place for each thing, whatever the package calls it
arrange() {
	local root=$1 image
	[ -d "$root/lib/modules" ] || { mkdir -p "$root/lib" && ln -s ../usr/lib/modules "$root/lib/modules"; }
	mkdir -p "$root/boot"
	for image in "$root/usr/lib/modules/$release/vmlinuz" "$root/boot/vmlinux-$release"; do
		[ ! -f "$image" ] || ln -sr "$image" "$root/boot/vmlinuz-$release"
	done
	[ -f "$root/boot/vmlinuz-$release" ] || die "no kernel in the packages of $release"
	# busybox in the guest, and strip, want them as they are
	find "$root/lib/modules/" -name '*.ko.xz' -exec unxz -T0 {} +
	depmod -b "$root" "$release"
}

fetch() {
	[ ! -e "$dir/release" ] || return 0
	local part=$dir.part
	rm -rf "$part" "$dir"
	# shellcheck disable=SC2046 # words
	suite_unpack "$suite" "$arch" "$part" $(image_packages)
	arrange "$part"
	echo "$release" >"$part/release"
	mv "$part" "$dir"
}

# Headers of another architecture, with the programs of this one. Their
# Makefiles name each other by absolute paths.
foreign_headers() {
	local root=$dir/headers common kbuild file
	[ ! -e "$root/.done" ] || return 0
	rm -rf "$root"
	common=$(suite_cache "$suite" "$arch" depends "linux-headers-$release" |
		sed -n 's/.*Depends: \(linux-headers-.*-common.*\)/\1/p')
	kbuild=$(suite_cache "$suite" "$arch" depends "linux-headers-$release" |
		sed -n 's/.*Depends: \(linux-kbuild-.*\)/\1/p')
	suite_unpack "$suite" "$arch" "$root" "linux-headers-$release" "$common"
	suite_unpack "$suite" "$(dpkg --print-architecture)" "$root" "$kbuild"
	for file in "$root"/usr/src/*/Makefile; do
		sed -i "s|/usr/src/linux-headers|$root&|g" "$file"
	done
	touch "$root/.done"
}

headers() {
	if [ "$arch" != amd64 ]; then
		foreign_headers
		kdir=$dir/headers/usr/src/linux-headers-$release
		suite_need "$suite" "modules for $arch" make libelf-dev \
			"gcc$(debian_gcc "$kdir")-$(cross_target "$arch")"
		foreign_guests "$([ "$arch" = riscv64 ] && echo sid || echo bookworm)" "$arch"
	else
		suite_need "$suite" "modules for $release" "linux-headers-$release"
		kdir=/usr/src/linux-headers-$release
		own_suite "$suite" || kdir=$CACHE/suites/$suite$kdir
	fi
	echo "$suite" >"$dir/suite"
	echo "$arch" >"$dir/arch"
	echo "$kdir" >"$dir/kdir"
}

# What the name meant when the package lists were last fetched
known() {
	local lists=$CACHE/apt/$suite-$arch/lists
	! own_suite "$suite" || [ "$arch" != amd64 ] || lists=/var/lib/apt/lists
	[ "$mark" -nt "$lists" ] && dir=$(cat "$mark") && [ -e "$(cat "$dir/kdir")/Makefile" ]
}

[ "${1:-}" != --names ] || { echo "$NAMES" && exit; }
[ $# = 1 ] || die "usage: stock.sh NAME; NAME is one of: $NAMES"
parse_name "$1"
suite=$(suite_of "$version")
mark=$CACHE/stock/.name-$version-$arch-$kind
if ! known 2>/dev/null; then
	need_pkgs "unpacking kernels" kmod xz-utils
	find_image
	dir=$CACHE/stock/$release
	with_lock "stock-$release" fetch
	with_lock "stock-$release" headers
	echo "$dir" >"$mark"
fi
echo "$dir"
