# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Does the kernel report a planted bug of each kind that it is there to find, and does
# the judge see it? A report that does not come is a complaint of the judge's.
#
# flavour: kasan
# time: 180
# builds: tests/planted
# takes: bugs=all
# alone: what it breaks stays broken, and lockdep is to be on

plant() {
	load planted "bug=$1"
	rmmod planted
}

# report BEGINNING REGEX CMD...: CMD makes a report that begins so, and says that
report() {
	local begin=$1 regex=$2
	shift 2
	dmesg -c >/dev/null
	expect_splat "$begin" "$@"
	dmesg | grep -qE "$regex"
}

# Lockdep looks at nothing after its first report.
lock() {
	report "WARNING: possible circular locking" "planted" plant lock
	expect_splat "harness: lockdep is off" lockdep_is_off
	without_lockdep
}

lockdep_is_off() {
	look_at_lockdep >/dev/kmsg
}

leak() {
	plant leak
	report "kmemleak: " "new suspected" scan_leaks
	echo clear >/sys/kernel/debug/kmemleak
}

plant_and_look() {
	case $(word flavour)-$1 in
	kasan*-lock) lock ;;
	kasan*-leak) leak ;;
	kasan*-oob) report "BUG: KASAN: " "KASAN: slab-out-of-bounds" plant oob ;;
	kasan*-uaf) report "BUG: KASAN: " "KASAN: .*use-after-free" plant uaf ;;
	kcsan*-race) report "BUG: KCSAN: data-race in" "data-race in .*planted" plant race ;;
	ubsan*-ub) report "UBSAN: shift-out-of-bounds" "shift-out-of-bounds" plant ub ;;
	ubsan*-oob) report "BUG kmalloc-" "Redzone" plant oob ;;
	*-sleep) report "BUG: sleeping function called" "invalid context" plant sleep ;;
	*-atomic) report "BUG: scheduling while atomic" "" plant atomic ;;
	*-warn) report "plant_warn" "WARNING: .*plant_warn" plant warn ;;
	*) fail "nothing is known of the bug $1 here" ;;
	esac
}

# Debian's kernels have no sanitizer; rt stands for what they do look for.
bugs_of() {
	case $1 in
	# In this order, because KASAN's reports switch lockdep off
	kasan*) echo lock sleep oob uaf leak warn ;;
	kcsan*) echo race ;;
	ubsan*) echo ub oob ;;
	*) echo warn atomic ;;
	esac
}

bugs=$(word bugs | tr ',' ' ')
[ "$bugs" != all ] || bugs=$(bugs_of "$(word flavour)")
for bug in $bugs; do
	check "planted $bug is reported" plant_and_look "$bug"
done
pass
