#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools-test.sh: biosetstat with tables that were written for it (tests/tools/),
# in a pipe and in a real terminal.
# UPDATE=1 writes the expected texts anew, to be looked at with git diff.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"

canned=$TOP/tests/tools
dir='' terminals=0

# A server of its own for each terminal: an old one may be on its way out.
tmux_() {
	tmux -L "biosetstat-$$-$terminals" -f /dev/null "$@"
}

new_terminal() {
	[ "$terminals" = 0 ] || tmux_ kill-server 2>/dev/null || true
	terminals=$((terminals + 1))
}

finish() {
	[ "$terminals" = 0 ] || tmux_ kill-server 2>/dev/null || true
	[ -z "$dir" ] || rm -rf "$dir"
	rm -rf "$steps"
}

# expect NAME: what is in $dir/got is what tests/tools/NAME.expected has
expect() {
	[ -z "${UPDATE:-}" ] || cp "$dir/got" "$canned/$1.expected"
	diff -u "$canned/$1.expected" "$dir/got" >&2
}

stat() {
	"$bin" "$@" >"$dir/got" 2>&1
}

# refused TEXT ARG...: an error that names what is wrong, nothing on stdout
refused() {
	local text=$1 status=0
	shift
	"$bin" "$@" >"$dir/got" 2>"$dir/error" || status=$?
	if [ "$status" = 0 ] || [ -s "$dir/got" ]; then
		echo "biosetstat $* was not refused" >&2
		return 1
	fi
	grep -qF -- "$text" "$dir/error" || { cat "$dir/error" >&2 && return 1; }
}

table() {
	stat -f "$canned/three-sets" && expect table &&
		stat -f "$canned/new-column" && expect table-new-column &&
		stat -f "$canned/no-sets" && expect table-no-sets
}

sorted() {
	local key
	for key in waits allocs flight reserve punts longest name; do
		stat -f "$canned/three-sets" --sort="$key" && expect "sort-$key" || return 1
	done
}

# What Python reads from it is what the file says.
json() {
	"$bin" -f "$canned/three-sets" --json >"$dir/got" &&
		python3 - "$canned/three-sets" "$dir/got" <<-'END' >&2
			import json
			import sys
			lines = [line.split() for line in open(sys.argv[1])]
			want = {cells[0]: dict(zip(lines[0], cells)) for cells in lines[1:]}
			sets = json.load(open(sys.argv[2]))["sets"]
			got = {s["name"]: {k: str(v) for k, v in s.items()} for s in sets}
			assert got == want, (got, want)
			assert all(type(s["reserve"]) is int for s in sets)
		END
}

# Each second line set starts a table of its own; the rate of a count that
# stands still is 0, and a set that is new has none.
stream() {
	cp "$canned/three-sets" "$dir/sets"
	(sleep 0.5 && cp "$canned/later" "$dir/next" && mv "$dir/next" "$dir/sets") &
	stat -f "$dir/sets" 1 2 && wait && expect stream
}

bad_input() {
	refused "allocs of mydrv.data.12 is not a number: 99x9" -f "$canned/bad-number" &&
		refused "line 4 of the table is incomplete" -f "$canned/short-line" &&
		refused 'no column "reserve"' -f "$canned/other-file" &&
		refused "No such file" -f "$dir/none" &&
		refused 'no column "reserve"' -f /dev/null &&
		refused "Is a directory" -f "$dir" &&
		refused "SECONDS must be 0.1 to 86400" 0 &&
		refused "SECONDS must be 0.1 to 86400" 1x &&
		refused "SECONDS must be 0.1 to 86400" -- -1 &&
		refused "SECONDS must be 0.1 to 86400" nan &&
		refused "COUNT must be a positive number" 1 0 &&
		refused "3: too many arguments" 1 2 3 &&
		refused "size: not a key to sort by" --sort size &&
		refused "unrecognized option" --frob &&
		refused "--new: needs --watch-stalls" --new
}

stalls() {
	stat --watch-stalls -f "$canned/kmsg" && expect stalls &&
		stat --watch-stalls --new -f "$canned/kmsg" && [ ! -s "$dir/got" ]
}

no_module() {
	[ ! -d /sys/module/bioset_core ] || return 0
	refused "bioset_core is not loaded: modprobe bioset_core"
}

help() {
	stat --help && expect help
}

# Each long option of --help is offered by the completion and has its place in
# the manual page.
options_known() {
	local option
	"$bin" --help | grep -o -- '--[a-z-]*' | sort -u >"$dir/options"
	[ "$(wc -l <"$dir/options")" -ge 7 ] || return 1
	# shellcheck disable=SC2016
	bash -c '. "$1"; COMP_WORDS=(biosetstat --) COMP_CWORD=1
		_biosetstat biosetstat -- biosetstat; printf "%s\n" "${COMPREPLY[@]}"' \
		_ "$TOP/completion/biosetstat" | sort -u >"$dir/completed"
	diff -u "$dir/options" "$dir/completed" >&2 || return 1
	while read -r option; do
		mandoc -T ascii "$TOP/man/biosetstat.8" | col -b | grep -- "^ *-.*$option" >/dev/null ||
			{ echo "the manual page lacks $option" >&2 && return 1; }
	done <"$dir/options"
}

sort_keys_completed() {
	# shellcheck disable=SC2016
	bash -c '. "$1"; COMP_WORDS=(biosetstat --sort "") COMP_CWORD=2
		_biosetstat biosetstat "" --sort; echo "${COMPREPLY[*]}"' \
		_ "$TOP/completion/biosetstat" >"$dir/got"
	[ "$(cat "$dir/got")" = "waits allocs flight reserve punts longest name" ]
}

# ------------------------------------------------------------- in a terminal

# terminal WIDTH HEIGHT ARG...: biosetstat in a terminal of its own
terminal() {
	local width=$1 height=$2
	shift 2
	new_terminal
	# The shell's last words show that the terminal is usable again.
	tmux_ new-session -d -x "$width" -y "$height" \
		"stty -g >$dir/stty; echo BEFORE; $bin $*; echo STATUS \$?; stty -g | cmp - $dir/stty && echo SAME; sleep 60"
}

# shows TEXT: the screen does, within five seconds
shows() {
	local i
	for ((i = 0; i < 50; i++)); do
		tmux_ capture-pane -p >"$dir/got"
		! grep -qF -- "$1" "$dir/got" || return 0
		sleep 0.1
	done
	echo "no \"$1\" on this screen:" >&2
	cat "$dir/got" >&2
	return 1
}

key() {
	tmux_ send-keys "$@"
}

# highlighted: the text of the lines that are bold and reversed
highlighted() {
	tmux_ capture-pane -p -e | sed -n 's|^\x1b\[1;7m\([^ ]*\).*|\1|p'
}

screen() {
	terminal 80 24 "-f $canned/three-sets 60" && shows "q quit" && expect screen &&
		[ "$(highlighted)" = mydrv.data.12 ]
}

screen_resized() {
	terminal 80 24 "-f $canned/three-sets 60" && shows "q quit" &&
		tmux_ resize-window -x 132 -y 12 && shows STALLS && expect screen-132x12 &&
		tmux_ resize-window -x 40 -y 6 && sleep 0.5 && shows "biosetstat: 3" && expect screen-40x6 &&
		tmux_ resize-window -x 80 -y 24 && shows PUNT/s && expect screen
}

screen_keys() {
	terminal 80 24 "-f $canned/later 60" && shows "by waits" || return 1
	local k
	for k in a:allocs f:flight r:reserve p:punts l:longest n:name; do
		key "${k%%:*}" && shows "by ${k#*:}" && expect "screen-${k#*:}" || return 1
	done
	key x && sleep 0.3 && shows "by name" && expect screen-name || return 1
	key q && shows "STATUS 0" && shows SAME && shows BEFORE
}

# More sets than lines: the arrows move the view.
screen_scrolled() {
	local i
	{
		head -n 1 "$canned/later"
		for ((i = 10; i < 60; i++)); do
			sed -n "2s/clones.0 /clones.$i/p" "$canned/later"
		done
	} >"$dir/many"
	terminal 80 24 "-f $dir/many 60" && shows "50 sets" && shows clones.30 || return 1
	! grep -q clones.31 "$dir/got" || return 1
	key Down && shows clones.31 || return 1
	! grep -q clones.10 "$dir/got" || return 1
	key Up && shows clones.10
}

# One is not several.
screen_one() {
	sed -n '1p; s/ 4 4 4 4 3 10 10 / 4 4 4 4 1 10 10 /p' "$canned/later" >"$dir/one"
	terminal 80 24 "-f $dir/one 60" && shows "biosetstat: 1 set, 0 waiting, 1 bio in flight"
}

# What is read changes: a set goes, one comes, the file goes and comes back.
screen_follows() {
	cp "$canned/three-sets" "$dir/sets"
	terminal 80 24 "-f $dir/sets 0.3" && shows mydrv.metadata && shows "1 waiting" || return 1
	cp "$canned/later" "$dir/next" && mv "$dir/next" "$dir/sets"
	shows other.log.13 && shows "0 waiting" || return 1
	! grep -q metadata "$dir/got" || return 1
	rm "$dir/sets"
	shows "No such file" || return 1
	cp "$canned/no-sets" "$dir/sets"
	shows "no driver has made a set" || return 1
	cp "$canned/later" "$dir/next" && mv "$dir/next" "$dir/sets"
	shows other.log.13
}

screen_ends() {
	local sig
	for sig in INT TERM HUP; do
		terminal 80 24 "-f $canned/later 60" && shows "q quit" || return 1
		kill -"$sig" "$(pgrep -n -f "^$bin -f $canned/later 60")" || return 1
		shows "STATUS 0" && shows SAME || return 1
	done
	terminal 80 24 "-f $canned/later 0.2 3" && shows "STATUS 0" && shows SAME
}

# Stopped by ^Z and continued, as a shell with job control does it
screen_suspended() {
	new_terminal
	tmux_ new-session -d -x 80 -y 24 "PS1='shell> ' bash --norc --noprofile -i"
	shows "shell>" && key "$bin -f $canned/later 60" Enter && shows "q quit" &&
		key C-z && shows Stopped && key fg Enter && shows "q quit" && key a && shows "by allocs"
}

if [ "${1:-}" != --step ]; then
	need_pkgs "testing biosetstat" tmux python3 procps diffutils mandoc bsdextrautils
fi
bin=$("$TOP/scripts/tools.sh")
dir=$(mktemp -d)
trap finish EXIT
dispatch "$@"

step "table" 20 table
step "sorted by each key" 20 sorted
step "JSON" 20 json
step "table after table" 20 stream
step "bad input is refused" 20 bad_input
step "stalls" 20 stalls
step "module not loaded" 20 no_module
step "help" 20 help
step "completion and manual page know each option" 20 options_known
step "completion knows the keys to sort by" 20 sort_keys_completed
step "80 by 24 characters" 60 screen
step "resized" 60 screen_resized
step "keys" 60 screen_keys
step "scrolled" 60 screen_scrolled
step "one set" 60 screen_one
step "what is read changes" 60 screen_follows
step "signals and COUNT end it" 90 screen_ends
step "suspended and continued" 60 screen_suspended
totals
