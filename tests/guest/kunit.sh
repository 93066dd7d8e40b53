# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs the KUnit suites (suite=NAME or NAME.CASE: one), unloads everything and looks
# for what was left. The results themselves are on the console, for the kernel's own
# parser on the host.
#
# flavour: uml
# guest: --mem 768
# time: 1000
# takes: suite= limit_ms= cache_kb=1024 quick_init=Y
# results: KUnit

suite=$(word suite)
limit_ms=$(word limit_ms)
quick_init=$(word quick_init) # N: by the kernel's bio_init()

# What was tried at load did not lead to the long way.
as_asked() {
	[ "$(cat /sys/module/bioset_core/parameters/quick_init)" = "$quick_init" ]
}

# Under KASAN there are no caches unless asked for.
load bioset_core "cache_kb=$(word cache_kb)" "quick_init=$quick_init"
check "bios are set up as asked" as_asked
load bioset_kunit ${suite:+"suite=$suite"} ${limit_ms:+"limit_ms=$limit_ms"}
check "full caches are no leaks" no_leaks_now
unload bioset_kunit
unload bioset_core
check "nothing left after unloading" nothing_left
check "no memory leaked" no_leaks
pass
