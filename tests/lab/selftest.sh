#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# selftest.sh: does the harness tell apart what a guest may do, and what a kernel
# may say? The guests run on Debian's small cloud kernel, which boots fastest.
# selftest.sh --key: print a name for everything that the answer depends on.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"

# The scripts and files that have a part in the judgement, and the programs; those
# that choose the guest's kernel, and the kernel's own parser of KUnit's results.
key() {
	local source
	source=$("$TOP/tests/lab/kernel.sh" --source)
	{
		cat "$TOP"/tests/lab/{boot,selftest,steps,kunit}.sh "$TOP"/scripts/{lib,kdir}.sh "$TOP/tests/lab/run" "$TOP"/tests/host/coverage.sh \
			"$TOP"/tests/lab/{stock,flavour,kernel,debian,qemu}.sh \
			"$TOP"/tests/lab/*.py "$TOP"/tests/host/*.py "$TOP"/tests/lab/splats.cases \
			"$TOP"/tests/guest/{init,lib.sh,loadmod.c,fpregs.c,selftest.sh} \
			"$source"/tools/testing/kunit/*.py
		dpkg-query -W -f='${Package} ${Version}\n' busybox-static \
			qemu-system-x86 python3 2>&1
		apt-cache depends linux-image-cloud-amd64 2>/dev/null
	} | sha256sum | cut -c1-16
}

# guest MODE EXPECTED [OPTIONS...]: boot a guest that does MODE, compare the
# outcome.
guest() {
	local mode=$1 want=$2 got limit=40
	shift 2
	case $mode in hang | slow) limit=8 ;; esac
	printed=$("$TOP/tests/lab/boot.sh" --kernel "$kernel" --time $limit --mem 256 \
		--append "guest.mode=$mode" --name "selftest-$mode" "$@" \
		"$TOP/tests/guest/selftest.sh" 2>/dev/null) || true
	got=$(tail -n 1 <<<"$printed")
	if [ "$got" = "$want" ]; then
		echo "ok a guest that does \"$mode\" is \"$want\""
	else
		echo "not ok a guest that does \"$mode\" is \"$want\" - it was \"$got\""
	fi
}

# A check that cannot be made is said and not counted.
leaks() {
	guest leaks pass
	if grep -q '^CHECK # not looked for: no leaks' <<<"$printed" &&
		! grep -q '^CHECK ok' <<<"$printed"; then
		echo "ok without kmemleak, leaks are not looked for"
	else
		echo "not ok without kmemleak, leaks are not looked for - $printed"
	fi
}

# again TIMES WHAT [OPTIONS...]: a guest that crashes is booted so many times more
again() {
	local times=$1 what=$2 got
	shift 2
	got=$("$TOP/tests/lab/boot.sh" --kernel "$kernel" --time 40 --mem 256 --append "$*" \
		--name selftest-again "$TOP/tests/guest/selftest.sh" 2>&1 |
		grep -cE '^==> .* once more$|^crash$') || true
	if [ "$got" = $((times + 1)) ]; then
		echo "ok a crash $what is followed by $times more boots"
	else
		echo "not ok a crash $what is followed by $times more boots - it was $((got - 1))"
	fi
}

# A judge that breaks down has judged nothing.
broken_judge() {
	SPLATS=$TOP/tests/lab/nowhere.py guest pass unjudged
	SPLATS=/dev/null guest pass unjudged
}

log() {
	sed -n 's/^log: //p' <<<"$printed"
}

# The guest's memory, as an ELF file
dump() {
	guest dump pass --dump-at 'guest: now'
	if [ "$(head -c 4 "$(log)/vmcore" | tail -c 3)" = ELF ]; then
		echo "ok a guest's memory can be looked at"
	else
		echo "not ok a guest's memory can be looked at - no vmcore in $(log)"
	fi
	rm -f "$(log)/vmcore"
}

# One step for all: each boot is short.
outcomes() {
	guest pass pass
	guest fail fail
	guest pipe fail
	guest unfinished fail
	guest warn warn
	guest foreign warn
	guest unprovoked warn
	guest unclosed warn
	guest provoked pass
	guest race warn
	guest kernel-race pass
	guest crash crash
	again 0 "of a guest's" guest.mode=crash
	again 2 "before there is one" rdinit=/nowhere
	guest hang hang
	LANES=$((9 * $(nproc))) guest slow pass
	guest silent silence
	guest nonce silence
	guest cut cut --cut-at 'guest: now'
	guest warn-cut warn --cut-at 'guest: now'
	guest cpus pass --smp 2,maxcpus=4
	guest pass pass --virtio-verdict
	leaks
	dump
	broken_judge
}

logs() {
	python3 "$TOP/tests/lab/splats.py" --cases "$TOP/tests/lab/splats.cases"
}

# log_directories N: makes N, one after the other; prints the first and waits
log_directories() {
	PYTHONPATH=$TOP/tests/lab XDG_CACHE_HOME=$work python3 -c '
import boot, sys
print([boot.log_directory("a") for _ in range(int(sys.argv[1]))][0], flush=True)
sys.stdin.read()' "$1"
}

# gone_or_not WANTED NAME: is the log directory $first there (yes or no)?
gone_or_not() {
	local there=no
	[ ! -d "$first" ] || there=yes
	if [ "$there" = "$1" ]; then
		echo "ok logs: $2"
	else
		echo "not ok logs: $2 - there: $there"
	fi
}

# Logs of old runs go, but not those of a run that goes on.
kept_logs() {
	local first runner end
	work=$(mktemp -d)
	coproc runner { log_directories 1; }
	read -r first <&"${runner[0]}"
	touch -d yesterday "$first"
	log_directories 60 </dev/null >/dev/null
	log_directories 1 </dev/null >/dev/null
	gone_or_not yes "a run that goes on"
	end=${runner[1]}
	exec {end}>&-
	wait
	log_directories 1 </dev/null >/dev/null
	gone_or_not no "one that has ended"
	rm -rf "$work"
}

# kunit_log NAME TEXT WANTED [UNWANTED]: which lines does kunit.sh print for this
# log?
kunit_log() {
	local got
	printf '%s\n' "$2" >"$work/log"
	got=$("$TOP/tests/lab/kunit.sh" --log "$work" "$work/log")
	if grep -qE -- "$3" <<<"$got" &&
		! { [ $# -gt 3 ] && grep -qE -- "$4" <<<"$got"; }; then
		echo "ok KUnit: $1"
	else
		echo "not ok KUnit: $1 - $(xargs -0 <<<"$got")"
	fi
}

# ktap LINE...: a suite of two cases, the second of which is given
ktap() {
	echo 'KTAP version 1'
	echo '1..1'
	echo '    KTAP version 1'
	echo '    # Subtest: made_up'
	echo '    1..2'
	echo '    ok 1 made_up_first'
	printf '    %s\n' "$1"
	echo "${2:-ok 1 made_up}"
}

# A test kernel has so much of a directory; no kernel is built for this.
kunit() {
	work=$(mktemp -d)
	ln -s "$("$TOP/tests/lab/kernel.sh" --source)" "$work/source"
	printf 'CONFIG_%s=y\n' SMP HOTPLUG_CPU >"$work/.config"
	kunit_log "a case that passes" "$(ktap 'ok 2 made_up_second')" \
		'^ok made_up.made_up_second'
	kunit_log "a case that fails" "$(ktap 'not ok 2 made_up_second' 'not ok 1 made_up')" \
		'^not ok made_up.made_up_second'
	kunit_log "a case that is skipped without need" \
		"$(ktap 'ok 2 made_up_second # SKIP one CPU')" \
		'^not ok made_up_second - skipped: one CPU'
	kunit_log "a case that is missing" "$(ktap '')" '^not ok KTAP'
	kunit_log "nothing" "" '^not ok KTAP'
	: >"$work/.config"
	kunit_log "a case that this kernel cannot run" \
		"$(ktap 'ok 2 made_up_second # SKIP one CPU')" \
		'^# skipped made_up.made_up_second' '^not ok'
	kunit_log "a suite that this kernel cannot run" \
		"$(ktap 'ok 2 made_up_second # SKIP one CPU' 'ok 1 made_up # SKIP ')" \
		'^# skipped made_up.made_up_second' '^not ok'
	kunit_log "a case that is skipped for another reason" \
		"$(ktap 'ok 2 made_up_second # SKIP one CPU fewer')" \
		'^not ok made_up_second - skipped: one CPU fewer'
	rm -rf "$work"
}

# covered NAME WANTED REASON...: a line of the report on a function of which two
# lines were not reached
covered() {
	local name=$1 wanted=$2 got
	shift 2
	printf 'f()\n{\n\tif (x)\n\t\treturn 1;\n\tif (y)\n\t\treturn 1;\n' >"$work/a.c"
	printf '{"files": [{"file": "a.c", "functions": [{"name": "f", "lineno": 1}],
		"lines": [%s]}]}' "$(printf '{"line_number": %s, "count": %s, "branches": []}\n' \
		1 1 3 2 4 0 5 2 6 0 | paste -sd,)" >"$work/json"
	printf 'a.c\tf\t%s\tas it is\n' "$@" >"$work/reasons"
	got=$(python3 "$TOP/tests/host/coverage-report.py" "$work/json" "$work" \
		"$work/reasons" 60) || true
	if grep -qE -- "$wanted" <<<"$got"; then
		echo "ok coverage: $name"
	else
		echo "not ok coverage: $name - no line has \"$wanted\""
	fi
}

coverage() {
	work=$(mktemp -d)
	covered "each line has a reason" '^ok line coverage is 60 %' \
		'return 1;' 'return 1;'
	covered "a line without a reason" '^not ok the line has a reason - a.c:6' \
		'return 1;'
	covered "a reason for a part of a line" '^not ok the reason names a line' \
		'return 1;' 'return 1;' 'return'
	rm -rf "$work"
}

# sum NAME WANTED COMMANDS: what do these steps, in a script of their own, end with?
sum() {
	local got
	got=$(LANES=2 RESUME='' bash -c '. "$1/scripts/lib.sh"; . "$1/tests/lab/steps.sh"; eval "$2"; totals' \
		_ "$TOP" "$3" 2>/dev/null </dev/null | tail -n 1) || true
	if [ "$got" = "$2" ]; then
		echo "ok steps: $1"
	else
		echo "not ok steps: $1 - $got"
	fi
}

sums() {
	sum "one that fails beside others" "2 passed, 1 failed" \
		'beside a 9 sh -c "sleep 1; echo not ok b - c"; step d 9 true; beside e 9 echo ok f'
	sum "one that runs out of time" "1 passed, 1 failed" 'beside a 1 sleep 9; step b 9 true'
	sum "one that shares its CPU, and has more time" "1 passed, 0 failed" \
		'LANES=999; step a 1 sleep 3'
	sum "one that dies" "0 passed, 1 failed" 'beside a 9 sleep 2; kill -9 $!'
	sum "none" "0 passed, 1 failed" ''
	continued
}

# What was green is taken over if one asks for it, and nothing else is.
continued() {
	local kept
	kept=$(mktemp -d)
	sum "a run that is kept" "1 passed, 1 failed" \
		"keep_results $kept; step a 9 true; beside b 9 false"
	sum "a run that is continued" "2 passed, 0 failed" \
		"keep_results $kept; RESUME=1; step a 9 false; beside b 9 true"
	sum "a run that begins anew" "1 passed, 1 failed" \
		"keep_results $kept; step a 9 false; step b 9 true"
	rm -r "$kept"
}

if [ "${1:-}" = --key ]; then
	key
	exit
fi
kernel=$("$TOP/tests/lab/stock.sh" cloud-amd64)
export kernel
dispatch "$@"
step "the harness" 30 logs
step "the harness" 30 kept_logs
step "the harness" 120 kunit
step "the harness" 30 coverage
step "the harness" 60 sums
step "the harness" 600 outcomes
totals
