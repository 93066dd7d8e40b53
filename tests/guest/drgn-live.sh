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
ram_disks 1
modprobe dm-mod
host dmsetup create held --noudevsync --table "0 $(cat /sys/block/nullb0/size) linear /dev/nullb0 0"
check "the module is not loaded" refused "bioset_core is not loaded" drgn
load bioset_core stall_secs=0
load bioset_stripe devices=/dev/dm-0,/dev/nullb1,/dev/nullb2 pool_size=1
starve 1
# The disk below keeps what it gets, so that nothing moves while drgn looks.
host dmsetup suspend --noudevsync --nolockfs --noflush held
for skip in 0 1 2; do
	dd if=$disk of=/dev/null bs=4k count=1 skip=$skip iflag=direct 2>/dev/null &
done
sleep 2
check "the running kernel" agrees
check "who may not read it" refused "run this as root" \
	host setpriv --reuid=65534 --clear-groups python3 /tmp/bioset-drgn.py --module /tmp/bioset_core.ko
host dmsetup resume --noudevsync held
wait
starve 0
unload_stripe
host dmsetup remove --noudevsync held
rmmod dm-mod
no_null_disks
check "nothing left after unloading" nothing_left
pass
