#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deb.sh [VERSION]: build the packages bioset-dkms and bioset-tools and print
# where the former is. Nothing but these packages of this version is left beside
# it. VERSION is for tests of upgrades: as if the tree were of that version; those
# packages have a directory of their own.
#
# Built from a copy of the tree in the cache. The same tree gives the same
# bits: dpkg takes all times from debian/changelog. The manual pages are made
# first, so that dpkg-buildpackage needs nothing but what debian/control says and
# no network.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# What the tree holds: git knows, and a release's archive has nothing else.
files() {
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -type f -print0
	fi
}

copy_tree() {
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$TOP" && files | while IFS= read -r -d '' file; do
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done | xargs -0 cp -P --parents -t "$work")
}

set_version() {
	echo "$version" >"$work/VERSION"
	sed -i "1s/(.*)/($version)/" "$work/debian/changelog"
}

make_pages() {
	MAN_PAGES='' SOURCE_DATE_EPOCH=$(cd "$work" && dpkg-parsechangelog -S Timestamp) \
		"$work/scripts/man.sh" "$work/debian/pages" >/dev/null
}

# "apt install bioset-*.deb" must find one version.
publish() {
	find "$dir" -mindepth 1 -maxdepth 1 ! -path "${work%/*}" ! -name "*_${version}_*" \
		-exec rm -rf {} +
	mv "${work%/*}"/*_"$version"_* "$dir/"
	rm -rf "${work%/*}"
}

build() {
	copy_tree
	[ -z "$other" ] || set_version
	make_pages
	(cd "$work" && quietly "$log" dpkg-buildpackage -b -us -uc -ui) ||
		die "building the package failed; see $log"
	publish
}

version=${1:-$(cat "$TOP/VERSION")}
other=''
[ "$version" = "$(cat "$TOP/VERSION")" ] || other=-$version
# REBUILD is for the test of that: a directory of its own.
dir=$CACHE/deb$other${REBUILD:-} work=$dir/build/bioset-$version log=$CACHE/logs/deb.log
need_pkgs "building the package" build-essential debhelper fakeroot
with_lock "${dir##*/}" build
say "built $(cd "$dir" && echo *_"$version"_*.deb)"
echo "$dir/bioset-dkms_${version}_all.deb"
