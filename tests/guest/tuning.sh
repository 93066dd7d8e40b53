# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Throughput of the example against the size of its reserve, with nothing but
# that reserve. Each line of results: "TUNING;reserve;pattern;operations/s;
# KiB/s;waits;punted;longest wait in µs".

# shellcheck source=stripe.sh
. /stripe.sh

# run_fio PATTERN BLOCKSIZE DEPTH
run_fio() {
	host fio --name=t --filename=$disk --rw="$1" --bs="$2" --iodepth="$3" \
		--ioengine=libaio --direct=1 --time_based --runtime="$(word secs)" \
		--randrepeat=1 --output-format=terse --output=/tmp/fio
}

# fio's terse fields: bandwidth in KiB/s and operations per second
field() {
	cut -d';' -f"$1" /host/tmp/fio
}

# measure RESERVE STARVE PATTERN
measure() {
	load_driver pool_size="$1"
	starve "$2"
	case $3 in
	randread-4k) run_fio randread 4k 128 && bw=$(field 7) iops=$(field 8) ;;
	write-1m) run_fio write 1m 8 && bw=$(field 48) iops=$(field 49) ;;
	esac
	[ "$bw" -gt 0 ]
	[ "$2" = 1 ] && name=$1 || name="no limit"
	echo "TUNING;$name;$3;$iops;$bw;$(set_stat waits);$(set_stat punted);$(set_stat longest_wait_us)"
	unload bioset_stripe
}

mount_host
# As busy hard disks or a network do: the processor is not what limits them.
slow_disks 50 memory_backed=0 hw_queue_depth=256
load bioset_core
for pattern in randread-4k write-1m; do
	for reserve in $(word reserves | tr , ' '); do
		measure "$reserve" 1 "$pattern"
	done
	measure 16 0 "$pattern"
done
unload bioset_core
no_null_disks
nothing_left
pass
