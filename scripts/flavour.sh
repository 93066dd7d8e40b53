# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Runs on one of several kernels. Source it after lib.sh.
#
#   find_flavour NAME  sets kernel, and kdir to build modules for it; NAME is
#                      stock, rt, kasan, kcsan, ubsan or gcov
#   use_flavour NAME   the same, and build, the modules built for it
#   guest OPTIONS... SCRIPT
#                      runs tests/guest/SCRIPT there (see boot.sh), prints "ok"
#                      and "not ok" lines, sets log and outcome, and fails
#                      unless the outcome is "pass" (or "cut", when asked for)

stock_flavour() {
	kernel=$("$TOP/scripts/stock.sh" "$1")
	kdir=/usr/src/linux-headers-$(cat "$kernel/release")
}

find_flavour() {
	case $1 in
	stock) stock_flavour amd64 ;;
	rt) stock_flavour rt-amd64 ;;
	kasan | kcsan | ubsan | gcov)
		kernel=$("$TOP/scripts/kernel.sh" "$1")
		kdir=$kernel
		;;
	*) die "no kernel is called \"$1\"; there are: stock rt kasan kcsan ubsan gcov" ;;
	esac
}

use_flavour() {
	local errors=$CACHE/logs/modules-$1.log
	find_flavour "$1"
	mkdir -p "$CACHE/logs"
	say "building the modules for the $1 kernel"
	build=$("$TOP/scripts/modules.sh" "$kdir" 2>"$errors") || {
		cat "$errors" >&2
		die "the modules do not build for the $1 kernel"
	}
}

guest() {
	local printed args=("$@") last=$(($# - 1))
	args[last]=$TOP/tests/guest/${args[last]}
	printed=$("$TOP/scripts/boot.sh" --kernel "$kernel" --build "$build" \
		"${args[@]}") || true
	outcome=$(tail -n 1 <<<"$printed")
	log=$(sed -n 's/^log: //p' <<<"$printed")
	sed -n 's/^CHECK //p' <<<"$printed"
	case $outcome in
	pass | cut) ;;
	*)
		# A check that failed has said so.
		grep -q '^CHECK not ok' <<<"$printed" ||
			echo "not ok run - outcome: $outcome; see $log/console.log"
		return 1
		;;
	esac
}

# number NAME VALUE: refuse what is not a positive number.
number() {
	case $2 in
	'' | *[!0-9]* | 0*) die "$1=$2 is not a positive number" ;;
	esac
}
