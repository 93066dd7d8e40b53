#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot.sh [options] GUEST-SCRIPT: run a script in a guest kernel and say how
# that went. The last line on stdout is one word, the exit status goes with it:
#
#   0 pass     the script ended with "pass", and the kernel had no complaint
#   1 fail     the script failed
#   2 warn     the script passed, but the kernel complained (see splats.py)
#   3 crash    the kernel panicked
#   4 hang     time was up
#   5 silence  the guest ended and left no verdict
#   6 cut      the power was cut, as --cut-at asked
#   7 unjudged what the kernel said could not be judged: splats.py failed
#   9          the guest could not be started
#
# Before it come the guest's "CHECK ..." lines and "log: DIRECTORY".
#
# Options:
#   --kernel DIR     what kernel.sh or stock.sh printed (required)
#   --build DIR      what modules.sh printed: its .ko files go to /ko
#   --modules LIST   modules of that kernel to take along, with what they need;
#                    the guest loads them with modprobe
#   --file SRC[:DST] a file to take along (as /SRC's name, or DST)
#   --append WORDS   more of the kernel's command line (guest.x=y reads as
#                    "$(word x)" in the script)
#   --drive FILE     a raw virtio disk; repeatable: /dev/vda, /dev/vdb, ...
#   --host-root      offer the host's root read-only (mount_host in the script;
#                    stock kernels other than cloud)
#   --mem MIB --smp N --time SECONDS       512, 2, 120
#   --icount         deterministic: one instruction is one nanosecond (1 CPU)
#   --name NAME      names the log directory
#   --show REGEX     show the console's matching lines as they come
#   --cut-at REGEX   cut the power when the console shows this
#   -- ARGS...       more arguments for QEMU
#
# How to write a guest script (tests/guest/*.sh). It is run by busybox sh under
# "set -eu" with tests/guest/lib.sh read in, so a command that fails ends the
# run as "fail". Its very last act, after all checks, is "pass"; a script that
# just ends has failed. What it prints appears in the console's log with
# "guest: " before it. Useful words (see lib.sh): step, check, fail, must_fail,
# load, unload, modprobe, expect_splat, nothing_left, no_leaks, mount_host,
# host. Pipes fail if any part of them does. A kernel complaint that is provoked
# on purpose stands between the lines "EXPECT-SPLAT-BEGIN text" and
# "EXPECT-SPLAT-END" in the kernel's log, from the script (expect_splat) or from
# a module (pr_info). There has to be one whose headline has the text; such ones
# are not counted (see splats.py).
#
# The verdict has a channel of its own, the second serial port (under User Mode
# Linux a file), and carries a nonce from the command line.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

kernel='' build='' modules='' append='' name='' show='' cut_at=''
mem=512 smp=2 limit=120 icount='' host_root=''
files=() drives=() extra=()

usage() {
	sed -n '3,/^# The verdict/s/^# \{0,1\}//p' "$0" >&2
	exit 9
}

no_start() {
	printf 'boot.sh: error: %s\n' "$*" >&2
	exit 9
}

parse_args() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) kernel=$2 && shift ;;
		--build) build=$2 && shift ;;
		--modules) modules="$modules $2" && shift ;;
		--file) files+=("$2") && shift ;;
		--append) append="$append $2" && shift ;;
		--drive) drives+=("$2") && shift ;;
		--host-root) host_root=1 ;;
		--mem) mem=$2 && shift ;;
		--smp) smp=$2 && shift ;;
		--time) limit=$2 && shift ;;
		--icount) icount=1 smp=1 ;;
		--name) name=$2 && shift ;;
		--show) show=$2 && shift ;;
		--cut-at) cut_at=$2 && shift ;;
		--)
			shift
			extra=("$@")
			break
			;;
		-*) usage ;;
		*) script=$1 ;;
		esac
		shift
	done
	[ -n "${script:-}" ] || usage
	[ -n "$kernel" ] || usage
	[ -f "$script" ] || no_start "no guest script $script"
}

# ------------------------------------------------------------ the initramfs

find_kernel() {
	uml=''
	if [ -x "$kernel/linux" ]; then
		uml=1 image=$kernel/linux modroot=$kernel/modroot
	elif [ -f "$kernel/arch/x86/boot/bzImage" ]; then
		image=$kernel/arch/x86/boot/bzImage modroot=$kernel/modroot
	else
		image=$(echo "$kernel"/boot/vmlinuz-*) modroot=$kernel
	fi
	[ -f "$image" ] || no_start "no kernel image in $kernel"
	# shellcheck disable=SC2012 # one plain name
	release=$(ls "$modroot/lib/modules" | head -n 1)
}

# A module loader that tries once; see loadmod.c.
loader() {
	local bin=$CACHE/guest/loadmod src=$TOP/tests/guest/loadmod.c
	if [ ! -x "$bin" ] || [ "$src" -nt "$bin" ]; then
		mkdir -p "${bin%/*}"
		gcc -static -Os -Wall -o "$bin.$$" "$src"
		mv "$bin.$$" "$bin"
	fi
	echo "$bin"
}

# Links made here are links that a slow guest need not make.
add_applets() {
	local applet
	# The kernel asks for /sbin/modprobe by itself.
	ln -s bin "$root/sbin"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
}

kernel_modules() {
	local list=$modules module path
	[ -z "$host_root" ] || list="$list virtio_pci 9pnet_virtio 9p"
	[ ${#drives[@]} = 0 ] || list="$list virtio_pci virtio_blk"
	for module in $list; do
		modprobe -d "$modroot" -S "$release" --show-depends "$module" ||
			no_start "the kernel in $kernel has no module $module"
	done | while read -r word path _; do
		[ "$word" != insmod ] || echo "${path#"$modroot"/}"
	done | sort -u
}

add_kernel_modules() {
	local dir=lib/modules/$release
	mkdir -p "$root/$dir"
	cp "$modroot/$dir"/modules.{builtin,builtin.modinfo,order} "$root/$dir/"
	kernel_modules >"$out/modules"
	(cd "$modroot" && xargs -r cp --parents -t "$root") <"$out/modules"
	find "$root/$dir" -name '*.ko' -exec strip --strip-debug {} +
	depmod -b "$root" "$release"
}

add_our_modules() {
	local ko
	[ -n "$build" ] || return 0
	find "$build" -name '*.ko' | while read -r ko; do
		strip --strip-debug -o "$root/ko/${ko##*/}" "$ko"
	done
}

add_files() {
	local spec src dst
	for spec in ${files[@]+"${files[@]}"}; do
		src=${spec%%:*}
		dst=${spec#"$src"} && dst=${dst#:}
		[ -n "$dst" ] || dst=${src##*/}
		install -D "$src" "$root/$dst"
	done
}

# Not compressed: under emulation, unpacking costs more than reading.
make_initramfs() {
	root=$out/root
	mkdir -p "$root"/{bin,ko,lib,dev,proc,sys,run,tmp,mnt}
	install "$TOP/tests/guest/init" "$root/init"
	install -m 644 "$TOP/tests/guest/lib.sh" "$root/lib/guest.sh"
	install -m 644 "$script" "$root/main"
	install "$(command -v busybox)" "$(loader)" "$root/bin/"
	add_applets
	add_kernel_modules
	add_our_modules
	add_files
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$out/initramfs"
	rm -rf "$root"
}

# --------------------------------------------------------------- the machine

# Does KVM really work here? Asked once for each boot of the host: a device
# node alone proves nothing, and a guest may hang under it.
probe_kvm() {
	local mark=$CACHE/kvm-probe boot_id status=0
	boot_id=$(cat /proc/sys/kernel/random/boot_id)
	if ! grep -qsx "$boot_id .*" "$mark"; then
		say "probing KVM"
		timeout -k 2 20 qemu-system-x86_64 -accel kvm -cpu host -m 256 \
			-nodefaults -no-user-config -display none -no-reboot \
			-kernel "$image" -append "console=ttyS0 panic=-1" \
			-serial stdio >"$out/kvm.log" 2>&1 </dev/null || status=$?
		# Without a root the kernel's last word is a panic and a reboot.
		if [ $status = 0 ] && grep -q 'Kernel panic' "$out/kvm.log"; then
			echo "$boot_id kvm" >"$mark"
		else
			echo "$boot_id tcg" >"$mark"
		fi
	fi
	grep -qx "$boot_id kvm" "$mark"
}

accel_args() {
	if [ -n "$icount" ]; then
		echo -accel tcg -icount shift=0,align=off,sleep=off
	elif [ -w /dev/kvm ] && probe_kvm; then
		echo -accel kvm -cpu host
	else
		echo -accel tcg,thread=multi
	fi
}

start_qemu() {
	local args d
	read -ra args <<<"$(accel_args)"
	[ ${#drives[@]} = 0 ] || append="$append guest.drives=${#drives[@]}"
	for d in ${drives[@]+"${drives[@]}"}; do
		args+=(-drive "file=$d,format=raw,if=virtio,cache=writeback")
	done
	[ -z "$host_root" ] || args+=(-virtfs "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap")
	# A socket's path must be short: use relative ones.
	cd "$out"
	qemu-system-x86_64 "${args[@]}" -smp "$smp" -m "$mem" \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$image" -initrd initramfs \
		-append "console=ttyS0 loglevel=6 printk.devkmsg=on panic=-1 kunit.enable=1 guest.nonce=$nonce guest.cpus=$smp$append" \
		-chardev socket,id=con,path=console.sock,server=on,wait=off,logfile=console.log \
		-serial chardev:con -serial file:verdict \
		-chardev socket,id=mon,path=monitor.sock,server=on,wait=off -mon mon \
		-device pvpanic-pci -action panic=exit-failure \
		${extra[@]+"${extra[@]}"} >qemu.log 2>&1 </dev/null &
	guest=$!
	cd "$OLDPWD"
}

# UML starts several processes; a session of their own lets us end them all.
start_uml() {
	cd "$out"
	# shellcheck disable=SC2086 # words
	setsid "$image" "mem=${mem}M" initrd=initramfs hostfs="$out" \
		con=null con0=null,fd:1 stderr=1 loglevel=6 printk.devkmsg=on \
		kunit.enable=1 guest.nonce="$nonce" guest.hostfs=1 $append \
		>console.log 2>&1 </dev/null &
	guest=$!
	cd "$OLDPWD"
}

stop_guest() {
	[ -n "${guest:-}" ] || return 0
	if [ -n "$uml" ]; then
		kill -9 -- "-$guest" 2>/dev/null || true
	else
		kill -9 "$guest" 2>/dev/null || true
	fi
	wait "$guest" 2>/dev/null || true
	guest=''
}

show_lines() {
	[ -n "$show" ] || return 0
	tail -s 0.3 -n +1 -F --pid="$guest" "$out/console.log" 2>/dev/null |
		sed -u 's/\r$//; s/^\[ *[0-9.]*\] //; s/^guest: //' |
		grep -a --line-buffered -E -- "$show" >&2 &
	viewer=$!
}

# Sets ended to done, hang or cut.
watch_guest() {
	local end=$((SECONDS + limit))
	ended='done'
	while kill -0 "$guest" 2>/dev/null; do
		if [ -n "$cut_at" ] && grep -aqsE -- "$cut_at" "$out/console.log"; then
			ended='cut'
			break
		elif [ $SECONDS -ge $end ]; then
			ended='hang'
			break
		fi
		sleep 0.2
	done
}

ask_where() {
	[ -z "$uml" ] || return 0
	(cd "$out" && timeout 15 python3 "$TOP/scripts/ask-guest.py" \
		monitor.sock console.sock w l) 2>/dev/null || true
}

# --------------------------------------------------------------- the verdict

judge() {
	local last
	last=$(tr -d '\r' <"$out/verdict" 2>/dev/null | tail -n 1)
	if [ $ended = 'hang' ]; then
		echo hang
	elif grep -aq 'Kernel panic' "$out/console.log"; then
		echo crash
	elif [ $ended = 'done' ] && [ "$last" = "VERDICT $nonce fail" ]; then
		echo fail
	elif [ $ended = 'done' ] && [ "$last" != "VERDICT $nonce pass" ]; then
		echo silence
	elif [ "$complaints" = unknown ]; then
		echo unjudged
	elif [ "$complaints" = some ]; then
		echo warn
	elif [ $ended = 'cut' ]; then
		echo cut
	else
		echo pass
	fi
}

# none, some or unknown. SPLATS: another judge, for the harness's own test
look_for_complaints() {
	python3 "${SPLATS:-$TOP/scripts/splats.py}" "$out/console.log" \
		>"$out/splats" 2>"$out/splats.log" || true
	case $(tail -n 1 "$out/splats") in
	"complaints: 0") echo none ;;
	"complaints: "[1-9]*) echo some ;;
	*) echo unknown ;;
	esac
}

explain() {
	say "outcome: $1 (log: $out/console.log)"
	cat "$out/splats.log" >&2
	head -n 100 "$out/splats" >&2
	# "warn" is fully explained by what the kernel said; after a hang, first
	# where it stood, then what it answered when asked.
	[ "$1" = warn ] || sed '/sysrq: Show/,$d' "$out/console.log" | tail -n 60 >&2
	sed -n '/sysrq: Show/,$p' "$out/console.log" | head -n 100 >&2
}

status_of() {
	case $1 in
	pass) return 0 ;;
	fail) return 1 ;;
	warn) return 2 ;;
	crash) return 3 ;;
	hang) return 4 ;;
	silence) return 5 ;;
	cut) return 6 ;;
	unjudged) return 7 ;;
	esac
}

report() {
	local outcome complaints
	if [ ! -s "$out/console.log" ] && [ -s "$out/qemu.log" ]; then
		no_start "$(head -n 3 "$out/qemu.log")"
	fi
	complaints=$(look_for_complaints)
	outcome=$(judge)
	case $outcome in
	pass | cut) ;;
	*) explain "$outcome" ;;
	esac
	tr -d '\r' <"$out/verdict" 2>/dev/null | grep -a '^CHECK ' || true
	echo "log: $out"
	echo "$outcome"
	status_of "$outcome"
}

# The latest logs are kept, older ones go.
log_directory() {
	local runs=$CACHE/runs
	mkdir -p "$runs"
	# shellcheck disable=SC2012 # our own plain names
	(cd "$runs" && ls -t | tail -n +40 | xargs -r rm -rf)
	mktemp -d "$runs/$1.XXXXXX"
}

parse_args "$@"
need_pkgs "booting guests" busybox-static kmod cpio qemu-system-x86 python3 \
	gcc libc6-dev binutils
name=${name:-$(basename "$script" .sh)}
out=$(log_directory "$name")
find_kernel
guest='' viewer=''
trap stop_guest EXIT
trap 'exit 130' INT TERM
nonce=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
make_initramfs
if [ -n "$uml" ]; then start_uml; else start_qemu; fi
show_lines
watch_guest
[ "$ended" != hang ] || ask_where
stop_guest
[ -z "$viewer" ] || wait "$viewer" 2>/dev/null || true
rm -f "$out/initramfs"
report
