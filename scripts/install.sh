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

release_of() {
	sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$1/include/generated/utsrelease.h"
}

# Finds what lies beside itself, wherever that is.
driver_make() {
	cat <<-'EOF'
		# For a driver's Kbuild: include this file
		bioset-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
		ccflags-y += -I$(bioset-dir)
		KBUILD_EXTRA_SYMBOLS += $(bioset-dir)/Module.symvers.$(shell \
			sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' include/generated/utsrelease.h)
	EOF
}

writable() {
	local dir=${DESTDIR:-/}
	[ -n "${DESTDIR:-}" ] || [ "$(id -u)" = 0 ] ||
		die "installing needs root: sudo make install (or DESTDIR=dir)"
	mkdir -p "$dir"
}

run_depmod() {
	[ -n "${DESTDIR:-}" ] || depmod "$release"
}

install_all() {
	local m
	for m in "${MODULES[@]}"; do
		install -D -m 644 "$(find "$build" -name "$m.ko")" "$dest/$m.ko"
	done
	install -D -m 644 "$TOP/bioset.h" "$src/bioset.h"
	install -D -m 644 "$build/Module.symvers" "$src/Module.symvers.$release"
	driver_make >"$src/bioset.mk"
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
		rm -f "$src/bioset.h" "$src/bioset.mk"
		[ ! -d "$src" ] || rmdir --ignore-fail-on-non-empty "$src"
	fi
	[ ! -d "$dest" ] || rmdir --ignore-fail-on-non-empty "$dest"
	"$TOP/scripts/install-user.sh" --remove
	run_depmod
	say "removed from $dest and $src"
}

writable
kdir=$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})
release=$(release_of "$kdir")
dest=${DESTDIR:-}/lib/modules/$release/updates
src=${DESTDIR:-}$SRC
if [ "${1:-}" = --remove ]; then
	remove_all
else
	build=$("$TOP/scripts/modules.sh" "$kdir")
	install_all
fi
