# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# A kernel that takes signed modules only; see tests/install/secure-boot. Not by
# way of /lib/modules: what is packed there has been stripped.

enforced() {
	[ "$(cat /sys/module/module/parameters/sig_enforce)" = Y ]
}

# refused FILE WORDS: the kernel says why
refused() {
	dmesg -c >/dev/null
	must_fail loadmod "$1"
	dmesg | grep "$2" || fail "the kernel does not say \"$2\": $(dmesg)"
}

by_dkms() {
	loadmod /signed/bioset_core.ko
	[ -d /sys/module/bioset_core ]
}

by_hand() {
	loadmod /signed/brd.ko rd_nr=1 rd_size=1024
	loadmod /signed/driver.ko dev=/dev/ram0
	[ "$(head -c 1 /dev/ram0)" = a ]
}

check "signatures are enforced" enforced
check "an unsigned module is refused" refused /unsigned.ko 'unsigned module is rejected'
check "a module signed with an unknown key is refused" refused /stranger.ko 'unavailable key is rejected'
check "what DKMS built is loaded" by_dkms
check "what was signed by hand is loaded" by_hand
rmmod adriver
rmmod bioset_core
pass
