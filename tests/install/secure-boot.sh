#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# secure-boot.sh [SUITE...]: the recipes of docs/secure-boot.md, with throw-away
# keys, in each SUITE (default: those that the page names). DKMS builds
# bioset_core in a machine of that suite and signs it, but for Debian 11; what has
# no signature then, a driver at least, is signed by hand. The keys go into the
# list of keys that a UEFI firmware (OVMF) itself trusts; a MOK manager would put
# them into a list beside it. Then that machine's kernel, told to enforce
# signatures, loads both, and nothing else.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=package-lib.sh
. "$TOP/tests/install/package-lib.sh"

DRIVER=adriver

# block NAME: the commands after "<!-- run: NAME -->" in the document
block() {
	awk -v mark="<!-- run: $1 -->" '
		$0 == mark { found = 1 }
		found && /^```$/ { exit }
		inside { print }
		found && /^```sh$/ { inside = 1 }' "$TOP/docs/secure-boot.md"
}

run_block() {
	local commands
	commands=$(block "$1")
	[ -n "$commands" ] || die "docs/secure-boot.md has no commands \"$1\""
	inside sh -exc "KERNEL=$kernel; $commands"
}

# signer MODULE: who signed it, if anybody did
signer() {
	inside modinfo -k "$kernel" -F signer "$1"
}

# The page says which DKMS signs, and that "sign" leaves alone what is signed.
signers_right() {
	local by_dkms
	case $suite in
	bullseye) by_dkms='' ;;
	*) by_dkms="DKMS module signing key" ;;
	esac
	must [ "$first_signer" = "$by_dkms" ]
	must [ "$(signer bioset_core)" = "${by_dkms:-modules of this machine}" ]
	must [ "$(signer $DRIVER)" = "modules of this machine" ]
}

install_package() {
	put "$("$TOP/scripts/deb.sh")" || return 1
	apt_inside install "/root/bioset-dkms_${VERSION}_all.deb"
}

sign_by_hand() {
	as_root cp -r "$TOP/samples/template" "$root/u/root/$DRIVER"
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -exc '
		cd /root/$2
		eval "$(sed -n "s/^ *\(sed -i .*\)/\1/p" README | sed "s/foo/$2/g")"
		make KDIR=/lib/modules/$1/build modules
		make KDIR=/lib/modules/$1/build INSTALL_MOD_DIR=updates modules_install
		depmod "$1"' _ "$kernel" $DRIVER || return 1
	run_block key && run_block sign
}

# The same module, signed by somebody whom the firmware does not know
sign_as_stranger() {
	put "$dir/stranger.key" "$dir/stranger.der"
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -exc '
		cat "$(modinfo -k "$1" -F filename bioset_core)" >/root/stranger.ko
		! xz -t /root/stranger.ko || { mv /root/stranger.ko /root/stranger.ko.xz && unxz /root/stranger.ko.xz; }
		"/lib/modules/$1/build/scripts/sign-file" sha256 \
			/root/stranger.key /root/stranger.der /root/stranger.ko' _ "$kernel"
}

# What the guests take along, out of the machine
take_modules() {
	# shellcheck disable=SC2016 # for the inner shell
	seen sh -exc '
		mkdir -p "$3/kernel/boot" "$3/kernel/lib/modules"
		cp "$1/boot/vmlinuz-$2" "$3/kernel/boot/"
		cp -r "$1/lib/modules/$2" "$3/kernel/lib/modules/"
		lib=$3/kernel/lib/modules/$2
		find "$lib" -name "*.ko.xz" -exec unxz {} +
		depmod -b "$3/kernel" "$2"
		cp "$lib/updates/dkms/bioset_core.ko" "$3/core.ko"
		cp "$lib/updates/$4.ko" "$3/driver.ko"
		cp "$lib/kernel/drivers/block/brd.ko" "$3/brd.ko"
		cp "$1/root/stranger.ko" "$1/root/module.der" "$3/"
		[ ! -f "$1/var/lib/dkms/mok.pub" ] || cp "$1/var/lib/dkms/mok.pub" "$3/mok.der"' \
		_ "$root/m" "$kernel" "$dir" $DRIVER
	strip --strip-debug -o "$dir/unsigned.ko" "$dir/core.ko"
}

make_stranger() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=stranger/ \
		-keyout "$dir/stranger.key" -outform DER -out "$dir/stranger.der" 2>/dev/null
	openssl x509 -inform DER -in "$dir/stranger.der" -out "$dir/stranger.pem"
}

# The firmware wants a list of certificates, in a signed form; with no owner
# yet, it does not mind who signed.
make_db() {
	local cert
	for cert in "$dir"/mo*.der; do
		openssl x509 -inform DER -in "$cert" -out "$dir/cert.pem"
		cert-to-efi-sig-list "$dir/cert.pem" "$cert.esl"
		cat "$cert.esl" >>"$dir/db.esl"
	done
	sign-efi-sig-list -k "$dir/stranger.key" -c "$dir/stranger.pem" db \
		"$dir/db.esl" "$dir/db.auth" >&2
}

guest() {
	local printed
	printed=$("$TOP/tests/lab/boot.sh" --kernel "$dir/kernel" --time 240 "$@" -- \
		-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
		-drive "if=pflash,format=raw,file=$dir/vars.fd") || true
	sed -n "s/^CHECK \(ok\|not ok\) /\1 $suite: /p" <<<"$printed"
	[ "$(tail -n 1 <<<"$printed")" = pass ] || {
		echo "not ok $suite: secure boot - outcome: $(tail -n 1 <<<"$printed"); $(sed -n 's/^log: //p' <<<"$printed")"
		exit 1
	}
}

in_suite_signed() {
	suite=$1
	log=$CACHE/logs/secure-boot-$suite.log
	make_base "$suite"
	fresh secure-boot
	dir=$root/secure
	mkdir -p "$dir"
	kernel=$(first_kernel)
	make_stranger
	quietly "$log" install_package || die "installing the package failed; see $log"
	first_signer=$(signer bioset_core)
	quietly "$log.hand" sign_by_hand || die "signing by hand failed; see $log.hand"
	try "$suite: DKMS and the lines for signing sign what the page says" signers_right
	quietly "$log.stranger" sign_as_stranger || die "see $log.stranger"
	quietly "$log.take" take_modules || die "what DKMS installed is not there; see $log.take"
	make_db
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/vars.fd"
	guest --name "enroll-$suite" --modules efivarfs --file "$dir/db.auth" "$TOP/tests/guest/enroll.sh"
	guest --name "secure-boot-$suite" --append module.sig_enforce=1 \
		--file "$dir/core.ko:/signed/bioset_core.ko" --file "$dir/driver.ko:/signed/driver.ko" \
		--file "$dir/brd.ko:/signed/brd.ko" --file "$dir/unsigned.ko" --file "$dir/stranger.ko" \
		"$TOP/tests/guest/secure-boot.sh"
	tidy
}

dispatch "$@"
[ $# -gt 0 ] || set -- bullseye bookworm trixie
need_pkgs "the test of Secure Boot" ovmf efitools openssl binutils
mkdir -p "$CACHE/logs"
for suite; do
	step "signed modules in $suite" 1200 in_suite_signed "$suite"
done
totals
