#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# model.sh: check docs/model/handover.pml with spin. The algorithm as it is must
# hold; with any one part taken out, or with a rule for drivers broken, the
# search must find the trouble that docs/forward-progress.md says there is.
#   --full   also larger models (7 minutes of processor time more, up to 6 GB)
#   --list   what would be checked, with the -D options for each

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

usage() {
	printf 'usage: %s [--full] [--list]\n' "${0##*/}" >&2
	exit 2
}

full='' list=''
for arg; do
	case $arg in
	--full) full=1 ;;
	--list) list=1 ;;
	*) usage ;;
	esac
done

model=$TOP/docs/model/handover.pml
cpu_secs=600 wall_secs=3600 mem_mb=4000
[ -z "$full" ] || cpu_secs=3600 wall_secs=14400 mem_mb=6000

# What to check. Modes: safety (deadlock and assertions), live (the LTL
# property of the model), fair (the same, with weakly fair scheduling only),
# progress (non-progress cycles). Expected: holds, or what is to be found:
# deadlock, assertion, cycle.
titles=() expects=() modes=() options=()
check() {
	expects+=("$1") modes+=("$2") titles+=("$3")
	shift 3
	options+=("$*")
}

# The algorithm as it is.
check holds safety 'no deadlock, no assertion: 2 tasks, 2 stacked sets, reserve 1'
check holds live 'every bio completes and teardown ends, even without fairness'
check holds safety '... when drivers put a clone after completing its parent' PUT_LAST
check holds safety '... when A resubmits the rest of the bio to itself' DRIVER_A=REST
check holds safety '... when A queues rest and pieces to itself' DRIVER_A=REQUEUE
check holds safety '... when the tasks come with bios for B and for A queued' MIXED
check holds safety '... when completions run on two CPUs' COMPLETERS=2
check holds safety '... when the bottom disk completes during the submission' SYNC
check holds safety '... when the slab may give one more bio of B' EXTRA_B=1
check holds safety '... when the slab may give one more bio of A' EXTRA_A=1 DRIVER_A=REST
check holds safety '... when bios need arrays from a second reserve' ARRAYS EXTRA_B=1
check holds progress 'some bio always completes while tasks submit for ever' FOREVER DRIVER_A=REST
check holds safety 'two sets of one disk, taken in changing order' TWO_SETS
check holds live '... every bio completes and teardown ends' TWO_SETS
check holds safety 'bio_list as one queue, as before 4.11' FIFO MIXED

# One part taken out.
check deadlock safety 'without a rescuer' WITHOUT_RESCUER
check cycle live 'without a rescuer, as a bio that never completes' WITHOUT_RESCUER
check deadlock safety 'only list [0] punted' PUNT_ONE_LIST DRIVER_A=REQUEUE
check holds safety '... where no bio of the set can be on list [1]' PUNT_ONE_LIST
check deadlock safety 'only bios of the wanted set punted, two sets' PUNT_WANTED TWO_SETS
check deadlock safety '... and where bio_list is one queue' PUNT_WANTED FIFO MIXED
check holds safety '... one set a disk' PUNT_WANTED
check holds safety '... one set a disk, bios for B and for A queued' PUNT_WANTED MIXED
check holds safety '... two sets taken in one order, once each' PUNT_WANTED TWO_SETS ORDERED
check deadlock safety "all punted to the wanted set's rescuer" PUNT_TO_WANTED MIXED
check deadlock safety '... and with a rest resubmitted' PUNT_TO_WANTED DRIVER_A=REST
check holds safety "... where no other set's bio can be on the lists" PUNT_TO_WANTED
check deadlock safety 'one rescuer thread for both sets' SHARED_RESCUER
check deadlock safety 'work queued before the bios are on its list' QUEUE_FIRST
check deadlock safety 'reserve looked at before prepare_to_wait()' LOST_WAKEUP
check deadlock safety 'put into a per-CPU cache before the reserve' CACHE_FIRST
check assertion safety 'put without a second look under the lock' PUT_ONE_LOOK EXTRA_B=1 COMPLETERS=2
check deadlock safety 'put that sees the reserve as before the allocation' STALE_LOOK
check deadlock safety 'no punt before the wait for an array' ARRAYS EXTRA_B=1 ARRAY_NO_PUNT
check assertion safety 'put counted before it is done with the set' COUNT_FIRST PUT_LAST
check assertion safety 'teardown that leaves the rescue work running' NO_DRAIN

# A rule broken, or something that is not promised.
check assertion safety 'driver without a reference on the parent' NO_PARENT_REF
check deadlock safety 'driver that holds two bios, reserve 2' HOLD_TWO RESERVE=2
check deadlock safety 'driver that holds a bio of each of two sets' HOLD_TWO TWO_SETS
check holds safety '... always taken in one order' HOLD_TWO TWO_SETS ORDERED
check deadlock safety 'one set for two levels' SHARED_SET
check deadlock safety 'end_io that submits within a submission below' END_SUBMITS SYNC
check cycle fair 'one task may be overtaken for ever' FOREVER

if [ -n "$full" ]; then
	check holds progress 'full: submitting for ever, A makes clones' FOREVER
	check holds progress 'full: submitting for ever, two sets' FOREVER TWO_SETS
	check holds safety 'full: two sets of the upper of two disks' A_TWO_SETS
	check holds safety 'full: two sets of the lower of two disks' B_TWO_SETS
	check holds safety 'full: 3 tasks' TASKS=3 DRIVER_A=REST
	check holds safety 'full: 3 tasks, two sets' TASKS=3 TWO_SETS
	check holds safety 'full: 3 pieces' PIECES=3
	check holds safety 'full: 3 pieces, two sets' PIECES=3 TWO_SETS
	check holds safety 'full: reserves of 2' RESERVE=2 DRIVER_A=REST
	check holds safety 'full: the slab may give more of A' EXTRA_A=1
	check holds safety 'full: the slab may give more of both' EXTRA_A=1 EXTRA_B=1 DRIVER_A=REST
	check holds safety 'full: arrays, two completions at a time' ARRAYS EXTRA_B=1 COMPLETERS=2
fi

defines() {
	local word
	for word in ${options[$1]}; do
		printf -- '-D%s ' "$word"
	done
}

if [ -n "$list" ]; then
	for i in "${!titles[@]}"; do
		printf '%-9s  %-8s  %s  [%s]\n' "${expects[i]}" "${modes[i]}" \
			"${titles[i]}" "$(defines "$i")"
	done
	exit 0
fi

if ! command -v spin >/dev/null || ! command -v gcc >/dev/null; then
	need_pkgs 'the model checker' spin gcc libc6-dev
fi

# How pan is compiled and run in a mode, and a line that it prints then: a run
# that did not check what it was meant to check proves nothing.
set_mode() {
	cflags=(-O2 -w -DCOLLAPSE -DMEMLIM="$mem_mb") flags=(-m100000)
	case $1 in
	safety)
		cflags+=(-DSAFETY -DNOCLAIM)
		sign='invalid end states[[:space:]]*\+$'
		;;
	live)
		flags+=(-a)
		sign='never claim[[:space:]]*\+ \(all_done\)'
		;;
	fair)
		cflags+=(-DNFAIR=3)
		flags=(-m8000000 -a -f)
		sign='acceptance[[:space:]]*cycles[[:space:]]*\+ \(fairness enabled\)'
		;;
	progress)
		cflags+=(-DNP -DNOCLAIM)
		flags=(-m8000000 -l)
		sign='non-progress cycles[[:space:]]*\+ '
		;;
	esac
}

# What pan found, in one word, from its output.
verdict() {
	local out=$1 sign=$2
	if ! grep -Eq "$sign" "$out"; then
		echo incomplete
	elif grep -q '^pan:1: invalid end state' "$out"; then
		echo deadlock
	elif grep -q '^pan:1: assertion violated' "$out"; then
		echo assertion
	elif grep -Eq '^pan:1: (acceptance|non-progress) cycle' "$out"; then
		echo cycle
	elif grep -Eq 'max search depth too small|MEMLIM|not completed|out of memory' "$out"; then
		echo incomplete
	elif grep -q '^Full statespace search for:' "$out" &&
		grep -q 'errors: 0$' "$out"; then
		echo holds
	else
		echo incomplete
	fi
}

# Runs check $1 in a directory of its own; leaves a line in "result" there.
run_check() {
	local i=$1 dir=$work/$1 found states cflags flags sign status=0
	local -a defs
	mkdir "$dir"
	cd "$dir" || return
	read -ra defs < <(defines "$i") || true
	set_mode "${modes[i]}"
	if ! spin "${defs[@]}" -a "$model" >spin.log 2>&1 ||
		! gcc "${cflags[@]}" -o pan pan.c >gcc.log 2>&1; then
		echo "unbuilt 0 0" >result
		return
	fi
	TIMEFORMAT=%U
	{
		time {
			ulimit -t "$cpu_secs"
			timeout --foreground "$wall_secs" ./pan "${flags[@]}" \
				>pan.log 2>&1 &
			child=$!
			trap 'kill $child' TERM
			wait "$child" || status=$?
		}
	} 2>cpu
	found=$(verdict pan.log "$sign")
	[ "$status" = 0 ] || found=incomplete
	states=$(awk '/states, stored/ { printf "%.0f", $1 }' pan.log)
	echo "$found ${states:-0} $(tail -n 1 cpu)" >result
}

# Prints the line of check $1 and keeps what is needed to look into a failure.
report() {
	local i=$1 dir=$work/$1 found=unfinished states=0 secs=0 mark
	[ ! -f "$dir/result" ] || read -r found states secs <"$dir/result"
	if [ "$found" = "${expects[i]}" ]; then
		mark=ok passed=$((passed + 1))
		rm -rf "$dir"
	else
		mark=FAIL failed=$((failed + 1))
	fi
	printf '%-4s  %-62s %-9s %10s states %6s s\n' "$mark" "${titles[i]}" \
		"$found" "$states" "$secs"
	[ "$mark" = FAIL ] || return 0
	printf '      expected: %s; spin %s-a %s; see %s\n' "${expects[i]}" \
		"$(defines "$i")" "${model#"$TOP"/}" "$dir"
}

mkdir -p "$CACHE/model"
complete=''
work=$(mktemp -d "$CACHE/model/XXXXXX")
cleanup() {
	local pids
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # one word for each process
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	wait
	# What failed stays, unless we were stopped.
	[ -n "$complete" ] || rm -rf "$work"
	rmdir "$work" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "$(spin -V), ${#titles[@]} checks"
# Each may take up to $mem_mb of memory.
avail=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
at_once=$((avail / mem_mb))
[ "$at_once" -le "$JOBS" ] || at_once=$JOBS
[ "$at_once" -ge 1 ] || at_once=1

passed=0 failed=0 next=0
for i in "${!titles[@]}"; do
	while [ "$(jobs -pr | wc -l)" -ge "$at_once" ]; do
		wait -n || true
	done
	run_check "$i" &
	while [ -f "$work/$next/result" ]; do
		report "$next"
		next=$((next + 1))
	done
done
wait
for ((i = next; i < ${#titles[@]}; i++)); do
	report "$i"
done
complete=1
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
