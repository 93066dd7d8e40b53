#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# drgn-test.sh [FLAVOUR]: tools/bioset-drgn.py finds in a dump of a guest's memory what
# the guest said about its set just before: what it holds, and who waits. The same in
# a guest, for the kernel that it runs on.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

drgn=$TOP/tools/bioset-drgn.py

# The columns of the guest's own table
column() {
	sed -n 's/.*SETS //p' "$log/console.log" | tr -s ' ' | cut -d' ' -f"$1" | tr -d '\r'
}

agrees() {
	local said
	said=$("$drgn" --core "$log/vmcore" --module "$build/bioset_core.ko") || return 1
	echo "$said" >&2
	grep -qF "$(column 1) ($(column 2))" <<<"$said" &&
		grep -q "reserve 0 of 1 bio; 1 in flight" <<<"$said" &&
		grep -q "$(column 16) punted, $(column 17) rescued, $(column 13) waits" <<<"$said" &&
		[ "$(grep -c 'waits for a bio: dd/[0-9]*$' <<<"$said")" = 2 ] &&
		[ "$(column 14)" = 2 ] && grep -qx "1 set" <<<"$said"
}

# refused TEXT ARG...
refused() {
	local text=$1 said
	shift
	! said=$("$drgn" "$@" 2>&1) && grep -qF "$text" <<<"$said" && ! grep -q Traceback <<<"$said"
}

bad_input() {
	refused "No such file" --core /none --module "$build/bioset_core.ko" &&
		refused "no debug information" --core "$log/vmcore" --module "$build/samples/bioset_stripe.ko" &&
		refused "no debug information" --core "$log/vmcore" --module /none
}

# The guest strips its modules, so one with debug information comes beside them.
live() {
	guest --modules "null_blk dm-mod" --file "$TOP/tests/guest/stripe.sh" --file "$drgn" \
		--file "$build/bioset_core.ko:bioset_core.debug" --host-root --mem 1024 \
		--time 300 --name drgn-live drgn-live.sh
}

need_pkgs "reading memory" python3-drgn util-linux dmsetup
use_flavour "${1:-stock}"
guest --modules "null_blk qemu_fw_cfg" --file "$TOP/tests/guest/stripe.sh" --mem 256 \
	--time 200 --qemu-arg=-device --qemu-arg=vmcoreinfo --dump-at 'dump me' drgn.sh
for test in agrees bad_input; do
	if $test; then
		echo "ok $test"
	else
		echo "not ok $test - see $log"
		failed=1
	fi
done
[ -n "${failed:-}" ] || rm -f "$log/vmcore"
live || failed=1
[ -z "${failed:-}" ]
