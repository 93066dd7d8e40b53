# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Drivers that are built as people build theirs, against what "make install" puts
# down and nothing else of the tree. Source it after lib.sh.
#
# install_header ROOT: for kdir's kernel; sets header, the installed directory, and
# build, where the installed modules are
# build_driver DIR LOG ARGS...: the kernel's make of DIR; no warning is accepted. DIR's
# Kbuild may include $(BIOSET)/bioset.mk.

# shellcheck source=../lab/flavour.sh
. "$TOP/tests/lab/flavour.sh"
# shellcheck source=../../scripts/kdir.sh
. "$TOP/scripts/kdir.sh"

install_header() {
	header=$1/usr/src/bioset
	build=$1/lib/modules/$(kdir_release "$kdir")
	quietly "$CACHE/logs/install-header.log" env KDIR="$kdir" DESTDIR="$1" "$TOP/scripts/install.sh" ||
		die "make install failed"
}

# A driver that defines pr_fmt itself defines it twice under -include.
build_driver() {
	local dir=$1 log=$2
	shift 2
	quietly "$log" kdir_make "$kdir" "M=$dir" "BIOSET=$header" -j"$JOBS" "$@" modules ||
		die "${dir##*/} does not build against the installed header"
	! grep -i 'warning:' "$log" | grep -v 'pr_fmt. redefined' >&2 ||
		die "building ${dir##*/} gave the warnings above (all: $log)"
}
