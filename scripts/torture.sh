#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# torture.sh: a long random run of the torture module in a guest, in rounds with
# and without tracking. In the environment:
#   MINUTES=n   how long (default 2), or SECS=n
#   SEED=n      what the run is drawn from (default: any; it is printed)
#   FLAVOUR=x   which kernel: stock (default), rt, kasan, kcsan, ubsan
#   FAULTS=n    percentage of allocations that fail (kasan, kcsan, ubsan)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

flavour=${FLAVOUR:-stock} minutes=${MINUTES:-2} faults=${FAULTS:-0}
seed=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
number MINUTES "$minutes"
number SEED "$seed"
secs=${SECS:-$((minutes * 60))}
number SECS "$secs"
[ "$faults" = 0 ] || number FAULTS "$faults"

# Emulated and with KASAN a second is not much.
each=60 stall=10
[ "$secs" -ge 120 ] || each=$(((secs + 1) / 2))
case $flavour in
kasan | kcsan) stall=30 ;;
esac

use_flavour "$flavour"
say "torture on the $flavour kernel: $secs s, SEED=$seed"
status=0
guest --name "torture-$flavour" --mem 768 --time $((secs * 2 + 240)) \
	--append "guest.secs=$secs guest.each=$each guest.seed=$seed guest.stall=$stall guest.faults=$faults" \
	--show '^torture: ([0-9]|seed|failure|completed|allocs|sets)' torture.sh || status=$?
say "log: ${log:-none}; the same run again: SEED=$seed FLAVOUR=$flavour"
exit $status
