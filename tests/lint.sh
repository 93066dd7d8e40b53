#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh [TEXT]: everything that can be checked without running the code, or
# the checks whose names have TEXT. Each check is one result; what a check said is
# shown when it fails.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"

c_files() {
	find . -name .git -prune -o -name '*.[ch]' ! -name '*.mod.c' -print | sort
}

# Built in the kernel's way, not by the host's compiler
kernel_c_files() {
	c_files | grep -Ev '^./(tests/guest|tests/claim|tools)/'
}

tool_c_files() {
	c_files | grep -E '^./(tests/claim|tools)/'
}

# compiled NAME KDIR: build afresh with W=1 and C=2; the compiler, modpost and
# sparse must have nothing to say about our files. Done for the kernel that
# users have and for the one that the tests need.
compiled() {
	local name=$1 kdir=$2 log=$CACHE/logs/lint-$1.log
	FRESH=1 W=1 C=2 BUILD_NAME="lint-$name" "$TOP/scripts/modules.sh" "$kdir" \
		>"$log" 2>&1 || { tail -n 30 "$log" >&2 && return 1; }
	! grep -E "(warning|error): |WARNING:|^[^ ]*lint-$name/[^ ]*:[0-9]+:[0-9]+:" "$log" >&2
}

stock_build() {
	compiled stock "$("$TOP/scripts/modules.sh" --kdir ${KDIR:+"$KDIR"})"
}

test_build() {
	compiled test "$("$TOP/tests/lab/kernel.sh" kasan)"
}

# checkpatch FILES... [--ignore TYPES]
run_checkpatch() {
	"$source/scripts/checkpatch.pl" --no-tree --strict --terse --show-types \
		--no-summary -f "$@" >&2
}

# compat.h compares the version once, to refuse kernels out of range: that is
# what it is there for. Tracepoints are declared in a style of their own, and
# what stands for KUnit's macros is as they are.
checkpatch() {
	kernel_c_files | grep -Ev 'compat|^./trace.h|/testkunit.h' | xargs -d '\n' bash -c 'run_checkpatch "$@"' _ &&
		kernel_c_files | grep compat | xargs -d '\n' -r bash -c \
			'run_checkpatch --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON,NEW_TYPEDEFS,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE "$@"' _ &&
		run_checkpatch tests/kunit/testkunit.h --ignore \
			MACRO_ARG_REUSE,FUNCTION_ARGUMENTS,CODE_INDENT,LEADING_SPACE &&
		run_checkpatch trace.h --ignore \
			COMPLEX_MACRO,MACRO_ARG_REUSE,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,EMBEDDED_FILENAME &&
		tool_c_files | xargs -d '\n' bash -c \
			'run_checkpatch --ignore VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO "$@"' _
}

format() {
	{ kernel_c_files && tool_c_files; } | xargs -d '\n' clang-format --dry-run -Werror >&2
}

kernel_doc() {
	local file
	for file in $(kernel_c_files); do
		"$source/scripts/kernel-doc" -none -Werror "$file" >&2
	done
}

shell() {
	shellcheck -x -P SCRIPTDIR scripts/*.sh tests/*.sh tests/{lab,host,install,mutants}/*.sh tests/lab/run tests/guest/*.sh \
		tests/drivers/*.sh probes/*.sh >&2
	shellcheck -x -s dash tests/guest/init packaging/{build-for,check-kernel,forget} \
		packaging/{keep-symvers,kernel-hook,make-modules} debian/*.{postinst,prerm} >&2
	shellcheck completion/* >&2
	[ ! -f .ci/run ] || shellcheck -x -P SCRIPTDIR .ci/run >&2
}

python() {
	{ find . -name .git -prune -o -name '*.py' -print0 && printf '%s\0' bench/run docs/check/* docs/model/run; } | xargs -0 pyflakes3 >&2
}

# Each page of ours that a page refers to exists.
references() {
	local ref missing
	missing=$(xargs -0 cat <"$pages/.list" |
		sed -n 's/^\.\(Xr\|BR\) \(bi\?o\?set[a-z]*\|bset_[a-z_0-9]*\|bio_[a-z_]*\) (\?\([789]\).*/\2.\3/p' |
		sort -u | while read -r ref; do
		[ -e "$pages/man${ref##*.}/$ref" ] || echo "no page $ref"
	done)
	[ -z "$missing" ] || { echo "$missing" >&2 && return 1; }
}

# Manual pages: two formatters with all their warnings. mandoc looks for pages
# referred to among those installed, so that is asked in our own way.
manuals() {
	local pages said
	pages=$("$TOP/scripts/man.sh")
	find "$pages" -type f -name '*.[789]' -print0 >"$pages/.list"
	[ -s "$pages/.list" ] || return 1
	# Their exit statuses say nothing that is not printed.
	said=$(xargs -0 mandoc -Tlint <"$pages/.list" 2>/dev/null |
		grep -v 'referenced manual not found' || true)
	said+=$(xargs -0 -n 1 man --warnings -E UTF-8 -l -Tutf8 -Z <"$pages/.list" \
		2>&1 >/dev/null || true)
	[ -z "$said" ] || { echo "$said" >&2 && return 1; }
	references
}

spelling() {
	codespell --skip './.git,*.svg,*.jsonl' --ignore-words-list fo,nd . >&2
}

# A comment of more than one line has its text from the second line on, as in
# the kernel.
comment_form() {
	! c_files | xargs -d '\n' grep -nP '^\s*/\*\*?[ \t]*[^\s*](?!.*\*/)' >&2
}

# What differs between kernels stands here and nowhere else.
COMPAT='^./(compat|layout|samples/compat|tests/testcompat|tests/kunit/testkunit)[.]h|^./probes/'

# Neither versions, nor configurations, nor what the probes found out: comments
# may speak of them.
version_tests() {
	! kernel_c_files | grep -Ev "$COMPAT" |
		xargs -d '\n' grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE|\b(CONFIG|BSET_HAVE)_[A-Z]' |
		grep -vE ':[0-9]+:[[:space:]]*/?[*]' >&2
}

# core_nm NM-OPTIONS...: nm of the module's objects, from the top floor down
core_nm() {
	local build objs
	build=$("$TOP/scripts/modules.sh" ${KDIR:+"$KDIR"} 2>/dev/null) || return 1
	objs=$(sed -n 's/^bioset_core-y [:+]= *//p' Kbuild)
	[ -n "$objs" ] || return 1
	# shellcheck disable=SC2086 # a list of words
	(cd "$build" && nm "$@" $objs)
}

# Each object of the module calls only those behind it in Kbuild's list. (An
# address that is compared is no call: how our sets are told from others.)
floors() {
	core_nm -A >"$CACHE/logs/floors.nm" || return 1
	awk '
		{ sub(/:.*/, "", $1); sub(/:$/, "", $1) }
		!($1 in floor) { floor[$1] = ++n }
		$NF == "bset_face_alloc_bio" { next }
		$(NF - 1) == "U" { uses[$1 SUBSEP $NF]; next }
		$(NF - 1) ~ /[TDBR]/ { at[$NF] = $1 }
		END {
			for (u in uses) {
				split(u, p, SUBSEP)
				if (p[2] in at && floor[at[p[2]]] <= floor[p[1]])
					print p[1] " calls up: " p[2] " of " at[p[2]]
			}
		}' "$CACHE/logs/floors.nm" | sort >"$CACHE/logs/floors"
	cat "$CACHE/logs/floors" >&2
	[ ! -s "$CACHE/logs/floors" ]
}

# The core's own functions: those that the compiler kept, with what macros of the
# kernel made of them (its parts have a "." in their names), and those of the
# sources, which other compilers may keep.
core_functions() {
	core_nm | awk '$2 == "t" { sub(/^__pfx_/, "", $3); sub(/[.].*/, "", $3); print $3 }' || return 1
	grep -ohE '^(static [^(]*|[a-z0-9_]+)\(' "${SOURCES:-$TOP}"/*.c | sed -E 's/\($//; s/.*[ *]//' |
		grep -v '[A-Z]'
}

# A function that shows in a backtrace says by its name whose it is.
function_names() {
	local names
	names=$(core_functions) || return 1
	[ "$(wc -l <<<"$names")" -ge 200 ] || return 1
	! grep -vE '^(__)?(bset|bioset|track|stall)_|(trace|perf)_[a-z_]*bioset_' <<<"$names" |
		grep -vE '^module_(init|exit|param)' | sort -u | sed 's/$/() does not say whose it is/' | grep . >&2
}

# Each mutant changes the code that it was written for: code that moved takes
# its mutants along. -F0, because a change in the wrong place proves nothing.
mutants_apply() {
	local patch failed=''
	for patch in tests/mutants/*.patch; do
		patch -s -f -p1 -F0 --dry-run <"$patch" >/dev/null 2>&1 ||
			failed+="$patch does not apply"$'\n'
	done
	[ -z "$failed" ] || { printf %s "$failed" >&2 && return 1; }
}

doc_names() {
	"$TOP/docs/check/names" >&2
}

# VERSION says it for all.
one_version() {
	[ "$(dpkg-parsechangelog -S Version)" = "$(cat VERSION)" ] ||
		{ echo "debian/changelog has another version than VERSION" >&2 && return 1; }
	! grep -n '^MODULE_VERSION(' ./*.c | grep -v BSET_VERSION >&2
}

# Nothing but what belongs into a driver: GPL-2.0 on every source file.
licences() {
	! { c_files && ls scripts/*.sh tests/*/*.sh bench/{run,plot.gp} docs/check/* docs/model/run {scripts,tests/*}/*.py tests/guest/* probes/* completion/* man/* \
		packaging/[a-z]*-* packaging/{forget,bioset.mk,Kconfig}; } |
		xargs -d '\n' grep -L 'SPDX-License-Identifier: GPL-2.0' | grep . >&2
}

export -f run_checkpatch
cd "$TOP"
if [ "${1:-}" != --step ]; then
	need_pkgs "the checks" sparse shellcheck codespell clang-format pyflakes3 perl python3 \
		mandoc man-db groff dpkg-dev patch
	source=$("$TOP/tests/lab/kernel.sh" --source)
	export source
	"$TOP/tests/lab/kernel.sh" kasan >/dev/null
	mkdir -p "$CACHE/logs"
fi
dispatch "$@"

# check NAME SECONDS COMMAND...: a step, if its name has what was asked for
check() {
	[[ $1 != *"$only"* ]] || step "$@"
}

only=${1:-}
check "compiler (W=1) and sparse (C=2), stock kernel" 400 stock_build
check "compiler (W=1) and sparse (C=2), test kernel" 400 test_build
check "checkpatch --strict" 300 checkpatch
check "clang-format" 120 format
check "kernel-doc" 120 kernel_doc
check "shellcheck" 120 shell
check "manual pages" 120 manuals
check "python" 60 python
check "codespell" 60 spelling
check "form of comments" 60 comment_form
check "version tests stand in the compat layer" 60 version_tests
check "calls run downwards" 400 floors
check "names say whose they are" 400 function_names
check "one version" 60 one_version
check "licences" 60 licences
check "documents name what exists" 60 doc_names
check "mutants apply" 60 mutants_apply
totals
