# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Throw-away machines to install packages on: a Debian suite with a kernel, its
# headers and DKMS, as an overlay over a root that the cache keeps. Source it
# after lib.sh.
#
#   make_base SUITE        sets base, the root in the cache
#   fresh NAME             sets root, an overlay over base with nothing in it, and
#                          adds it to the array roots
#   inside CMD...          runs CMD there, without a network
#   seen CMD...            runs CMD here, with the overlay mounted on $root/m
#   put FILE...            copies files to /root there
#
# Mounts live in namespaces of their own and end with the command.

# shellcheck source=debian.sh
. "$TOP/scripts/debian.sh"

# depends_of ROOT PACKAGE: what a metapackage means today. An old suite's mirror
# may lack the metapackage itself.
depends_of() {
	as_root chroot "$1" apt-cache depends "$2" |
		sed -n 's/.*Depends: \(linux-[a-z]*-[0-9].*\)/\1/p' | head -n 1
}

# A second kernel comes later; until then its packages are in apt's cache.
second_kernel() {
	local list
	list="$(depends_of "$1" linux-image-cloud-amd64) $(depends_of "$1" linux-headers-cloud-amd64)"
	echo "$list" | as_root tee "$1/root/second"
	# shellcheck disable=SC2086 # words
	as_root chroot "$1" apt-get -q install -y --download-only $list
}

bootstrap_base() {
	suite_sources "$2" | as_root mmdebstrap --variant=apt \
		--include=dkms,linux-image-amd64,linux-headers-amd64,openssl,initramfs-tools \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
		--skip=cleanup/apt "$2" "$1" -
}

prepare_base() {
	bootstrap_base "$@" || return 1
	# Nobody boots it with one, and making it takes longer than all the rest.
	echo update_initramfs=no |
		as_root tee "$1/etc/initramfs-tools/update-initramfs.conf"
	second_kernel "$1"
}

build_base() {
	local log=$CACHE/logs/package-$1.log
	[ ! -e "$base/.done" ] || return 0
	say "making a $1 with a kernel and DKMS (some minutes, once; log: $log)"
	as_root rm -rf "$base" "$base.part"
	mkdir -p "${base%/*}"
	quietly "$log" prepare_base "$base.part" "$1" || die "making a $1 failed; see $log"
	as_root touch "$base.part/.done"
	as_root mv "$base.part" "$base"
}

make_base() {
	need_pkgs "installing in Debian's suites" mmdebstrap debian-archive-keyring util-linux
	base=$CACHE/suites/package-$1
	with_lock "package-$1" build_base "$1"
}

roots=()
fresh() {
	root=$CACHE/package/$suite-$1
	as_root rm -rf "$root"
	mkdir -p "$root"/{u,w,m}
	roots+=("$root")
}

# seen CMD...: $root/m is the machine's root
seen() {
	# shellcheck disable=SC2016 # for the inner shell
	as_root unshare -m bash -c '
		mount --make-rprivate /
		mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/u,workdir=$2/w" "$2/m"
		shift 2
		exec "$@"' bash "$base" "$root" "$@"
}

# BEFORE is a command for the machine's own mounts, with $1 its root; with
# NETWORK=1 the machine has one.
BEFORE=:
NETWORK=''
inside() {
	local isolate=()
	[ -n "$NETWORK" ] || isolate=(-n)
	# shellcheck disable=SC2016 # for the inner shell
	seen unshare ${isolate[@]+"${isolate[@]}"} -p -f bash -c '
		set -e
		mount -t proc proc "$1/proc"
		mount -t tmpfs tmpfs "$1/tmp"
		mount --rbind /dev "$1/dev"
		eval "$2"
		root=$1
		shift 2
		exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"' \
		bash "$root/m" "$BEFORE" "$@"
}

put() {
	as_root mkdir -p "$root/u/root"
	as_root cp "$@" "$root/u/root/"
}

apt_inside() {
	local isolate=()
	[ -n "$NETWORK" ] || isolate=(-n)
	inside apt-get -q -y --no-install-recommends "$@"
}
