#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deb.sh [VERSION]: build bioset-dkms_*_all.deb and print where it is. VERSION
# is for tests of upgrades: as if the tree were of that version.
#
# Built from a copy of the tree in the cache. The same tree gives the same
# bits: dpkg takes all times from debian/changelog.

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

build() {
	copy_tree
	[ "$version" = "$(cat "$TOP/VERSION")" ] || set_version
	(cd "$work" && quietly "$log" dpkg-buildpackage -b -us -uc -ui) ||
		die "building the package failed; see $log"
}

version=${1:-$(cat "$TOP/VERSION")}
# REBUILD is for the test of that: a directory of its own.
dir=$CACHE/deb${REBUILD:-} work=$dir/bioset-$version log=$CACHE/logs/deb.log
need_pkgs "building the package" build-essential debhelper fakeroot
with_lock "deb-$version" build
say "built $(cd "$dir" && ls bioset-dkms_"$version"_all.deb)"
echo "$dir/bioset-dkms_${version}_all.deb"
