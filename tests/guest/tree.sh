# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The modules that somebody built in the tree; see tests/host/tree.

loads() {
	loadmod "$1"
	[ -d /sys/module/bioset_core ]
	unload bioset_core
}

check "insmod of the link that make leaves" loads /linked.ko
check "insmod of what the kernel's make built in the tree" loads /built.ko
nothing_left
pass
