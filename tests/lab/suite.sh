#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# suite.sh SUITE: make a chroot of that Debian suite (bullseye, bookworm, trixie,
# sid, experimental) with its compiler in the cache, and print its directory.
# A second run finds it.
# suite.sh --run SUITE CMD...: run CMD there; it sees the cache and this tree.
#
# The mirror is the one that this machine's own apt uses.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=debian.sh
. "$TOP/tests/lab/debian.sh"

# What each build of a module wants
PKGS=make,gcc,libc6-dev,libelf-dev,kmod,ccache

usage() {
	die "usage: suite.sh SUITE | --run SUITE CMD...; SUITE is one of: bullseye bookworm trixie sid experimental"
}

# The machine may reach its mirror through a proxy.
proxies() {
	apt-config dump | grep -E '^Acquire::[a-z:]*proxy' || true
}

# Nobody reads manuals there, and a lost chroot is made again.
bootstrap() {
	suite_sources "$suite" | as_root mmdebstrap --variant=apt --include="$PKGS" \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$1" -
}

# experimental is no suite of its own, but a few packages on top of sid.
overlay() {
	"$TOP/tests/lab/suite.sh" sid
	as_root cp -a "$CACHE/suites/sid" "$1"
	suite_sources experimental | as_root tee "$1/etc/apt/sources.list"
	chroot_apt "$1" update
}

make_suite() {
	[ ! -e "$dir/.done" ] || return 0
	local start=$SECONDS log=$CACHE/logs/suite-$suite.log how=bootstrap
	need_pkgs "a chroot of $suite" mmdebstrap debian-archive-keyring util-linux
	[ "$suite" != experimental ] || how=overlay
	# Says so when the mirror lacks the suite
	need_lists "$suite" "$(dpkg --print-architecture)"
	say "making a chroot of $suite (a minute or two, once; log: $log)"
	as_root rm -rf "$dir.part"
	mkdir -p "$CACHE/suites"
	quietly "$log" "$how" "$dir.part" || die "making the chroot of $suite failed; see $log"
	proxies | as_root tee "$dir.part/etc/apt/apt.conf.d/99proxy" >/dev/null
	as_root rm -rf "$dir"
	as_root touch "$dir.part/.done"
	as_root mv "$dir.part" "$dir"
	say "made the chroot of $suite in $(took "$start")"
}

run=''
[ "${1:-}" != --run ] || { run=1 && shift; }
[ $# -ge 1 ] || usage
suite=$1
shift
case $suite in
bullseye | bookworm | trixie | sid | experimental) ;;
*) usage ;;
esac
dir=$CACHE/suites/$suite
if ! own_suite "$suite"; then
	with_lock "make-suite-$suite" make_suite
else
	dir=/
fi
if [ -n "$run" ]; then
	[ $# -ge 1 ] || usage
	in_suite "$suite" "$@"
else
	[ $# = 0 ] || usage
	echo "$dir"
fi
