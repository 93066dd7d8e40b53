#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install.sh [--remove]: install the modules for KDIR's kernel under updates/,
# what a driver's build needs under /usr/src/bioset (the header, the symbols
# for each kernel, and bioset.mk, which a driver's Kbuild includes), and what
# people use; see install-user.sh. DESTDIR goes before every path, for packagers.
#
# --remove takes back what was installed for KDIR's kernel; without KDIR, for
# all kernels, whether they and their headers are still there or not.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"

MODULES=(bioset_core bioset_stripe)
SRC=/usr/src/bioset
TEMPLATE=/usr/share/bioset/template

# Root can write everywhere but where nobody can.
check_writable() {
	local dir
	[ -n "${DESTDIR:-}" ] || [ "$(id -u)" = 0 ] ||
		die "nothing was changed: this needs root (sudo make install), or DESTDIR=dir"
	mkdir -p "${DESTDIR:-/}"
	for dir; do
		while [ ! -d "$dir" ]; do
			dir=$(dirname "$dir")
		done
		[ -w "$dir" ] || die "nothing was changed: $dir cannot be written to"
	done
}

owned_by_package() {
	[ -z "${DESTDIR:-}" ] && dpkg -S "$SRC/bioset.mk" >/dev/null 2>&1
}

owned_by_dkms() {
	[ -z "${DESTDIR:-}" ] && [ -d /var/lib/dkms/bioset ]
}

# Two modules of one name would be found by chance.
check_others() {
	! owned_by_package ||
		die "nothing was changed: $src belongs to the package bioset-dkms; remove it first (apt remove bioset-dkms)"
	! owned_by_dkms ||
		die "nothing was changed: DKMS has bioset already; remove it first (make undkms)"
}

run_depmod() {
	[ -n "${DESTDIR:-}" ] || [ ! -e "$lib/$1/modules.order" ] || depmod "$1"
}

# Everything is copied beside its place first: a full disk must not leave half.
stage() {
	local m
	mkdir -p "$dest.new" "$src.new" || return 1
	for m in "${MODULES[@]}"; do
		install -m 644 "$(find "$build" -name "$m.ko")" "$dest.new/$m.ko" || return 1
	done
	"$TOP/scripts/sources.sh" --drivers "$src.new" &&
		"$TOP/scripts/sources.sh" --template "$template.new" &&
		install -m 644 "$build/Module.symvers" "$src.new/Module.symvers.$release" &&
		"$TOP/scripts/install-user.sh"
}

# Only what came with this run: there may be something for other kernels.
drop_stage() {
	rm -rf "$dest.new" "$src.new" "$template.new"
	drop_empty "${template%/*}"
}

# All that can fail comes before the first file is in its place.
install_all() {
	local staged
	trap drop_stage EXIT
	if ! staged=$(stage 2>&1); then
		[ -n "$(installed_for)" ] || "$TOP/scripts/install-user.sh" --remove
		die "nothing was changed: $(tail -n 1 <<<"$staged")"
	fi
	mkdir -p "$dest" "$src"
	rm -rf "$template"
	mv "$template.new" "$template"
	mv "$dest.new"/* "$dest/"
	mv "$src.new"/* "$src/"
	run_depmod "$release"
	say "modules: $dest"
	say "for drivers: $src (include $SRC/bioset.mk in a Kbuild)"
	say "for people: ${prefix}/sbin/biosetstat, and manual pages (man 7 bioset)"
}

# The kernels that have something of ours, one a line
installed_for() {
	local file
	for file in "$src"/Module.symvers.* "$lib"/*/updates/bioset_*.ko; do
		[ -e "$file" ] || continue
		file=${file#"$src"/Module.symvers.}
		file=${file#"$lib"/}
		echo "${file%/updates/*}"
	done | sort -u
}

remove_for() {
	local m dir=$lib/$1/updates
	for m in "${MODULES[@]}"; do
		rm -f "$dir/$m.ko"
	done
	rm -f "$src/Module.symvers.$1"
	drop_empty "$dir"
	run_depmod "$1"
	say "removed the modules for Linux $1"
}

# The package may have put its own into $src meanwhile.
remove_shared() {
	local files=("$prefix/sbin/biosetstat")
	owned_by_package || owned_by_dkms ||
		files+=("$src/bioset.h" "$src/bioset.mk" "$src/VERSION" "$template")
	[ -z "$(ls -d "${files[@]}" 2>/dev/null)" ] || removed="${files[*]}"
	"$TOP/scripts/install-user.sh" --remove
	rm -rf "${files[@]}"
	drop_empty "${template%/*}" "$src"
}

# What is shared goes with the last kernel's modules.
remove_all() {
	local kernel removed=''
	for kernel in $(installed_for); do
		[ "${release:-$kernel}" = "$kernel" ] || continue
		remove_for "$kernel"
		removed=modules
	done
	[ -n "$(installed_for)" ] || remove_shared
	case $removed in
	'') say "nothing is installed${release:+ for Linux $release}" ;;
	/*) say "removed what drivers are built against and what people use" ;;
	esac
}

lib=${DESTDIR:-}/lib/modules
src=${DESTDIR:-}$SRC
template=${DESTDIR:-}$TEMPLATE
prefix=${DESTDIR:-}${PREFIX:-/usr/local}
release=''
if [ "${1:-}" != --remove ] || [ -n "${KDIR:-}" ]; then
	kdir=$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})
	release=$(kdir_release "$kdir")
fi
dest=$lib/$release/updates
check_writable "$lib" "$src" "$template" "$prefix"
if [ "${1:-}" = --remove ]; then
	remove_all
else
	check_others
	build=$("$TOP/scripts/modules.sh" "$kdir")
	install_all
fi
