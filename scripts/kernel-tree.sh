#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-tree.sh [--remove] TREE: put the module and its KUnit suites into the
# kernel source tree TREE, as drivers/block/bioset, with an entry in Kconfig:
# built in, or for User Mode Linux, or to carry as a patch. Done again it brings
# the files up to date. The tree's own files get two lines, in
# drivers/block/Kconfig and drivers/block/Makefile.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

KCONFIG_LINE='source "drivers/block/bioset/Kconfig"'
# shellcheck disable=SC2016 # for make
MAKE_LINE='obj-$(CONFIG_BIOSET) += bioset/'

check_tree() {
	[ -n "$1" ] || die "no kernel source tree given: make kernel-tree TREE=dir"
	[ -d "$1" ] || die "TREE=$1: no such directory"
	if [ ! -f "$1/Kbuild" ] || [ ! -f "$1/drivers/block/Kconfig" ] || [ ! -f "$1/block/bio.c" ]; then
		die "TREE=$1 is not a kernel source tree"
	fi
	[ -w "$1/drivers/block" ] || die "TREE=$1 cannot be written to"
	[ ! -d "$dir" ] || [ -f "$dir/bioset.h" ] ||
		die "$dir is there and is not this module"
}

# Too old a kernel would fail much later.
check_version() {
	local version=0 patchlevel=0 oldest
	read -r version patchlevel < <(sed -n 's/^\(VERSION\|PATCHLEVEL\) = //p' "$1/Makefile" | xargs)
	oldest=$(sed -n 's/.*bioset supports Linux \([0-9.]*\) to .*/\1/p' "$TOP/compat.h")
	[ "$version" -gt "${oldest%.*}" ] ||
		{ [ "$version" = "${oldest%.*}" ] && [ "$patchlevel" -ge "${oldest#*.}" ]; } ||
		die "TREE=$1 is Linux $version.$patchlevel; bioset supports Linux $oldest and later"
}

# What Module.symvers says of a kernel that is built: which of the functions
# that the probes ask for are exported. Only its source is there now.
exports() {
	local symbol
	sed -n 's/^.*[ *]export: *//p' "$dir"/probes/*.c | tr ' ' '\n' | sort -u |
		while read -r symbol; do
			! grep -rqsE "^EXPORT_SYMBOL(_GPL)?\($symbol\);" \
				"$1/block" "$1/mm" "$1/kernel" "$1/lib" "$1/fs" ||
				printf '0x00000000\t%s\tvmlinux\tEXPORT_SYMBOL_GPL\t\n' "$symbol"
		done
}

# substitute SED-SCRIPT FILE...: what each line changes must be there, so that a
# Kbuild that has changed its form is noticed.
substitute() {
	local script=$1 file before
	shift
	for file; do
		before=$(sha256sum <"$file")
		sed -i "$script" "$file"
		[ "$before" != "$(sha256sum <"$file")" ] ||
			die "$file has no place for \"$script\""
	done
}

# Within the tree the paths are relative to another directory, and CONFIG_*
# says what is built, and how.
# shellcheck disable=SC2016 # for make
in_tree_kbuild() {
	substitute 's/^obj-m += bioset_core.o/obj-$(CONFIG_BIOSET) += bioset_core.o/' "$dir/Kbuild"
	substitute 's/^obj-m += \$(foreach .*/obj-$(CONFIG_BIOSET_KUNIT_TEST) += tests\//' "$dir/Kbuild"
	substitute 's/\$(src)/$(bset-dir)/g' "$dir/Kbuild" "$dir/probes/Kbuild.probes"
	substitute 's/\$(objtree)\/Module.symvers/$(bset-dir)\/probes\/exports/; s/autoconf.h Module.symvers/autoconf.h/; s/\$(obj-m)/$(obj-m) $(obj-y)/' \
		"$dir/probes/Kbuild.probes"
	substitute '1a\
\
# $(src) is relative to $(srctree) up to 6.9.\
bset-dir := $(patsubst %/VERSION,%,$(firstword \\\
	$(wildcard $(src)/VERSION $(srctree)/$(src)/VERSION)))' "$dir/Kbuild"
	substitute '/^# Torture and model runs/,$d; /^ccflags-y/d; s/kunit\///g; s/^obj-\$(if \$(CONFIG_KUNIT),m)/obj-$(CONFIG_BIOSET_KUNIT_TEST)/' \
		"$dir/tests/Kbuild"
}

# The KUnit suites, and what they share
copy_tests() {
	local file
	mkdir -p "$dir/tests" "$dir/samples"
	cp "$TOP"/tests/{Kbuild,*.h} "$dir/tests/"
	cp "$TOP"/tests/kunit/*.h "$dir/tests/"
	cp "$TOP"/samples/*.h "$dir/samples/"
	sed -n '/^# Torture/,$d; s/\.o\>/.c/g; s/^bioset_kunit-y *[:+]*= *//p' "$TOP/tests/Kbuild" |
		tr ' ' '\n' | while read -r file; do
		cp "$TOP/tests/$file" "$dir/tests/"
	done
}

add_line() {
	grep -qxF "$1" "$2" || printf '%s\n' "$1" >>"$2"
}

# Kconfig's entry belongs into the menu's "if".
add_kconfig() {
	local file=$1/drivers/block/Kconfig
	grep -qxF "$KCONFIG_LINE" "$file" && return
	substitute "/^endif # BLK_DEV/i\\
$KCONFIG_LINE\\
" "$file"
}

install_all() {
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$TOP"/*.[ch] "$TOP"/{Kbuild,VERSION} "$TOP/packaging/Kconfig" "$dir/"
	cp -R "$TOP/probes" "$dir/"
	copy_tests
	exports "$tree" >"$dir/probes/exports"
	in_tree_kbuild
	add_kconfig "$tree"
	add_line "$MAKE_LINE" "$tree/drivers/block/Makefile"
	say "the module is in $dir: switch CONFIG_BIOSET on"
	say "drivers: #include \"bioset.h\" and ccflags-y += -I\$(srctree)/drivers/block/bioset"
}

remove_all() {
	rm -rf "$dir"
	sed -i "\\|^$KCONFIG_LINE\$|,+1d" "$tree/drivers/block/Kconfig"
	grep -vxF "$MAKE_LINE" "$tree/drivers/block/Makefile" >"$tree/drivers/block/Makefile.new"
	mv "$tree/drivers/block/Makefile.new" "$tree/drivers/block/Makefile"
	say "removed from $tree"
}

remove=''
[ "${1:-}" != --remove ] || { remove=1 && shift; }
tree=${1:-}
dir=$tree/drivers/block/bioset
check_tree "$tree"
if [ -n "$remove" ]; then
	remove_all
else
	check_version "$tree"
	install_all
fi
