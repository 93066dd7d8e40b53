#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install-user.sh [--remove]: install what people use: biosetstat with its
# completion, the script for drgn, and the manual pages. DESTDIR goes before every path, for
# packagers; PREFIX is /usr/local, or what they say.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

prefix=${DESTDIR:-}${PREFIX:-/usr/local}
man=$prefix/share/man
completion=$prefix/share/bash-completion/completions/biosetstat
drgn=$prefix/share/bioset/bioset-drgn.py

# Pages, without the directory that holds them
pages() {
	(cd "$1" && find . -name '*.[789]' -printf '%P\n')
}

install_all() {
	local bin src page
	bin=$("$TOP/scripts/tools.sh")
	src=$("$TOP/scripts/man.sh")
	install -D -m 755 "$bin" "$prefix/sbin/biosetstat"
	install -D -m 644 "$TOP/completion/biosetstat" "$completion"
	[ ! -f "$TOP/tools/bioset-drgn.py" ] || install -D -m 644 "$TOP/tools/bioset-drgn.py" "$drgn"
	for page in $(pages "$src"); do
		mkdir -p "$man/${page%/*}"
		cp -P --no-preserve=ownership "$src/$page" "$man/$page"
	done
	say "tools: $prefix/sbin/biosetstat; manual pages: $man"
}

remove_all() {
	local src page
	src=$("$TOP/scripts/man.sh")
	rm -f "$prefix/sbin/biosetstat" "$completion" "$drgn"
	[ ! -d "${drgn%/*}" ] || rmdir --ignore-fail-on-non-empty "${drgn%/*}"
	for page in $(pages "$src"); do
		rm -f "$man/$page"
	done
}

if [ "${1:-}" = --remove ]; then
	remove_all
else
	install_all
fi
