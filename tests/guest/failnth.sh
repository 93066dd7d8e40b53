# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Every failure point of making and using a set, and of loading the module: each
# allocation fails once, in turn. Needs a kernel that injects faults (kasan, kcsan,
# ubsan, gcov). On the KASAN kernel, a load that fails late takes some seconds: that
# kernel releases the module's kobjects after a random time.
#
# flavour: kasan
# guest: --mem 768
# time: 1500
# shows: points

sets() {
	load bioset_core
	load bioset_failnth
	dmesg | sed -n 's/.*failnth: \(.* points.*\)/\1/p'
	unload bioset_failnth
	unload bioset_core
	nothing_left
}

loading() {
	loadmod -s /ko/bioset_core.ko 2>&1
	nothing_left
}

# The kernel of 6.1 itself leaks the name of a slab whose kobject cannot be
# added (sysfs_slab_add()), so that no caller of kmem_cache_create() is spared.
leaks() {
	awk -v RS='unreferenced object' \
		'NR > 1 && !/sysfs_slab_add/ { print "unreferenced object" $0 }' \
		/sys/kernel/debug/kmemleak
}

scan() {
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
}

no_leaks_of_ours() {
	if [ ! -e /sys/kernel/debug/kmemleak ]; then
		not_looked_for "this kernel has no kmemleak"
		return
	fi
	sleep 6
	expect_splat "kmemleak:" scan
	leaks >/run/leaks
	[ ! -s /run/leaks ] || {
		head -n 200 /run/leaks
		fail "kmemleak found something"
	}
}

arm_faults
check "failure points of making and using a set" sets
check "failure points of loading the module" loading
check "no leaks" no_leaks_of_ours
pass
