# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example over disks that lose what was not flushed (tests/modules/volatile.c): what
# is durable after a power cut, looked at sector by sector.
#
# time: 300

# shellcheck source=stripe.sh
. /stripe.sh

PART=49152 # bytes that the module's "ordered" writes of each letter

# count LETTER PART: how many of them are in that part of the disk
count() {
	dd if=$disk bs=$PART skip="$2" count=1 iflag=direct 2>/dev/null |
		tr -cd "$1" | wc -c
}

# blank: and a flush that is none of those that are looked at
blank() {
	dd if=/dev/zero of=$disk bs=$PART count=2 oflag=direct conv=notrunc,fsync \
		2>/dev/null
}

# write_a FLAGS
write_a() {
	blank
	head -c $PART /dev/zero | tr '\0' A >/tmp/data
	dd if=/tmp/data of=$disk bs=$PART oflag=direct conv="$1" 2>/dev/null
	[ "$(count A 0)" = $PART ]
}

# cut_at N: at the Nth flush that reaches a disk, from now; 0: now
cut_at() {
	echo "$1" >$VOLATILE/cut_at_flush
}

# What the next boot would find. The page cache goes with the stripe.
after_cut() {
	unload bioset_stripe
	echo 1 >$VOLATILE/restore
	load_starved
}

# The negative control: these disks do lose it.
unflushed_is_lost() {
	write_a notrunc
	cut_at 0
	after_cut
	[ "$(count A 0)" = 0 ]
}

flushed_is_there() {
	write_a notrunc,fsync
	cut_at 0
	after_cut
	[ "$(count A 0)" = $PART ]
}

# A flush goes to each of the three disks, and the write that asked for it waits
# for them: whenever the power is cut before the last one is done, there is
# nothing of the write.
write_after_flush() {
	local nth
	for nth in 1 2 3; do
		blank
		cut_at $nth
		echo $disk >$VOLATILE/ordered
		[ "$(cat $VOLATILE/cut)" = Y ] || fail "there is no flush $nth"
		after_cut
		echo "cut at flush $nth: $(count A 0) A, $(count B 1) B"
		[ "$(count B 1)" = 0 ] || fail "written before the flush"
	done
}

# When it is done it is there, with all before it: no other flush has come.
fua_is_there() {
	blank
	echo $disk >$VOLATILE/ordered
	cut_at 0
	after_cut
	[ "$(count A 0)" = $PART ] || fail "the flush left something out"
	[ "$(count B 1)" = $PART ] || fail "FUA got lost"
}

load bioset_core
load_starved
check "what is not flushed is lost" unflushed_is_lost
check "what is flushed is there" flushed_is_there
check "no write before its flush" write_after_flush
check "a flush and FUA are enough" fua_is_there
unload_stripe
check "nothing left after unloading" nothing_left
pass
