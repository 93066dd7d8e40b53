#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# planted.sh FLAVOUR[-VERSION]: does the test kernel FLAVOUR report a planted bug
# of each kind that it is there to find? Prints one result a kind. Asked once for
# each kernel that is built and each version of what asks.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

usage() {
	die "usage: planted.sh kasan[-VERSION]|kcsan[-VERSION]|ubsan[-VERSION]|rt"
}

# KIND, and what the report says
expectations() {
	case ${1%%-*} in
	kasan)
		# First, because KASAN's reports switch lockdep off
		echo "lock possible circular locking"
		echo "lock harness: lockdep is off at the end"
		echo "sleep sleeping function called"
		echo "oob KASAN: slab-out-of-bounds"
		echo "uaf KASAN: .*use-after-free"
		echo "leak kmemleak: .* new suspected"
		echo "warn WARNING: .*plant_warn"
		;;
	kcsan)
		echo "race KCSAN: data-race in .*planted"
		;;
	ubsan)
		echo "ub UBSAN: shift-out-of-bounds"
		echo "oob Right Redzone overwritten|Redzone"
		;;
	rt)
		# Debian's kernel has no sanitizer; this is what it does look for.
		echo "warn WARNING: .*plant_warn"
		echo "atomic scheduling while atomic"
		;;
	*)
		usage
		;;
	esac
}

run() {
	local printed outcome bugs
	bugs=$(expectations "$1" | cut -d' ' -f1 | uniq | paste -sd,)
	printed=$("$TOP/tests/lab/boot.sh" --kernel "$kernel" --build "$build" \
		--append "guest.bugs=$bugs kasan_multi_shot" --time 180 \
		--name "planted-$1" "$TOP/tests/guest/planted.sh" 2>>"$CACHE/logs/planted.log") || true
	outcome=$(tail -n 1 <<<"$printed")
	log=$(sed -n 's/^log: //p' <<<"$printed")
	if [ "$outcome" = warn ]; then
		echo "ok a planted bug is a \"warn\""
	else
		echo "not ok a planted bug is a \"warn\" - it was \"$outcome\", see $log"
	fi
}

examine() {
	local kind text
	expectations "$1" | while read -r kind text; do
		if grep -qE -- "$text" "$log/splats"; then
			echo "ok planted $kind is reported ($text)"
		else
			echo "not ok planted $kind is reported - see $log/console.log"
		fi
	done
}

[ $# = 1 ] || usage
expectations "$1" >/dev/null
find_flavour "$1"
stamp=$kernel/.planted-$({
	"$TOP/tests/lab/selftest.sh" --key
	cat "$TOP"/tests/lab/planted.sh "$TOP"/tests/{planted/planted.c,guest/planted.sh}
} | sha256sum | cut -c1-16)
if [ ! -f "$stamp" ]; then
	export BUILD_NAME=planted-$1 SOURCES=$TOP/tests/planted
	use_flavour "$1" 2>"$CACHE/logs/planted.log" ||
		die "the planted bugs do not build, see $CACHE/logs/planted.log"
	{ run "$1" && examine "$1"; } >"$stamp.new"
	grep -q '^not ok' "$stamp.new" || cp "$stamp.new" "$stamp"
fi
cat "$stamp" 2>/dev/null || { cat "$stamp.new" && exit 1; }
