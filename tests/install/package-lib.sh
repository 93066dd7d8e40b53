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
#   sources                copies this tree to /srv/bioset there
#   try NAME CMD...        is one result; CMD may be a function with checks
#   must CMD...            is one check in such a function
#   choose "PART..." "$@"  what a script takes: sets part, which is one of these or
#                          "all", and the suites that are named
#   wanted PART            was it chosen?
#   in_suites NAME SECONDS CMD SUITE...
#                          is a step for each suite
#
# Mounts live in namespaces of their own and end with the command.

# shellcheck disable=SC2034 # for who sources this
SUITES=(bullseye bookworm trixie sid) # all that are supported
# shellcheck disable=SC2034
REFUSING=(bookworm) # bad input is much the same in all
VERSION=$(cat "$TOP/VERSION")

# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

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
trouble=''
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

# What the tree holds, without what git and make keep beside it
sources() {
	as_root mkdir -p "$root/u/srv/bioset"
	(cd "$TOP" && find . -path ./.git -prune -o -type f -print0 |
		as_root xargs -0 cp --parents -t "$root/u/srv/bioset")
}

# with_network CMD...: names are looked up as here, apt says yes by itself.
with_network() {
	as_root mkdir -p "$root/u/etc/apt/apt.conf.d"
	echo 'APT::Get::Assume-Yes "true";' | as_root tee "$root/u/etc/apt/apt.conf.d/90yes" >/dev/null
	as_root cp -L /etc/resolv.conf "$root/u/etc/resolv.conf"
	NETWORK=1
	must inside apt-get -q update
	must "$@"
	NETWORK=''
}

# ---------------------------------------------------------- what is seen there

# try NAME CMD...: one result; the log of what fails is shown
try() {
	local name=$1 log=$CACHE/logs/package-$suite-try.log
	shift
	if ("$@") >"$log" 2>&1 </dev/null; then
		ok "$name"
	else
		tail -n 25 "$log" >&2
		cp "$log" "$CACHE/logs/package-$suite-${name//[^a-zA-Z0-9]/-}.log"
		not_ok "$name - see $CACHE/logs/package-$suite-${name//[^a-zA-Z0-9]/-}.log"
		trouble=1
	fi
}

# What failed is kept, to be looked at.
tidy() {
	[ -n "$trouble" ] || as_root rm -rf "${roots[@]}"
}

# Like set -e, which a condition switches off: a script of checks. Each line
# is a command; the first that fails is named.
must() {
	"$@" || { echo "failed: $*" && exit 1; }
}

kernels() {
	# shellcheck disable=SC2016 # for the inner shell
	seen sh -c 'cd "$1/lib/modules" && ls -d */ | tr -d /' _ "$root/m"
}

# built_for KERNEL MODULE: as DKMS and depmod see it
built_for() {
	inside modinfo -k "$1" -F vermagic "$2" | grep -q "^$1 " &&
		inside dkms status -k "$1" | grep -q 'bioset.*: installed' &&
		seen grep -q "updates/dkms/$2.ko" "$root/m/lib/modules/$1/modules.dep"
}

core_version() {
	[ "$(inside modinfo -k "$1" -F version bioset_core)" = "$VERSION" ]
}

# Not one that came later, or that a test made up
first_kernel() {
	kernels | grep -Ev 'cloud|-old$|-new$' | head -n 1
}

new_kernel() {
	kernels | grep cloud | head -n 1
}

# What a machine has, but for logs, caches (python's too: DKMS of Debian 11 calls
# it), lists of apt and dpkg, the indexes that depmod rewrites and DKMS's own keys
files() {
	# shellcheck disable=SC2016
	inside find / -xdev \( -path /root -o -path /tmp -o -path /proc -o -path /dev \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
		-o -path /var/lib/dpkg -o -path '/lib/modules/*/modules.*' \
		-o -path '/usr/lib/modules/*/modules.*' -o -path '/var/lib/dkms/mok.*' \
		-o -name __pycache__ \) \
		-prune -o -print | sort
}

# says LINES-WITH TEXT LOG: exactly one line of ours, and TEXT is in it
says() {
	grep -q "^bioset: .*$1" "$2" || { cat "$2" && must false "no line says \"$1\""; }
	[ "$(grep -c '^bioset: ' "$2")" = 1 ] || { cat "$2" && must false "not one line"; }
}

# other_version KERNEL MAJOR MINOR: headers of the first kernel, with that number
# and without a function that we need
other_version() {
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -ec '
		real=$(readlink -f "/lib/modules/$1/build")
		cp -a "$real" "/usr/src/linux-headers-$2"
		mkdir "/lib/modules/$2"
		ln -s "/usr/src/linux-headers-$2" "/lib/modules/$2/build"
		file=/usr/src/linux-headers-$2/include/generated/uapi/linux/version.h
		code=$(($3 * 65536 + $4 * 256))
		sed -i "s/LINUX_VERSION_CODE .*/LINUX_VERSION_CODE $code/" "$file"
		echo "#define submit_bio_noacct(bio) name_of_the_future(bio)" \
			>>"/usr/src/linux-headers-$2/include/generated/autoconf.h"' \
		_ "$(first_kernel)" "$@"
}

choose() {
	local parts=$1
	shift
	part=${1:-all}
	[ $# = 0 ] || shift
	[ $# = 0 ] || SUITES=("$@") REFUSING=("$@")
	mkdir -p "$CACHE/logs"
	[[ " $parts all " = *" $part "* ]] ||
		die "usage: ${0##*/} [${parts// /|}|all] [SUITE...]"
}

wanted() {
	[ "$part" = "$1" ] || [ "$part" = all ]
}

in_suites() {
	local name=$1 limit=$2 cmd=$3 suite
	shift 3
	for suite; do
		step "$name in $suite" "$limit" "$cmd" "$suite"
	done
}
