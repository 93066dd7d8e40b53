#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# doc-names.sh: do the documents name functions that exist? Each `name()` in
# README.md and docs/*.md, and each bset_name() in docs/model, must be defined in
# our sources or in the kernel's. A step that docs/forward-progress.md says is in
# the model must be there, too. Prints what is missing; fails if anything is.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

cd "$TOP"
bad=''

complain() {
	printf '%s: %s\n' "$1" "$2" >&2
	bad=1
}

named_in() {
	# shellcheck disable=SC2016 # the quotes of Markdown
	case $1 in
	*.md) grep -o '`[a-z_][a-z0-9_]*()`' "$1" | tr -d '`()' ;;
	*) grep -oE '\<bset_[a-z0-9_]+\(\)' "$1" | tr -d '()' ;;
	esac | sort -u
}

# All names that are defined in files: the line that begins a function, of C or
# of a script, or the name of a macro with arguments. A declaration or a call is
# no definition: the first is indented or ends in ";", the second is indented.
# A type on a line of its own is allowed before the name.
defined_in() {
	# shellcheck disable=SC2016 # awk's
	xargs -r -d '\n' awk '
	FNR == 1 { open = "" }
	/^#[ \t]*define[ \t]+[a-z_][A-Za-z0-9_]*\(/ {
		sub(/^#[ \t]*define[ \t]+/, ""); sub(/\(.*/, ""); print; next
	}
	open != "" && /;[ \t]*$/ { open = "" }
	open != "" && /^\{/ { print open; open = "" }
	/^[A-Za-z_][^=;{]*\(/ && !/^(if|for|while|switch|return)\>/ {
		name = $0
		sub(/\(.*/, "", name); sub(/[ \t]+$/, "", name)
		sub(/.*[ \t*]/, "", name)
		if (/;[ \t]*$/) next
		if (/\{[ \t]*$/) print name
		else open = name
	}' | sort -u
}

our_sources() {
	find . -name .git -prune -o -name '*.[ch]' -print
	ls scripts/*.sh tests/guest/*.sh
}

# The functions of the kernel that a document may speak of are all from here.
kernel_sources() {
	find "$1"/include/linux "$1"/include/asm-generic "$1"/block "$1"/mm "$1"/lib "$1"/kernel/workqueue.c \
		"$1"/kernel/sched "$1"/kernel/locking "$1"/kernel/rcu "$1"/fs "$1"/drivers/md \
		-name '*.[ch]' -print
}

# Functions of older kernels that a document may still speak of
former_functions() {
	echo generic_make_request
}

# The model's inlines and processes; "init" is one of the language's own.
model_steps() {
	sed -nE 's/^(inline|proctype) ([a-z_]+)\(.*/\2/p' docs/model/handover.pml
	echo init
}

steps_in_table() {
	# shellcheck disable=SC2016 # the quotes of Markdown
	awk '/^\| step of the model/ { on = 1; next } !/^\|/ { on = 0 } on' \
		docs/forward-progress.md | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`'
}

source=$("$TOP/tests/lab/kernel.sh" --source)
known=$(mktemp)
steps=$(mktemp)
trap 'rm -f "$known" "$steps"' EXIT
{
	our_sources
	kernel_sources "$source"
} | defined_in >"$known"
former_functions >>"$known"
model_steps >"$steps"

names=0
for doc in README.md docs/*.md docs/model/*; do
	while read -r name; do
		names=$((names + 1))
		grep -qxF "$name" "$known" ||
			complain "$doc" "there is no function $name()"
	done < <(named_in "$doc")
done
in_table=0
while read -r step; do
	in_table=$((in_table + 1))
	grep -qxF "$step" "$steps" ||
		complain docs/forward-progress.md "the model has no step $step"
done < <(steps_in_table)
# A check that finds nothing to check has lost its way.
[ $names -ge 20 ] || complain "${0##*/}" "only $names names found in the documents"
[ $in_table -ge 10 ] || complain "${0##*/}" "only $in_table steps found in the table"
[ -z "$bad" ]
