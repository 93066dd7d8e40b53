# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts here share. Source it; it does nothing by itself but set
#   TOP    the source tree
#   CACHE  where everything that is built lives, outside the tree

set -euo pipefail

# Progress goes to stderr: stdout is for results that a caller reads.
say() {
	printf '==> %s\n' "$*" >&2
}

die() {
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# What is built there has to be named in makefiles.
cache_dir() {
	local dir=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
	case $dir in
	'') die "there is no place for a cache: neither HOME nor XDG_CACHE_HOME is set" ;;
	*[[:space:]:]*) die "the cache cannot be in \"$dir\": make takes no blank and no colon there; set XDG_CACHE_HOME" ;;
	/*) realpath -m "$dir/bioset" ;;
	*) die "XDG_CACHE_HOME=$dir is not an absolute path" ;;
	esac
}

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$(cache_dir)
JOBS=${JOBS:-$(nproc)}
export TOP CACHE JOBS
# A make that called us must not impose its flags on the kernel's make; what
# is meant to pass (W, C, V) is handed on by name.
unset MAKEFLAGS MFLAGS MAKELEVEL
# make exports what was not given as empty, which the kernel's make takes for an
# architecture without a name.
[ -n "${ARCH:-}" ] || unset ARCH
# Messages are parsed here and there.
export LC_ALL=C.UTF-8
# Where people have depmod and mke2fs, whatever their PATH
PATH=$PATH:/usr/sbin:/sbin

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "this needs root, and sudo is not there: $*"
		sudo "$@"
	fi
}

# quietly LOG CMD...: run CMD with its output in LOG, shown only on failure.
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 40 "$log" >&2
	return 1
}

# drop_empty DIR...: what was made for us goes with the last file.
drop_empty() {
	local dir
	for dir; do
		[ ! -d "$dir" ] || rmdir --ignore-fail-on-non-empty "$dir"
	done
}

apt_usable() {
	command -v apt-get >/dev/null || return 1
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null
}

apt_run() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o DPkg::Lock::Timeout=120 "$@"
}

# need_pkgs WHY PKG...: install those of the Debian packages that are missing.
need_pkgs() {
	local why=$1 pkg missing=()
	shift
	for pkg; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$pkg" 2>/dev/null)" = installed ] || missing+=("$pkg")
	done
	[ ${#missing[@]} -eq 0 ] || with_lock packages install_pkgs "$why" "${missing[@]}"
}

install_pkgs() {
	local why=$1 missing=("${@:2}")
	apt_usable || die "$why needs these packages, and apt-get (with root or sudo) is not there to install them: ${missing[*]}"
	say "installing ${missing[*]} ($why)"
	local log=$CACHE/logs/apt.log
	quietly "$log" apt_run install -y --no-install-recommends "${missing[@]}" 2>/dev/null && return
	say "refreshing the package lists"
	quietly "$log" apt_run update ||
		die "apt-get update failed; cannot install ${missing[*]}"
	quietly "$log" apt_run install -y --no-install-recommends "${missing[@]}" ||
		die "apt-get could not install ${missing[*]}"
}

# with_lock NAME CMD...: one process at a time builds a thing in the cache.
with_lock() {
	local name=$1 fd
	shift
	mkdir -p "$CACHE"
	exec {fd}>"$CACHE/.lock-$name"
	if ! flock -n "$fd"; then
		say "waiting for another run to finish with $name"
		flock -w 1800 "$fd" || die "$name is locked for half an hour"
	fi
	# The lock must not outlive us in a child that goes on running.
	"$@" {fd}>&-
	exec {fd}>&-
}

# Minutes and seconds since $1, a value of $SECONDS.
took() {
	local s=$((SECONDS - $1))
	printf '%d:%02d' $((s / 60)) $((s % 60))
}
