# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Throw-away machines to install on: a Debian suite with a kernel, its headers
# and DKMS, as an overlay over a root that the cache keeps. Source it after
# lib.sh.
#
#   make_base SUITE    sets suite, base (the root in the cache), kernel, and new, the
#                      kernel of the packages in second, which come later
#   fresh NAME [UPPER] sets root, an overlay with nothing in it, over base, or over
#                      base and another machine's UPPER
#   seen CMD...        runs CMD here, with the overlay mounted on $root/m
#   inside CMD...      runs CMD there as root, without a network
#   here COMMANDS      runs them in /srv/bioset there, where sources puts this tree
#   put FILE...        copies files to /root there
#   try NAME CMD...    is one result; CMD may be a function with checks
#   must CMD...        is one check in such a function
#
# Mounts live in namespaces of their own and end with the command.

VERSION=$(cat "$TOP/VERSION")

# shellcheck source=../lab/debian.sh
. "$TOP/tests/lab/debian.sh"

# No initramfs: nobody boots it with one, and making it takes longer than all the
# rest. A second kernel comes later; until then its packages are in apt's cache. An
# old suite's mirror may lack the metapackages themselves.
prepare_base() {
	local list
	suite_sources "$2" | as_root mmdebstrap --variant=apt \
		--include=dkms,linux-image-amd64,linux-headers-amd64,openssl,initramfs-tools,ccache \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
		--skip=cleanup/apt "$2" "$1" - || return 1
	echo update_initramfs=no |
		as_root tee "$1/etc/initramfs-tools/update-initramfs.conf"
	list=$(as_root chroot "$1" apt-cache depends linux-image-cloud-amd64 linux-headers-cloud-amd64 |
		sed -n 's/.*Depends: \(linux-[a-z]*-[0-9].*cloud.*\)/\1/p' | xargs)
	echo "$list" | as_root tee "$1/root/second"
	# shellcheck disable=SC2086 # words
	as_root chroot "$1" apt-get -q install -y --download-only $list
}

build_base() {
	local log=$CACHE/logs/machine-$suite.log
	[ ! -d "$base" ] || return 0
	say "making a $suite with a kernel and DKMS (some minutes, once; log: $log)"
	as_root rm -rf "$base.part"
	mkdir -p "${base%/*}"
	quietly "$log" prepare_base "$base.part" "$suite" || die "making a $suite failed; see $log"
	as_root mv "$base.part" "$base"
}

make_base() {
	suite=$1 base=$CACHE/suites/package-$1
	case $suite in
	bullseye | bookworm | trixie | sid) ;;
	*) die "SUITE is one of: bullseye bookworm trixie sid" ;;
	esac
	need_pkgs "installing in Debian's suites" mmdebstrap debian-archive-keyring util-linux
	with_lock "package-$suite" build_base
	kernel=$(ls "$base/lib/modules") second=$(cat "$base/root/second")
	new=${second%% *} new=${new#linux-image-}
	cache=$CACHE/machines/cache-$suite cache_at=/root/.cache
	mkdir -p "$cache" "$CACHE/logs"
}

# What its root has in its cache, ccache's too, is kept for the next one.
roots=()
fresh() {
	root=${MACHINES:-$CACHE/machines}/${0##*/}-$suite-$1 lower=${2:+$2:}$base
	roots+=("$root")
	as_root rm -rf "$root"
	mkdir -p "$root"/{u,w,m}
}

seen() {
	# shellcheck disable=SC2016 # for the inner shell
	as_root unshare -m --propagation private bash -c '
		mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/u,workdir=$2/w" "$2/m"
		shift 2
		exec "$@"' bash "$lower" "$root" "$@"
}

# With NETWORK=1 the machine has one.
NETWORK=''
inside() {
	local isolate=(-n)
	[ -z "$NETWORK" ] || isolate=()
	# shellcheck disable=SC2016 # for the inner shell
	seen unshare "${isolate[@]}" -p -f bash -c '
		set -e
		root=$1 cache_at=$3
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmpfs "$root/tmp"
		mount --rbind /dev "$root/dev"
		mkdir -p "$root$cache_at"
		mount --bind "$2" "$root$cache_at"
		shift 3
		exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
			"XDG_CACHE_HOME=$cache_at" "CCACHE_DIR=$cache_at/ccache" \
			DEBIAN_KERNEL_USE_CCACHE=1 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive "$@"' \
		bash "$root/m" "$cache" "$cache_at" "$@"
}

here() {
	inside sh -ec "cd /srv/bioset; $1" _ "${2:-}"
}

put() {
	as_root install -D -t "$root/u/root" "$@"
}

apt_inside() {
	inside apt-get -q -y --no-install-recommends "$@"
}

# What the tree holds, without what git keeps beside it
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
	NETWORK=1 inside apt-get -q update && NETWORK=1 "$@"
}

build_made() {
	[ ! -d "$made" ] || return 0
	fresh made
	sources
	with_network here "make && scripts/man.sh" >"$CACHE/logs/made-$suite.log" 2>&1 </dev/null ||
		die "make failed in $suite; see $CACHE/logs/made-$suite.log"
	as_root rm -rf "$root/u/srv" "$CACHE/machines/made-$suite"-*
	as_root mv "$root/u" "$made"
}

# Sets made, the UPPER of a machine where "make" has installed what it needs, once
# and with a network; in sid also what makes the manual pages.
prepare_make() {
	made=$CACHE/machines/made-$suite-$(cat "$TOP"/scripts/*.sh | sha256sum | cut -c1-8)
	with_lock "made-$suite" build_made
}

# fake_kernel KERNEL MAJOR MINOR: the commands that make headers of the machine's
# kernel with another number, and without a function that we need
fake_kernel() {
	local dir=/usr/src/linux-headers-$1
	echo "cp -a $(inside readlink -f "/lib/modules/$kernel/build") $dir
		mkdir /lib/modules/$1; ln -s $dir /lib/modules/$1/build
		sed -i 's/UTS_RELEASE .*/UTS_RELEASE \"$1\"/' $dir/include/generated/utsrelease.h
		sed -i 's/LINUX_VERSION_CODE .*/LINUX_VERSION_CODE $(($2 * 65536 + $3 * 256))/' \
			$dir/include/generated/uapi/linux/version.h
		echo '#define submit_bio_noacct(bio) name_of_the_future(bio)' >>$dir/include/generated/autoconf.h"
}

# ------------------------------------------------------------------- a guest

take_kernel() {
	# shellcheck disable=SC2016 # for the inner shell
	seen sh -ec '
		mkdir -p "$3/boot" "$3/lib/modules/$2"
		cp "$(ls -d "$1/boot/vmlinuz-$2" "$1/usr/lib/modules/$2/vmlinuz" 2>/dev/null | head -n 1)" "$3/boot/vmlinuz-$2"
		cd "$1/lib/modules/$2"
		find modules.order modules.builtin* updates kernel -path "kernel/*" ! -name "brd.ko*" ! -name "efivarfs.ko*" -o -type f \
			-exec cp --parents -t "$3/lib/modules/$2" {} +
		find "$3" -name "*.ko.xz" -exec unxz {} +
		depmod -b "$3" "$2"' _ "$root/m" "$1" "$2"
}

checks() {
	local printed
	printed=$("$TOP/tests/lab/boot.sh" --time 240 "$@") || true
	sed -n "s/^CHECK \(ok\|not ok\) /\1 $suite: /p" <<<"$printed"
	[ "$(tail -n 1 <<<"$printed")" = pass ] && return
	not_ok "$suite: guest - $(tail -n 1 <<<"$printed"); $(sed -n 's/^log: //p' <<<"$printed")"
}

# ----------------------------------------------------------------- the results

failed=''
not_ok() {
	echo "not ok $*"
	failed=1
}

try() {
	local name="$suite: $1" start=$SECONDS
	local log="$CACHE/logs/machine-${name//[^a-zA-Z0-9]/-}.log"
	shift
	if ("$@") >"$log" 2>&1 </dev/null; then
		echo "ok $name"
	else
		tail -n 25 "$log" >&2
		not_ok "$name - see $log"
	fi
	say "$name took $(took "$start")"
}

# Like set -e, which a condition switches off: a script of checks. Each line
# is a command; the first that fails is named.
must() {
	"$@" || { echo "failed: $*" && exit 1; }
}

# What failed is kept, to be looked at.
finish() {
	[ -z "$failed" ] || exit 1
	as_root rm -rf "${roots[@]}"
}

# ---------------------------------------------------------- what is seen there

# built_for KERNEL MODULE: as DKMS and depmod see it
built_for() {
	inside modinfo -k "$1" -F vermagic "$2" | grep -q "^$1 " &&
		inside dkms status -k "$1" | grep -q 'bioset.*: installed' &&
		seen grep -q "updates/dkms/$2.ko" "$root/m/lib/modules/$1/modules.dep"
}

core_version() {
	[ "$(inside modinfo -k "$1" -F version bioset_core)" = "${2:-$VERSION}" ]
}

# What a machine has, but for logs, caches (python's too: DKMS of Debian 11 calls
# it), lists of apt and dpkg, the indexes that depmod rewrites and DKMS's own keys
files() {
	# shellcheck disable=SC2016 # for the inner shell
	seen sh -c 'cd "$1"; find . -xdev \( -path ./root -o -path ./tmp -o -path ./proc -o -path ./dev \
		-o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt -o -path ./run \
		-o -path ./var/lib/dpkg -o -path "*/lib/modules/*/modules.*" \
		-o -path "./var/lib/dkms/mok.*" -o -name __pycache__ \) \
		-prune -o -print | sort' _ "$root/m"
}

# no_trace: of any of the ways to install
no_trace() {
	local left
	left=$(inside sh -c 'ls -d /usr/src/bioset* /usr/share/bioset /usr/local/share/bioset \
		/var/lib/dkms/bioset /lib/modules/*/updates* /usr/local/sbin/biosetstat \
		/usr/local/share/man/man9/* /etc/kernel/*/bioset* 2>/dev/null || true')
	[ -z "$left" ] || must false "left: $left"
}
