# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Runs on one of several kernels, for programs with a part on the host. Source it
# after lib.sh.
#
#   find_flavour NAME  sets kernel, and kdir to build modules for it; NAME is
#                      one of stock.sh (stock, rt, 5.10, 6.12-rt, arm64, ...)
#                      or of kernel.sh (kasan, kcsan, kasan-7.2, ...)
#   use_flavour NAME   the same, and build, the modules built for it
#   guest OPTIONS... SCRIPT
#                      runs tests/guest/SCRIPT there (see boot.sh), prints "ok"
#                      and "not ok" lines, sets log and outcome, and fails
#                      unless the outcome is "pass" (or "cut", when asked for)

find_flavour() {
	case $1 in
	kasan* | kcsan* | ubsan* | gcov* | uml*)
		kernel=$("$TOP/tests/lab/kernel.sh" "$1")
		kdir=$kernel
		;;
	*)
		kernel=$("$TOP/tests/lab/stock.sh" "$1")
		kdir=$(cat "$kernel/kdir")
		;;
	esac
}

use_flavour() {
	local errors=$CACHE/logs/modules-$1.$$
	find_flavour "$1"
	mkdir -p "$CACHE/logs"
	say "building the modules for the $1 kernel"
	build=$("$TOP/scripts/modules.sh" "$kdir" 2>"$errors") || {
		cat "$errors" >&2
		die "the modules do not build for the $1 kernel"
	}
	rm "$errors"
}

guest() {
	local printed args=("$@") last=$(($# - 1))
	args[last]=$TOP/tests/guest/${args[last]}
	printed=$("$TOP/tests/lab/boot.sh" --kernel "$kernel" --build "$build" \
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
