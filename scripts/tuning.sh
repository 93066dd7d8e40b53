#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tuning.sh: how the throughput of the example depends on its reserve when it
# has nothing else, on Debian's stock kernel; UPDATE=1 puts the table into
# docs/tuning.md. RESERVES=1,2,4 and SECS=3 make it short or long.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

reserves=${RESERVES:-1,2,4,8,16,32,64,128,256}
secs=${SECS:-3}
number SECS "$secs"
[[ $reserves =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] ||
	die "RESERVES=$reserves is not a list of numbers like 1,2,4"

# tables FILE: for each pattern a table, the last line of which is what the
# percentages are of
tables() {
	awk -F';' '
		/TUNING;/ {
			sub(/.*TUNING;/, "")
			if (!($2 in seen)) { seen[$2] = 1; order[++n] = $2 }
			lines[$2] = lines[$2] $0 "\n"
			if ($1 == "no limit") full[$2] = $4
		}
		END {
			for (i = 1; i <= n; i++) {
				p = order[i]
				printf "%s**%s**\n\n", (i > 1 ? "\n" : ""), (p == "write-1m" ? \
					"Writes of 1 MiB, 8 at a time, 16 clones each" : \
					"Random reads of 4 KiB, 128 at a time, one clone each")
				print "| reserve | operations/s | MiB/s | of what is possible | waits | punted | longest wait |"
				print "|---:|---:|---:|---:|---:|---:|---:|"
				m = split(lines[p], row, "\n")
				for (j = 1; j < m; j++) {
					split(row[j], c, ";")
					printf "| %s | %d | %.1f | %.1f %% | %d | %d | %.0f ms |\n", c[1], c[3], \
						c[4] / 1024, 100 * c[4] / full[p], c[5], c[6], c[7] / 1000
				}
			}
		}' "$1"
}

# The same text between the marks, and no other change.
update_page() {
	local page=$TOP/docs/tuning.md
	{
		sed '/<!-- tuning begin -->/q' "$page"
		tables "$1"
		sed -n '/<!-- tuning end -->/,$p' "$page"
	} >"$page.new"
	mv "$page.new" "$page"
}

need_pkgs "measuring" fio
use_flavour stock
say "measuring; this takes about $((($(tr -cd , <<<"$reserves" | wc -c) + 2) * 2 * (secs + 4))) seconds"
guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" --host-root --mem 1024 \
	--append "guest.secs=$secs guest.reserves=$reserves" --time 900 \
	--show 'TUNING' tuning.sh
tables "$log/console.log"
[ -z "${UPDATE:-}" ] || update_page "$log/console.log"
