# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# One guest for each outcome that boot.sh must tell apart; scripts/selftest.sh
# chooses with guest.mode.

to_log() {
	echo "$*" >/dev/kmsg
}

case $(word mode) in
pass)
	pass
	;;
fail)
	false
	pass
	;;
unfinished)
	# Ends well, but never said so
	exit 0
	;;
provoked)
	expect_splat "planted" to_log "WARNING: this one is planted"
	pass
	;;
foreign)
	# Expects one complaint, gets another
	expect_splat "planted" to_log "WARNING: something else entirely"
	pass
	;;
warn)
	to_log "WARNING: CPU: 0 PID: 1 at nowhere.c:1 selftest+0x0/0x0"
	pass
	;;
race)
	to_log "BUG: KCSAN: data-race in bset_put [bioset_core] / mempool_free"
	pass
	;;
kernel-race)
	# The kernel's own, though one of us called it
	to_log "BUG: KCSAN: data-race in mempool_alloc / mempool_free"
	to_log " bset_put+0x0/0x0 [bioset_core]"
	pass
	;;
crash)
	echo c >/proc/sysrq-trigger
	;;
hang)
	sleep 1000
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
