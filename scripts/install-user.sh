#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install-user.sh [--remove]: install what people use: biosetstat with its
# completion, the script for drgn, and the manual pages. DESTDIR goes before
# every path, for packagers; PREFIX is /usr/local, or what they say. Removing
# needs nothing but this tree.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

prefix=${DESTDIR:-}${PREFIX:-/usr/local}
man=$prefix/share/man
completion=$prefix/share/bash-completion/completions/biosetstat
drgn=$prefix/share/bioset/bioset-drgn.py

install_all() {
	local bin src page
	bin=$("$TOP/scripts/tools.sh")
	src=$("$TOP/scripts/man.sh")
	install -D -m 755 "$bin" "$prefix/sbin/biosetstat"
	install -D -m 644 "$TOP/completion/biosetstat" "$completion"
	[ ! -f "$TOP/tools/bioset-drgn.py" ] || install -D -m 644 "$TOP/tools/bioset-drgn.py" "$drgn"
	for page in $("$TOP/scripts/man.sh" --list); do
		mkdir -p "$man/${page%/*}"
		cp -P --no-preserve=ownership "$src/$page" "$man/$page"
	done
	say "tools: $prefix/sbin/biosetstat; manual pages: $man"
}

remove_all() {
	local page
	rm -f "$prefix/sbin/biosetstat" "$completion" "$drgn"
	for page in $("$TOP/scripts/man.sh" --list); do
		rm -f "$man/$page"
	done
	drop_empty "$man"/man[789] "${drgn%/*}" "${completion%/*}" "$prefix/share/bash-completion"
}

if [ "${1:-}" = --remove ]; then
	remove_all
else
	install_all
fi
