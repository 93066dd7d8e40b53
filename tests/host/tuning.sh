#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tuning.sh [FLAVOUR]: how the throughput of the example depends on its reserve when
# it has nothing else, on a kernel, as for run (stock); UPDATE=1 puts the table into
# docs/tuning.md. RESERVES=1,2,4 and SECS=3 make it short or long. The last lines are
# results: what that page says about small and large reserves is so.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/tests/lab/flavour.sh"

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

# judge FILE: for each pattern, the smallest reserve makes tasks wait and costs
# throughput, the largest does not get in the way, and without limit nobody waits.
judge() {
	awk -F';' '
		function verdict(right, what) {
			print (right ? "ok " : "not ok ") what (right ? "" : " - see the table")
			bad += !right
		}
		/TUNING;/ {
			sub(/.*TUNING;/, "")
			speed[$2, $1] = $4; waits[$2, $1] = $5; patterns[$2]
			if ($1 == "no limit") next
			if (!least || $1 + 0 < least) least = $1 + 0
			if ($1 + 0 > most) most = $1 + 0
		}
		END {
			for (p in patterns) {
				n++
				if (least <= 8)
					verdict(waits[p, least] && speed[p, least] * 4 < speed[p, "no limit"],
						p ": a reserve of " least " is slow, and goes on")
				if (most >= 128)
					verdict(speed[p, most] * 2 > speed[p, "no limit"],
						p ": a reserve of " most " is enough")
				verdict(waits[p, "no limit"] == 0, p ": nobody waits while there is memory")
			}
			exit bad || n != 2
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
use_flavour "${1:-stock}"
say "measuring; this takes about $((($(tr -cd , <<<"$reserves" | wc -c) + 2) * 2 * (secs + 4))) seconds"
guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" --host-root --mem 1024 \
	--append "guest.secs=$secs guest.reserves=$reserves" --time 900 \
	--show 'TUNING' tuning.sh
tables "$log/console.log"
[ -z "${UPDATE:-}" ] || update_page "$log/console.log"
judge "$log/console.log"
