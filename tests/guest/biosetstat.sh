# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# biosetstat on a machine under load, in a real terminal
#
# guest: --host-root --modules null_blk --mem 1024
# time: 240
# needs: tmux util-linux python3
# tool: biosetstat

# shellcheck source=stripe.sh
. /stripe.sh

tool() {
	host /root/biosetstat "$@"
}

messages() {
	fails_saying "the module bioset_core is not loaded" tool
	load bioset_core
	fails_saying "debugfs is not mounted" tool
	mount -t debugfs none /host/sys/kernel/debug
	fails_saying "run this as root" host setpriv --reuid=65534 --clear-groups /tmp/biosetstat
	fails_saying "run this as root" host setpriv --reuid=65534 --clear-groups /tmp/biosetstat --watch-stalls
	tool | grep '^SET .*RESERVE' >/dev/null
}

# What the tool says is what the kernel's files say, once nothing moves.
agrees() {
	tool --json >/run/json
	for name in allocs waits punted rescued from_reserve longest_wait_us pool_size; do
		grep -q "\"$name\": $(set_stat $name)[,}]" /run/json
	done
}

# Each line is an object of its own, and no count falls, while all moves.
json_under_load() {
	tool --json 0.5 5 >/host/tmp/json
	host python3 - <<-'END'
		import json
		tables = [json.loads(line) for line in open("/tmp/json")]
		assert len(tables) == 5, len(tables)
		sets = [table["sets"][0] for table in tables]
		pairs = list(zip(sets, sets[1:]))
		assert all(a["uptime"] < b["uptime"] for a, b in zip(tables, tables[1:]))
		assert all(len(table["sets"]) == 1 for table in tables)
		assert all(a.keys() == b.keys() and len(a) == 20 for a, b in pairs)
		assert all(a[c] <= b[c] for a, b in pairs for c in ("allocs", "waits", "punted", "from_reserve"))
		assert sets[0]["allocs"] < sets[-1]["allocs"] and sets[0]["waits"] < sets[-1]["waits"]
		print("in", tables[-1]["uptime"] - tables[0]["uptime"], "s:", sets[0], sets[-1])
	END
}

screen() {
	host env TERM=screen LC_ALL=C.UTF-8 tmux -L test -f /dev/null "$@"
}

# shows TEXT
shows() {
	local i=0
	while [ $i -lt 100 ]; do
		screen capture-pane -p >/run/screen
		! grep -qE "$1" /run/screen || return 0
		sleep 0.2
		i=$((i + 1))
	done
	cat /run/screen
	return 1
}

# The example's set waits, so it is on top and highlighted, though an idle set's
# name comes before it.
under_load() {
	starve 1
	start_writers
	screen new-session -d -x 80 -y 24 "/root/biosetstat 1; echo STATUS \$?; sleep 100"
	shows '^bioset_stripe\.clones\.[0-9]+ +[01]/1 +[0-9]+ +[0-9.]+k? +[0-9.]+k? +[0-9.]+ +[1-3] +[0-9.]+ms +[0-9.]+'
	cat /run/screen
	[ "$(awk 'length > 80' /run/screen)" = "" ]
	sed -n 3p /run/screen | grep -q '^bioset_stripe'
	sed -n 24p /run/screen | grep -q '^q quit'
	screen capture-pane -p -e | grep "^$(printf '\033')\[1;7mbioset_stripe" >/dev/null
	screen resize-window -x 130 -y 10
	shows 'RESCU/s CACHED'
	sed -n 10p /run/screen | grep -q '^q quit'
	cat /run/screen
	screen send-keys n
	shows 'by name'
	json_under_load
	stop_writers
	starve 0
	shows '0 waiting'
	# The module goes, and comes again, under the running tool.
	agrees
	unload bioset_stripe
	shows 'no driver has made a set'
	unload bioset_core
	shows 'is not loaded'
	load bioset_core
	shows 'no driver has made a set'
	screen send-keys q
	shows 'STATUS 0'
	screen kill-server
}

# What was reported before it reads the log is not new.
watching() {
	local pid
	# shellcheck disable=SC2010 # where links lead
	pid=$(pidof biosetstat) && ls -l "/proc/$pid/fd" | grep -q kmsg
}

followed() {
	grep -q '</TASK>' /run/stalls
}

stalls() {
	unload bioset_core
	no_null_disks
	load bioset_core stall_secs=1
	load_starved
	tool --watch-stalls --new >/run/stalls 2>&1 &
	watcher=$!
	wait_for watching
	readers 2
	echo "nullb: this is no stall" >/dev/kmsg
	wait_for followed
	kill $watcher
	hold N
	wait
	cat /run/stalls
	grep -q '^\[.*\] bioset: bioset_stripe.*dd/[0-9]* has waited [1-9]' /run/stalls
	grep -q 'likely cause' /run/stalls
	# The stack is part of the report, to its end; what others say is not.
	grep -q 'bset_alloc' /run/stalls
	! grep -q nullb /run/stalls
}

mount_host
mkdir -p /dev/pts
mount -t devpts none /host/dev/pts
mount -t tmpfs none /host/root
cp /biosetstat /host/root/biosetstat
cp /biosetstat /host/tmp/biosetstat
# With a reserve of one somebody always waits for them.
slow_disks 20 memory_backed=1
check "clear messages" messages
load_driver pool_size=1
check "a terminal under load" under_load
check "stalls are followed" stalls
unload_stripe
check "nothing left after unloading" nothing_left
pass
