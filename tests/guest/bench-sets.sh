# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What making and freeing a set takes with 10 and with 10,000 alive, and what each of
# 10,000 takes: memory and threads.

# What is freed late (RCU, per-CPU lists of pages) has to be free by now.
settle() {
	sleep 0.5
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory
	sleep 0.5
}

# Free memory, and all threads there are; user space's do not change here.
look() {
	local rest
	read -r _ _ _ rest </proc/loadavg
	rest=${rest%% *}
	echo "$(sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo) ${rest#*/}"
}

# make_sets NUMBER KIND: the module prints what one more takes
make_sets() {
	echo "$*" >/sys/module/bioset_bench/parameters/sets
}

# each COLUMN DIFFERENCE: of 10,000 sets
each() {
	local tenths=$((($2 + 500) / 1000))
	tenths=$((tenths / 10)).$((tenths % 10))
	echo "bench: result One set|$kind|$1|$tenths|$tenths"
}

echo 40000 >/proc/sys/kernel/threads-max
load bioset_core
load bioset_bench part=sets
for kind in "ours" "ours, no rescuer" "kernel" "kernel, no rescuer"; do
	make_sets 10 "$kind"
	make_sets 0 "$kind"
	settle
	before=$(look)
	make_sets 10000 "$kind"
	settle
	# shellcheck disable=SC2046,SC2086 # words
	set -- $before $(look)
	each "KiB each" $(($1 - $3))
	each "threads each" $(($4 - $2))
	make_sets 0 "$kind"
done
unload bioset_bench
unload bioset_core
pass
