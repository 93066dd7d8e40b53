#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh HEADER DEPFILE SYMVERS COMPILER...: find out which shapes of the
# kernel's API the kernel at hand has, and write HEADER:
#
#   #define BSET_HAVE_X 1	probes/x.c compiles, and what its line
#				"export: symbol" names is exported
#   #define BSET_HAVE_X 0	it does not
#
# COMPILER is what an object is compiled with, flags included. DEPFILE becomes
# the list of headers that were read. Called by the kernel's build, see Kbuild.
#
# must_pass.c and each must_fail_*.c guard the answers: where one of them goes
# the wrong way, the compiler, its flags or the headers are broken, and there
# is no HEADER. So is any error that is not in a line of the probe itself.

set -u
export LC_ALL=C

header=$1
depfile=$2
symvers=$3
shift 3
dir=$(dirname "$0")
jobs=$(nproc 2>/dev/null || echo 2)

die() {
	printf 'bioset: probes: %s\n' "$*" >&2
	exit 1
}

# compile FILE COMPILER...: warnings say nothing, these errors do.
compile() {
	file=$1
	shift
	"$@" -fsyntax-only -fno-diagnostics-color -Wno-error \
		-Werror=implicit-function-declaration \
		-Werror=incompatible-pointer-types -Werror=int-conversion \
		"$file"
}

# Most of a probe's time goes to the kernel's headers, so they are compiled once,
# and their "-include" files with them. Where that cannot be had, or is of no
# use to the compiler, probes read the headers: slower, same answers.
precompile() {
	echo '#include "probe.h"' >"$tmp/all.h"
	"$@" -I"$dir" -g0 -w -x c-header "$tmp/all.h" -o "$tmp/all.h.gch" 2>/dev/null
}

compile_quickly() {
	[ -f "$tmp/all.h.gch" ] || return 1
	file=$1
	shift
	n=$#
	while [ "$n" -gt 0 ]; do
		case $1 in
		-include) shift 2 && n=$((n - 2)) ;;
		*) set -- "$@" "$1" && shift && n=$((n - 1)) ;;
		esac
	done
	compile "$file" "$@" -g0 -include "$tmp/all.h"
}

# Prints the first symbol named by FILE that modules cannot use.
not_exported() {
	sed -n 's/^.*[ *]export: *\([A-Za-z0-9_ ]*[A-Za-z0-9_]\).*/\1/p' "$1" |
		tr ' ' '\n' | while read -r symbol; do
		# A namespace would have to be imported.
		awk -v s="$symbol" -F '\t' \
			'$2 == s && $5 == "" { found = 1 } END { exit !found }' \
			"$symvers" || echo "$symbol"
	done | head -n 1
}

# Whether the compiler found an error in a line of NAME, not elsewhere.
own_error() {
	grep -q "^$dir/$1\.c:[0-9:]* .*\(error: \|in expansion of macro\)" \
		"$tmp/$1.log"
}

# try HOW NAME COMPILER...: leaves 1 or 0 in the file NAME, and the compiler's
# words in NAME.log. No file NAME: neither, something is broken.
try() {
	how=$1 name=$2
	shift 2
	if "$how" "$dir/$name.c" "$@" >"$tmp/$name.log" 2>&1; then
		missing=$(not_exported "$dir/$name.c")
		[ -z "$missing" ] || echo "$missing is not exported" \
			>>"$tmp/$name.log"
		[ -n "$missing" ]
		echo $? >"$tmp/$name"
	elif own_error "$name"; then
		echo 0 >"$tmp/$name"
	fi
}

try_both_ways() {
	try compile_quickly "$@"
	[ -f "$tmp/$1" ] || try compile "$@"
}

# A few at a time
try_all() {
	n=0
	for probe in "$dir"/*.c; do
		try_both_ways "$(basename "$probe" .c)" "$@" &
		n=$((n + 1))
		[ $((n % (2 * jobs))) != 0 ] || wait
	done
	wait
}

# The compiler's words are the message; ours says what they mean.
check() {
	[ "$(cat "$tmp/$1" 2>/dev/null)" != "$2" ] || return 0
	cat "$tmp/$1.log" >&2
	die "$3"
}

check_all() {
	for probe in "$dir"/must_fail_*.c; do
		check "$(basename "$probe" .c)" 0 \
			"$(basename "$probe") compiles: this compiler, or a flag given to it, accepts what is wrong"
	done
	for probe in "$dir"/*.c; do
		name=$(basename "$probe" .c)
		[ -f "$tmp/$name" ] || check "$name" none \
			"the compiler failed at something else than $name.c asks, see above"
	done
}

write_header() {
	echo '/* Written by probes/run.sh for one kernel; see probes/ */'
	echo '#ifndef BSET_FEATURES_H'
	echo '#define BSET_FEATURES_H'
	echo
	for probe in "$dir"/*.c; do
		name=$(basename "$probe" .c)
		case $name in must_*) continue ;; esac
		printf '#define BSET_HAVE_%s %s\n' \
			"$(echo "$name" | tr '[:lower:]' '[:upper:]')" "$(cat "$tmp/$name")"
	done
	echo
	echo '#endif /* BSET_FEATURES_H */'
}

[ -s "$symvers" ] ||
	die "the kernel's build directory has no Module.symvers: build the kernel's modules first, or install the headers package"
tmp=$(mktemp -d) || die "no room for temporary files"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

try compile must_pass "$@" "-Wp,-MMD,$depfile"
check must_pass 1 "must_pass.c does not compile: the kernel's headers, its configuration or the compiler are not fit to build any module"
rm "$tmp/must_pass"
precompile "$@"
try_all "$@"
check must_pass 1 "must_pass.c compiles, but not with a precompiled header"
check_all
rm -f "$header"
write_header >"$tmp/header" && mv "$tmp/header" "$header"
