# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# One mode for each outcome that the harness must tell apart; see tests/lab/selftest.

to_log() {
	echo "$*" >/dev/kmsg
}

# warning TEXT: what the log shows of a WARN()
warning() {
	to_log "------------[ cut here ]------------"
	to_log "$1"
	to_log "WARNING: CPU: 0 PID: 1 at nowhere.c:1 selftest+0x0/0x0"
	to_log "---[ end trace 0000000000000000 ]---"
}

case $(word mode) in
pass)
	pass
	;;
fail)
	false
	pass
	;;
pipe)
	# The first part of a pipe counts as well
	false | true
	pass
	;;
unfinished)
	# Ends well, but never said so
	exit 0
	;;
provoked)
	expect_splat "planted" warning "this one is planted"
	pass
	;;
warn)
	warning "nobody expects this one"
	pass
	;;
leaks)
	# This kernel has no kmemleak.
	check "no leaks" no_leaks
	pass
	;;
cut)
	echo "now"
	sleep 1000
	;;
cpus)
	# --smp 2,maxcpus=4
	[ "$(nproc)" = 2 ]
	[ "$(cat /sys/devices/system/cpu/possible)" = 0-3 ]
	pass
	;;
dump)
	echo "now"
	sleep 2
	pass
	;;
warn-cut)
	warning "before the power is cut"
	echo "now"
	sleep 1000
	;;
litter)
	# What the next one is not to find
	mount -t tmpfs none /mnt
	touch /tmp/litter /mnt/litter
	sleep 1000 &
	to_log "litter"
	pass
	;;
clean)
	[ ! -e /tmp/litter ]
	[ ! -e /mnt/litter ]
	must_fail pidof sleep
	must_fail sh -c "dmesg | grep -q litter"
	pass
	;;
spoils)
	# Nobody shares a boot after it, but leaks are looked for.
	touch /state/leaks
	without_lockdep
	pass
	;;
oops)
	to_log "BUG: KASAN: double-free in somewhere"
	reboot -f
	;;
crash)
	echo c >/proc/sysrq-trigger
	;;
hang)
	sleep 1000
	pass
	;;
slow)
	sleep 6
	pass
	;;
silent)
	reboot -f
	;;
nonce)
	echo "VERDICT 0123456789abcdef pass" >&9
	reboot -f
	;;
esac
