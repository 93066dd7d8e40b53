# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Use after put of a bio, its front_pad and its array, by read and by write, put
# by our bio_put() and by the kernel's, from the slab and from the reserve: KASAN
# has to report each, with both stacks. Then the negative: with caches a bio
# that was put is not KASAN's, so the same goes unseen.
#
# flavour: kasan
# time: 500
# last: KASAN's first report switches lockdep off

# report_of PARAM=VALUE...: the load gives a KASAN report
report_of() {
	dmesg -c >/dev/null
	expect_splat "BUG: KASAN: " load bioset_afterput "$@"
	unload bioset_afterput
	dmesg >/tmp/report
	grep -q 'BUG: KASAN: .*use-after-free in ' /tmp/report ||
		fail "no report for $*"
	grep -q '^.*Allocated by task' /tmp/report || fail "not who allocated: $*"
	grep -q 'Freed by task' /tmp/report || fail "not who put: $*"
	sed -n '/Freed by task/,/The buggy address/p' /tmp/report >/tmp/freed
	grep -q 'bset_put\|bio_put\|put_it' /tmp/freed ||
		fail "the stack of the put is another's: $(cat /tmp/freed)"
}

all_of() {
	local what how
	for what in bio pad vecs16 vecs64 vecs256; do
		for how in read write; do
			report_of "what=$what" "how=$how" "$@"
		done
	done
}

unseen() {
	load bioset_core cache_kb=1024
	load bioset_afterput what=bio how=read by=ours
	unload bioset_afterput
	unload bioset_core
}

without_lockdep # KASAN's first report switches it off.
load bioset_core
check "use after our bio_put() is reported" all_of by=ours
check "use after the kernel's bio_put() is reported" all_of by=kernel
check "use of a bio of the reserve after its put is reported" \
	all_of by=ours from_reserve=1
check "use of a bio of the reserve after the kernel's put of it is reported" \
	all_of by=kernel from_reserve=1
unload bioset_core
check "with caches it is not seen" unseen
nothing_left
pass
