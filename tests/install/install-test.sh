#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install-test.sh [PART [SUITE...]]: "make install", "make uninstall", "make
# dkms" and "make undkms" on throw-away machines of Debian's suites.
#
#   life       install, build a driver against it, remove; in each SUITE
#              (default: all that are supported)
#   refusals   bad input and half-removed trees, in each SUITE (default: this
#              release's)
#   all        both of them
#
# One case by hand: install-test.sh --step cases bookworm install_read_only

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=package-lib.sh
. "$TOP/tests/install/package-lib.sh"


# here COMMANDS: in the tree, as root
here() {
	inside sh -ec "cd /srv/bioset; $1" _ "$(first_kernel)"
}

# Once with a network, for the packages that "make" installs and, in sid, for what
# makes the manual pages; what is built lies in root's cache and is used again.
prepared() {
	fresh "made-$suite"
	sources
	with_network here "make && scripts/man.sh" >"$CACHE/logs/install-$suite-make.log" 2>&1 </dev/null ||
		die "make failed in $suite; see $CACHE/logs/install-$suite-make.log"
	made=$root
}

# like_made NAME: a fresh machine where "make" has been used
like_made() {
	fresh "$1"
	as_root cp -a "$made/u/." "$root/u/"
}

# ------------------------------------------------------------------ a life

# A copy of the template that was installed, by its README. Debian's 7.2 has no
# versions of symbols.
template_builds() {
	# shellcheck disable=SC2016 # for the inner shell
	must inside sh -ec '
		cp -r /usr/share/bioset/template /tmp/foo && cd /tmp/foo
		eval "$(sed -n "s/^ *\(sed -i .*\)/\1/p" README)"
		make KDIR=/lib/modules/$1/build modules
		[ "$(modinfo -F depends foo.ko)" = bioset_core ]
		! grep -qx CONFIG_MODVERSIONS=y "/lib/modules/$1/build/.config" ||
			modprobe --dump-modversions foo.ko | grep -q bset_' _ "$1"
}

# installed_at KERNEL DIR: depmod knows them there, and the example's needs
installed_at() {
	local core
	core=$(inside modinfo -k "$1" -n bioset_core)
	[ "${core%/*}" = "/lib/modules/$1/$2" ] ||
		must false "bioset_core for $1 is $core, not in $2"
	inside modprobe -S "$1" --show-depends bioset_stripe | grep -q "^insmod $core" ||
		must false "bioset_stripe does not pull bioset_core"
	must core_version "$1"
}

# What people use
people_can() {
	must inside /usr/local/sbin/biosetstat --version
	must inside test -e /usr/local/share/man/man9/bio_alloc_bioset.9
	must inside test -e /usr/local/share/bash-completion/completions/biosetstat
}

install_and_uninstall() {
	local kernel
	kernel=$(first_kernel)
	files >"$root/before"
	must here "make install"
	must installed_at "$kernel" updates
	must people_can
	must template_builds "$kernel"
	must here "make install"
	must installed_at "$kernel" updates
	must here "make uninstall"
	files >"$root/after"
	must diff "$root/before" "$root/after"
	! inside modinfo -k "$kernel" bioset_core || must false "depmod still knows bioset_core"
}

dkms_and_undkms() {
	local kernel
	kernel=$(first_kernel)
	files >"$root/before"
	must here "make dkms"
	must built_for "$kernel" bioset_core
	must installed_at "$kernel" updates/dkms
	must template_builds "$kernel"
	must here "make dkms"
	must built_for "$kernel" bioset_stripe
	must here "make undkms"
	files >"$root/after"
	must diff "$root/before" "$root/after"
	[ -z "$(inside dkms status)" ] || must false "DKMS still has $(inside dkms status)"
}

dkms_and_a_new_kernel() {
	must here "make dkms"
	# shellcheck disable=SC2046 # words
	must apt_inside install $(cat "$base/root/second")
	must built_for "$(new_kernel)" bioset_core
	must here "make undkms"
	no_trace
}

# For two kernels, of which one goes, with its headers
uninstall_after_a_kernel() {
	local old
	old=$(first_kernel)
	# shellcheck disable=SC2046 # words
	must apt_inside install $(cat "$base/root/second")
	must here "make install; make install KDIR=/lib/modules/$(new_kernel)/build"
	must installed_at "$old" updates
	must installed_at "$(new_kernel)" updates
	must here "make uninstall KDIR=/lib/modules/$(new_kernel)/build"
	must installed_at "$old" updates
	must inside test -e /usr/src/bioset/bioset.h
	must inside sh -c "rm -r /usr/src/linux-headers-* /lib/modules/*/build"
	must here "make uninstall"
	no_trace
}

# no_trace: of any of the ways to install
no_trace() {
	local left
	left=$(inside sh -c 'ls -d /usr/src/bioset* /usr/share/bioset /usr/local/share/bioset \
		/var/lib/dkms/bioset /lib/modules/*/updates* /usr/local/sbin/biosetstat \
		/usr/local/share/man/man9/* 2>/dev/null || true')
	[ -z "$left" ] || must false "left: $left"
}

# ------------------------------------------------------------- what is refused

# refused TEXT COMMANDS: fails with one line of ours that has TEXT, and leaves
# the machine as it was. LEFT_THERE are files that it must not have made on a
# file system that is there for the moment only.
LEFT_THERE=/nowhere
refused() {
	local log=$root/log mounts=$BEFORE
	BEFORE=: files >"$root/before"
	BEFORE=$mounts
	! inside sh -c "cd /srv/bioset; $2; status=\$?; ls -d $LEFT_THERE; exit \$status" \
		>"$log" 2>&1 || { cat "$log" && must false "not refused: $2"; }
	cat "$log"
	[ "$(grep -c '\.sh: error: ' "$log")" = 1 ] || must false "not one line of ours"
	must grep -q "\.sh: error: .*$1" "$log"
	! grep -qx "$LEFT_THERE" "$log" || must false "something is left"
	BEFORE=:
	files >"$root/after"
	must diff "$root/before" "$root/after"
}

install_as_a_user() {
	refused 'needs root' "setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME=/tmp make install"
}

install_without_headers() {
	must inside sh -c 'rm -r /usr/src/linux-headers-* /lib/modules/*/build'
	refused 'no kernel headers found: install' 'make install'
}

install_with_half_the_headers() {
	# shellcheck disable=SC2016
	must here 'rm "$(readlink -f /lib/modules/$1/build)/Module.symvers"'
	refused 'has no Module.symvers' "make install KDIR=/lib/modules/$(first_kernel)/build"
}

install_without_compiler() {
	must inside sh -c 'rm /usr/bin/*gcc-[0-9]*'
	refused 'and there is none: install it' 'make install'
}

install_from_half_a_tree() {
	must inside rm /srv/bioset/try.c
	refused 'building the modules .* failed' 'make install'
}

# shellcheck disable=SC2016 # for the inner shell
read_only='mount --bind "$1/usr" "$1/usr"; mount -o remount,ro,bind "$1/usr"'

install_read_only() {
	BEFORE=$read_only
	refused 'nothing was changed: .* cannot be written to' 'make install'
	must here 'make install'
	BEFORE=$read_only
	refused 'nothing was changed: .* cannot be written to' 'make uninstall'
	must installed_at "$(first_kernel)" updates
}

# nearly_full DIR SIZE: what is new below DIR goes to a file system of that size
nearly_full() {
	# shellcheck disable=SC2016 # for the inner shell
	echo 'mount -t tmpfs -o size='"$2"' tmpfs "$1/mnt"; mkdir "$1/mnt/u" "$1/mnt/w"
		mount -t overlay overlay -o "lowerdir=$1'"$1"',upperdir=$1/mnt/u,workdir=$1/mnt/w" "$1'"$1"'"'
}

install_on_a_full_disk() {
	local dir left
	for dir in "/usr/src 16k" "/lib/modules 400k" "/usr/local 16k"; do
		BEFORE=$(nearly_full "${dir% *}" "${dir#* }")
		LEFT_THERE="/usr/src/bioset* /lib/modules/*/updates* /usr/local/sbin/biosetstat"
		refused 'nothing was changed: .*No space left' 'make install'
	done
	must here 'make install'
	must installed_at "$(first_kernel)" updates
}

install_beside_others() {
	must here 'make dkms'
	refused 'DKMS has bioset already; remove it first (make undkms)' 'make install'
	must here 'make undkms; make install'
	refused 'run "make uninstall" first' 'make dkms'
	refused 'run "make uninstall" first' 'make undkms'
	must here 'make uninstall'
	no_trace
}

# The package takes /usr/src/bioset over, and then refuses to be configured.
package_after_install() {
	must here 'make install'
	must put "$DEB"
	! apt_inside install "/root/${DEB##*/}" || must false "installed all the same"
	must here 'make uninstall'
	must inside dpkg --configure -a
	must built_for "$(first_kernel)" bioset_core
	must inside test -e /usr/src/bioset/bioset.h
	refused 'belongs to the package bioset-dkms' 'make install'
	refused 'the package bioset-dkms is installed' 'make dkms'
	refused 'the package bioset-dkms is installed' 'make undkms'
	must here 'make uninstall'
	must inside test -e /usr/src/bioset/bioset.h
}

uninstall_what_is_half_removed() {
	# shellcheck disable=SC2016 # for the inner shell
	must here 'make install; rm /lib/modules/$1/updates/bioset_core.ko /usr/src/bioset/bioset.h'
	must here 'make uninstall'
	no_trace
	must here 'make install; rm -r /usr/src/bioset; make uninstall'
	no_trace
}

dkms_as_a_user() {
	refused 'DKMS needs root' "setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME=/tmp make dkms"
}

dkms_without_headers() {
	must inside sh -c 'rm -r /usr/src/linux-headers-* /lib/modules/*/build'
	refused 'no kernel headers found: install' 'make dkms'
}

dkms_read_only() {
	BEFORE=$read_only
	refused 'nothing was changed: /usr/src cannot be written to' 'make dkms'
}

dkms_without_compiler() {
	must inside sh -c 'rm /usr/bin/*gcc-[0-9]*'
	refused 'and there is none: install it' 'make dkms'
}

# What is installed stays.
dkms_on_a_full_disk() {
	must here 'make dkms'
	must inside mkdir -p /var/lib/dkms
	BEFORE=$(nearly_full /var/lib/dkms 8m)
	refused 'nothing was changed: only .* MB are free in /var/lib/dkms' 'make dkms'
	must built_for "$(first_kernel)" bioset_core
}

# unknown_kernel KERNEL MAJOR MINOR TEXT
unknown_kernel() {
	must other_version "$1" "$2" "$3"
	must inside sed -i "s/UTS_RELEASE .*/UTS_RELEASE \"$1\"/" \
		"/usr/src/linux-headers-$1/include/generated/utsrelease.h"
	refused "$4" "make dkms KDIR=/lib/modules/$1/build"
}

dkms_for_too_old_a_kernel() {
	unknown_kernel 4.19.0-old 4 19 'is Linux 4.19.0-old; the oldest that is supported is'
}

dkms_for_too_new_a_kernel() {
	unknown_kernel 99.0.0-new 99 0 'Linux 99.0.0-new is too new'
}

undkms_what_is_half_removed() {
	must here 'make dkms; rm -r /usr/src/bioset-*'
	must here 'make undkms'
	no_trace
	must here 'make dkms; rm -r /usr/src/bioset-*; make dkms'
	must built_for "$(first_kernel)" bioset_core
	must here 'make undkms'
	no_trace
}

dkms_over_another_version() {
	must here "make dkms; cp -r /usr/src/bioset-$VERSION /usr/src/bioset-0.9
		sed -i 's/$VERSION/0.9/' /usr/src/bioset-0.9/dkms.conf
		dkms remove -m bioset -v $VERSION --all
		dkms add -m bioset -v 0.9
		make dkms"
	must built_for "$(first_kernel)" bioset_core
	[ "$(inside dkms status -m bioset | grep -c .)" = 1 ] ||
		must false "not one version: $(inside dkms status)"
	must inside test ! -e /usr/src/bioset-0.9
}

# ---------------------------------------------------------------------- runs

# cases SUITE CASE...: each on a machine of its own
cases() {
	local name
	suite=$1
	shift
	make_base "$suite"
	DEB=$("$TOP/scripts/deb.sh" 2>/dev/null)
	prepared
	for name; do
		like_made "$name"
		try "$suite: ${name//_/ }" "$name"
	done
	tidy
}

in_suite_life() {
	cases "$1" install_and_uninstall dkms_and_undkms dkms_and_a_new_kernel \
		uninstall_after_a_kernel
}

in_suite_refusals() {
	cases "$1" install_as_a_user install_without_headers \
		install_with_half_the_headers install_without_compiler \
		install_from_half_a_tree install_read_only install_on_a_full_disk \
		install_beside_others package_after_install \
		uninstall_what_is_half_removed dkms_as_a_user dkms_without_headers \
		dkms_read_only dkms_without_compiler dkms_on_a_full_disk \
		dkms_for_too_old_a_kernel dkms_for_too_new_a_kernel \
		undkms_what_is_half_removed dkms_over_another_version
}

dispatch "$@"
choose "life refusals" "$@"
if wanted life; then
	in_suites "make install and make dkms" 1500 in_suite_life "${SUITES[@]}"
fi
if wanted refusals; then
	in_suites "what make install refuses" 2400 in_suite_refusals "${REFUSING[@]}"
fi
totals
