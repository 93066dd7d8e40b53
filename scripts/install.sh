#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install.sh [--remove]: install the modules for KDIR's kernel under updates/,
# and what a driver's build needs under /usr/src/bioset: the header, the
# symbols for each kernel, and bioset.mk, which a driver's Kbuild includes.
# DESTDIR goes before every path, for packagers.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MODULES=(bioset_core bioset_stripe)
SRC=/usr/src/bioset
TEMPLATE=/usr/share/bioset/template

release_of() {
	sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$1/include/generated/utsrelease.h"
}

# Root can write everywhere but where nobody can.
check_writable() {
	local dir
	[ -n "${DESTDIR:-}" ] || [ "$(id -u)" = 0 ] ||
		die "installing needs root: sudo make install (or DESTDIR=dir)"
	mkdir -p "${DESTDIR:-/}"
	for dir; do
		while [ ! -d "$dir" ]; do
			dir=$(dirname "$dir")
		done
		[ -w "$dir" ] || die "nothing was changed: $dir cannot be written to"
	done
}

# Two modules of one name would be found by chance.
check_others() {
	local module
	[ -z "${DESTDIR:-}" ] || return 0
	for module in "$dest"/dkms/bioset_core.ko*; do
		[ ! -e "$module" ] ||
			die "nothing was changed: DKMS has installed $module; remove it first (apt remove bioset-dkms, or make undkms)"
	done
	! dpkg -S "$src/bioset.mk" >/dev/null 2>&1 ||
		die "nothing was changed: $src belongs to the package bioset-dkms; remove it first (apt remove bioset-dkms)"
}

run_depmod() {
	[ -n "${DESTDIR:-}" ] || depmod "$release"
}

# Everything is copied beside its place first: a full disk must not leave half.
stage() {
	local m
	mkdir -p "$dest.new" "$src.new"
	for m in "${MODULES[@]}"; do
		install -m 644 "$(find "$build" -name "$m.ko")" "$dest.new/$m.ko" || return 1
	done
	"$TOP/scripts/sources.sh" --drivers "$src.new" &&
		install -m 644 "$build/Module.symvers" "$src.new/Module.symvers.$release"
}

drop_stage() {
	rm -rf "$dest.new" "$src.new"
}

install_all() {
	trap drop_stage EXIT
	stage || die "nothing was changed: copying to $dest and $src failed"
	mkdir -p "$dest" "$src"
	mv "$dest.new"/* "$dest/"
	mv "$src.new"/* "$src/"
	"$TOP/scripts/sources.sh" --template "$template"
	run_depmod
	"$TOP/scripts/install-user.sh"
	say "modules: $dest"
	say "for drivers: $src (include $SRC/bioset.mk in a Kbuild)"
}

# The header goes with the last kernel's symbols.
remove_all() {
	local m
	for m in "${MODULES[@]}"; do
		rm -f "$dest/$m.ko"
	done
	rm -f "$src/Module.symvers.$release"
	if ! compgen -G "$src/Module.symvers.*" >/dev/null; then
		rm -rf "$src/bioset.h" "$src/bioset.mk" "$src/VERSION" "$template"
		[ ! -d "${template%/*}" ] || rmdir --ignore-fail-on-non-empty "${template%/*}"
		[ ! -d "$src" ] || rmdir --ignore-fail-on-non-empty "$src"
	fi
	[ ! -d "$dest" ] || rmdir --ignore-fail-on-non-empty "$dest"
	"$TOP/scripts/install-user.sh" --remove
	run_depmod
	say "removed from $dest and $src"
}

kdir=$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})
release=$(release_of "$kdir")
dest=${DESTDIR:-}/lib/modules/$release/updates
src=${DESTDIR:-}$SRC
template=${DESTDIR:-}$TEMPLATE
check_writable "$dest" "$src" "$template"
if [ "${1:-}" = --remove ]; then
	remove_all
else
	check_others
	build=$("$TOP/scripts/modules.sh" "$kdir")
	install_all
fi
