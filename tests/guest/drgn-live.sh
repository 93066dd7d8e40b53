# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# tools/bioset-drgn.py on the running kernel: what it says is what the table says

# shellcheck source=stripe.sh
. /stripe.sh

table() {
	sed 1d /sys/kernel/debug/bioset/sets | tr -s ' '
}

column() {
	cut -d' ' -f"$1" /run/before
}

drgn() {
	host python3 /tmp/bioset-drgn.py --module /tmp/bioset_core.ko
}

# says TEXT: a line of it is just that
says() {
	grep -qxF -- "$1" /run/said
}

agrees() {
	table >/run/before
	drgn >/run/said
	table >/run/after
	cat /run/before /run/said
	cmp /run/before /run/after
	says "$(column 1) ($(column 2))"
	[ "$(column 5)" = 1 ]
	says "  reserve $(column 6) of 1 bio; $(column 9) in flight"
	says "  $(column 16) punted, $(column 17) rescued, $(column 13) waits, longest $(column 15) us"
	[ "$(column 14)" = 2 ]
	[ "$(grep -c '^  waits for a bio: dd/[0-9]*$' /run/said)" = "$(column 14)" ]
	sed -n 's/^  waits for a bio: dd.//p' /run/said | while read -r pid; do
		[ "$(cat "/proc/$pid/comm")" = dd ]
	done
	says "1 set"
}

# refused TEXT COMMAND...: by words of its own
refused() {
	fails_saying "$@"
	! grep -q Traceback /run/refused
}

mount_host
cp /bioset-drgn.py /host/tmp
cp /bioset_core.debug /host/tmp/bioset_core.ko
chmod 755 /host/tmp/bioset-drgn.py
check "the module is not loaded" refused "bioset_core is not loaded" drgn
load bioset_core stall_secs=0
load_starved
readers 3
check "the running kernel" agrees
check "who may not read it" refused "run this as root" \
	host setpriv --reuid=65534 --clear-groups python3 /tmp/bioset-drgn.py --module /tmp/bioset_core.ko
hold N
wait
unload_stripe
check "nothing left after unloading" nothing_left
pass
