#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs-test.sh [FLAVOUR]: the commands in docs/ run in guests: those about a stuck
# driver over disks that take 3 s for each I/O, all others over disks that take 3 ms.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

# commands FLAVOUR DISKS PAGE...
commands() {
	local dir flavour=$1 disks=$2
	shift 2
	dir=$(mktemp -d)
	(cd "$TOP/docs" && python3 "$TOP/docs/check/docs-commands.py" "${@/%/.md}") >"$dir/commands.sh"
	use_flavour "$flavour"
	guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" \
		--file "$dir/commands.sh" --file "$("$TOP/scripts/tools.sh"):biosetstat" \
		--host-root --mem 1024 --append "guest.disks=$disks" --time 500 \
		--name "docs-$disks-$flavour" docs.sh
	rm -r "$dir"
}

if [ "${1:-}" != --step ]; then
	need_pkgs "the commands in docs/" linux-perf trace-cmd bpftrace \
		python3 sysstat
fi
dispatch "$@"
flavour=${1:-stock}
step "commands about a stuck driver" 900 commands "$flavour" slow debugging
step "all other commands" 900 commands "$flavour" fast watching tuning porting
totals
