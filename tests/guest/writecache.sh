# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example over disks that lose what was not flushed (tests/modules/volatile.c): what
# is durable after a power cut, looked at sector by sector.
#
# time: 300

# shellcheck source=volatile.sh
. /volatile.sh

PART=49152 # bytes that the module's "ordered" writes of each letter

# count LETTER PART: how many of them are in that part of the disk
count() {
	dd if=$disk bs=$PART skip="$2" count=1 iflag=direct 2>/dev/null |
		tr -cd "$1" | wc -c
}

blank() {
	dd if=/dev/zero of=$disk bs=$PART count=2 oflag=direct 2>/dev/null
	blockdev --flushbufs $disk
	sync_disk
}

# sync_disk: an fsync() of the disk
sync_disk() {
	dd if=/dev/null of=$disk bs=512 count=0 conv=notrunc,fsync 2>/dev/null
}

# The negative control: these disks do lose it.
unflushed_is_lost() {
	blank
	head -c $PART /dev/zero | tr '\0' A >/tmp/data
	dd if=/tmp/data of=$disk bs=$PART oflag=direct conv=notrunc 2>/dev/null
	[ "$(count A 0)" = $PART ]
	cut_now
	after_cut
	[ "$(count A 0)" = 0 ]
}

flushed_is_there() {
	blank
	dd if=/tmp/data of=$disk bs=$PART oflag=direct conv=notrunc,fsync \
		2>/dev/null
	cut_now
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
		echo $disk >$par/ordered
		[ "$(cat $par/cut)" = Y ] || fail "there is no flush $nth"
		after_cut
		echo "cut at flush $nth: $(count A 0) A, $(count B 1) B"
		[ "$(count B 1)" = 0 ] || fail "written before the flush"
	done
}

# When it is done it is there, with all before it: no other flush has come.
fua_is_there() {
	blank
	echo $disk >$par/ordered
	cut_now
	after_cut
	[ "$(count A 0)" = $PART ] || fail "the flush left something out"
	[ "$(count B 1)" = $PART ] || fail "FUA got lost"
}

load_disks survive=0
load_starved
check "what is not flushed is lost" unflushed_is_lost
check "what is flushed is there" flushed_is_there
check "no write before its flush" write_after_flush
check "a flush and FUA are enough" fua_is_there
check "nothing left after unloading" all_gone
pass
