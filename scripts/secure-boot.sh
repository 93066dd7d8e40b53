#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# secure-boot.sh: the recipes of docs/secure-boot.md, with throw-away keys. DKMS
# builds and signs bioset_core in a machine of Debian's; a driver is signed by
# hand; the keys go into the variables of a UEFI firmware (OVMF), as the MOK
# manager would have it; then that machine's kernel, told to enforce signatures,
# loads both, and nothing else.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=package-lib.sh
. "$TOP/scripts/package-lib.sh"

DRIVER=adriver
suite=bookworm
log=$CACHE/logs/secure-boot.log

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

prepare_machine() {
	put "$("$TOP/scripts/deb.sh")"
	apt_inside install "/root/bioset-dkms_$(cat "$TOP/VERSION")_all.deb" || return 1
	as_root cp -r "$TOP/samples/template" "$root/u/root/$DRIVER"
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -exc '
		cd /root/$2
		eval "$(sed -n "s/^ *\(sed -i .*\)/\1/p" README | sed "s/foo/$2/g")"
		make KDIR=/lib/modules/$1/build modules
		make KDIR=/lib/modules/$1/build INSTALL_MOD_DIR=updates modules_install' \
		_ "$kernel" $DRIVER || return 1
	run_block key && run_block sign
}

# What the guests take along, out of the machine
take_modules() {
	# shellcheck disable=SC2016 # for the inner shell
	seen sh -exc '
		lib=$1/lib/modules/$2
		cp "$lib/updates/dkms/bioset_core.ko" "$3/core.ko"
		cp "$lib/updates/$4.ko" "$3/driver.ko"
		cp "$lib/kernel/drivers/block/brd.ko" "$3/brd.ko"
		cp "$1/var/lib/dkms/mok.pub" "$1/root/module.der" "$3/"
		mkdir -p "$3/kernel/boot" "$3/kernel/lib/modules"
		cp "$1/boot/vmlinuz-$2" "$3/kernel/boot/"
		cp -r "$lib" "$3/kernel/lib/modules/"
		"$1/lib/modules/$2/build/scripts/sign-file" sha256 "$3/stranger.key" \
			"$3/stranger.der" "$3/core.ko" "$3/stranger.ko"' \
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
	for cert in mok.pub module.der; do
		openssl x509 -inform DER -in "$dir/$cert" -out "$dir/cert.pem"
		cert-to-efi-sig-list "$dir/cert.pem" "$dir/$cert.esl"
		cat "$dir/$cert.esl" >>"$dir/db.esl"
	done
	sign-efi-sig-list -k "$dir/stranger.key" -c "$dir/stranger.pem" db \
		"$dir/db.esl" "$dir/db.auth" >&2
}

guest() {
	local printed
	printed=$("$TOP/scripts/boot.sh" --kernel "$dir/kernel" --time 240 "$@" -- \
		-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
		-drive "if=pflash,format=raw,file=$dir/vars.fd") || true
	sed -n 's/^CHECK //p' <<<"$printed"
	[ "$(tail -n 1 <<<"$printed")" = pass ] || {
		echo "not ok secure boot - outcome: $(tail -n 1 <<<"$printed"); $(sed -n 's/^log: //p' <<<"$printed")"
		exit 1
	}
}

need_pkgs "the test of Secure Boot" ovmf efitools openssl binutils
mkdir -p "$CACHE/logs"
make_base $suite
fresh secure-boot
dir=$root/secure
mkdir -p "$dir"
# shellcheck disable=SC2016 # for the inner shell
kernel=$(seen sh -c 'cd "$1/lib/modules" && ls' _ "$root/m" | head -n 1)
make_stranger
quietly "$log" prepare_machine || die "preparing the machine failed; see $log"
quietly "$log.take" take_modules || die "what DKMS installed is not there; see $log.take"
make_db
cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/vars.fd"
guest --name enroll --modules efivarfs --file "$dir/db.auth" "$TOP/tests/guest/enroll.sh"
guest --name secure-boot --append module.sig_enforce=1 \
	--file "$dir/core.ko:/signed/bioset_core.ko" --file "$dir/driver.ko:/signed/driver.ko" \
	--file "$dir/brd.ko:/signed/brd.ko" --file "$dir/unsigned.ko" --file "$dir/stranger.ko" \
	"$TOP/tests/guest/secure-boot.sh"
as_root rm -rf "$root"
