#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dkms.sh [--remove]: hand the sources to DKMS, which builds and installs the
# modules for KDIR's kernel now and for every new kernel later, and put what
# drivers are built against into /usr/src/bioset.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=kdir.sh
. "$TOP/scripts/kdir.sh"

NAME=bioset
SRC=/usr/src/bioset
TEMPLATE=/usr/share/bioset/template
version=$(cat "$TOP/VERSION")
tree=/usr/src/$NAME-$version

check_machine() {
	[ "$(id -u)" = 0 ] || die "nothing was changed: DKMS needs root (sudo make dkms)"
	[ -w /usr/src ] || die "nothing was changed: /usr/src cannot be written to"
	! dpkg -S $SRC/bioset.mk >/dev/null 2>&1 ||
		die "nothing was changed: the package bioset-dkms is installed and does the same; remove it first (apt remove bioset-dkms)"
	! compgen -G "$SRC/Module.symvers.*" >/dev/null ||
		die "nothing was changed: \"make install\" has been used; run \"make uninstall\" first"
}

# Other versions, too: two would be in each other's way.
forget() {
	local source
	for source in "/var/lib/dkms/$NAME"/*/source; do
		[ -L "$source" ] || continue
		source=$(basename "${source%/source}")
		"$TOP/packaging/forget" "$source" >&2
		rm -rf "/usr/src/$NAME-$source"
	done
	rm -rf "${tree:?}" $SRC $TEMPLATE
	drop_empty ${TEMPLATE%/*}
}

hand_over() {
	"$TOP/scripts/sources.sh" "$tree" && "$TOP/scripts/sources.sh" --drivers $SRC &&
		"$TOP/scripts/sources.sh" --template $TEMPLATE &&
		dkms add -m $NAME -v "$version" &&
		dkms install -m $NAME -v "$version" -k "$release"
}

# One line that says why is in DKMS's log of the build.
reason() {
	sed -n 's/^bioset: //p' "/var/lib/dkms/$NAME/$version/build/make.log" 2>/dev/null |
		grep . || echo "dkms install failed; see $log"
}

# Before anything is given up for the new one
check_build() {
	local why
	why=$(cd "$TOP" && packaging/check-kernel "$release" "$kdir" 2>&1) ||
		die "nothing was changed: ${why#bioset: }"
}

check_machine
if [ "${1:-}" = --remove ]; then
	forget
	exit
fi
kdir=$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})
release=$(kdir_release "$kdir")
check_build
need_pkgs "make dkms" dkms
forget
log=$CACHE/logs/dkms.log
say "building $NAME $version for $release with DKMS"
if ! quietly "$log" hand_over; then
	why=$(reason)
	forget
	die "$why"
fi
dkms status -m $NAME -v "$version"
say "for drivers: $SRC (include $SRC/bioset.mk in a Kbuild)"
