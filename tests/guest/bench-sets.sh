# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What 1, 10, 100 and 1000 sets take: memory and threads.

meminfo() {
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# What is freed late (RCU, per-CPU lists of pages) has to be free by now.
settle() {
	sleep 0.5
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory
	sleep 0.5
}

# All threads there are; user space's do not change here.
threads() {
	local rest
	read -r _ _ _ rest </proc/loadavg
	rest=${rest%% *}
	echo "${rest#*/}"
}

look() {
	echo "$(meminfo MemFree) $(meminfo Slab) $(meminfo Percpu) $(meminfo KernelStack) $(grep -c . /proc/slabinfo) $(threads)"
}

sets() {
	echo "$1" >/sys/module/bioset_bench/parameters/sets
}

result() {
	echo "bench: result sets $number $kind.$1 $2 $2"
}

# The difference that NUMBER sets of KIND make, in kB
measure() {
	local kind=$1 number=$2 before after
	sets "ours 0"
	settle
	before=$(look)
	sets "$kind $number"
	settle
	after=$(look)
	# shellcheck disable=SC2086 # words
	set -- $before $after
	result free $(($1 - $7))
	result slab $(($8 - $2))
	result percpu $(($9 - $3))
	result stack $((${10} - $4))
	result slabs $((${11} - $5))
	result threads $((${12} - $6))
}

load bioset_core
load bioset_bench part=sets
for kind in ours kernel plain; do
	# The first time, everything around it grows too.
	measure $kind 1000 >/dev/null
	for number in 1 10 100 1000; do
		measure $kind $number
	done
done
unload bioset_bench
unload bioset_core
pass
