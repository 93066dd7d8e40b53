# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of any Debian suite and architecture, and commands in a chroot of a
# suite. The machine's own apt is left as it is. Source it after lib.sh.
#
#   suite_of VERSION                   the suite that has this kernel
#   own_suite SUITE                    is it the one that this machine runs?
#   suite_cache SUITE ARCH ARGS...     apt-cache for that suite
#   suite_unpack SUITE ARCH DIR PKG... download packages, unpack them in DIR
#   suite_need SUITE WHY PKG...        install there what is missing of PKG
#   foreign_guests SUITE ARCH          what guests of another machine are made with:
#                                      a compiler for it, and a busybox of its own
#   in_suite SUITE CMD...              run CMD with that suite's programs; it
#                                      sees the cache, this tree and /tmp
#
# For the suite that the machine itself runs, and for "" with the last two,
# there is no chroot and no package list: the machine is used as it is.

suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo sid ;;
	experimental) echo experimental ;;
	*) die "no Debian suite is known for Linux $1; there are: 5.10 6.1 6.12 7.2 experimental" ;;
	esac
}

# os_field NAME: a line of os-release, of the machine
os_field() {
	sed -n "s/^$1=\"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" /etc/os-release
}

own_suite() {
	[ "$(os_field ID)" = debian ] && [ "$(os_field VERSION_CODENAME)" = "$1" ]
}

# ------------------------------------------------------------ package lists

# mirror_of PATTERN: the URI of the first of this machine's apt sources whose
# suite matches. apt itself reads them, whatever form they have.
mirror_of() {
	# shellcheck disable=SC2016 # for apt to fill in
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v pattern="^($1)\$" '!uri && $2 ~ pattern { uri = $1 } END { print uri }'
}

# suite_sources SUITE [plain]: the lines of a sources.list; "plain" is without
# security updates
suite_sources() {
	local names main security opts
	[ "$(os_field ID)" = debian ] ||
		die "other kernels come from the mirror of a Debian machine, and this is no Debian"
	names="$(os_field VERSION_CODENAME)|(old)*stable|testing|unstable|sid"
	main=$(mirror_of "$names")
	[ -n "$main" ] || die "this machine's apt sources name no mirror of Debian"
	security=''
	[ "${2:-}" = plain ] || security=$(mirror_of "($names)(-security|/updates)")
	# On a frozen mirror the Release file has expired.
	opts="[check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
	echo "deb $opts $main $1 main"
	case $1 in
	experimental) echo "deb $opts $main sid main" ;;
	sid) ;;
	*) [ -z "$security" ] || echo "deb $opts $security $1-security main" ;;
	esac
}

# apt_for SUITE ARCH PROGRAM ARGS...: apt with a state of its own
apt_for() {
	local dir=$CACHE/apt/$1-$2 arch=$2 program=$3 target=()
	# Its packages are not taken unless asked for.
	[ "$1" != experimental ] || target=(-o APT::Default-Release=experimental)
	shift 3
	"$program" -q -o "Dir::State=$dir" -o "Dir::State::status=$dir/status" \
		-o "Dir::Cache=$dir/cache" -o "Dir::Etc::sourcelist=$dir/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=- \
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
		-o Acquire::Languages=none -o APT::Sandbox::User=root \
		${target[@]+"${target[@]}"} "$@"
}

# try_lists SUITE ARCH [plain]
try_lists() {
	suite_sources "$1" "${3:-}" >"$CACHE/apt/$1-$2/sources.list"
	quietly "$CACHE/logs/apt-$1-$2.log" apt_for "$1" "$2" apt-get update \
		-o APT::Update::Error-Mode=any 2>/dev/null
}

# Security updates end some years before a suite does, at first for the rarer
# architectures.
fetch_lists() {
	local suite=$1 arch=$2 dir=$CACHE/apt/$1-$2 log=$CACHE/logs/apt-$1-$2.log
	say "fetching the package lists of $suite ($arch)"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	if ! try_lists "$suite" "$arch" && ! try_lists "$suite" "$arch" plain; then
		tail -n 5 "$log" >&2
		! grep -qE 'does not have a Release file|404 ' "$log" ||
			die "the mirror that this machine's apt uses has no suite $suite for $arch"
		die "fetching the package lists of $suite ($arch) failed"
	fi
	touch "$dir/.done"
}

first_lists() {
	[ -e "$CACHE/apt/$1-$2/.done" ] || fetch_lists "$1" "$2"
}

need_lists() {
	if own_suite "$1" && [ "$2" = "$(dpkg --print-architecture)" ]; then
		return
	fi
	need_pkgs "packages of $1" debian-archive-keyring
	with_lock "apt-$1-$2" first_lists "$1" "$2"
}

refresh_lists() {
	if own_suite "$1" && [ "$2" = "$(dpkg --print-architecture)" ]; then
		say "refreshing the package lists"
		quietly "$CACHE/logs/apt.log" apt_run update || die "apt-get update failed"
	else
		with_lock "apt-$1-$2" fetch_lists "$1" "$2"
	fi
}

# suite_apt SUITE ARCH PROGRAM ARGS...
suite_apt() {
	if own_suite "$1" && [ "$2" = "$(dpkg --print-architecture)" ]; then
		shift 2
		local program=$1
		shift
		# Root's cache is closed to the user that apt would download as.
		"$program" -q -o APT::Sandbox::User=root "$@"
	else
		apt_for "$@"
	fi
}

suite_cache() {
	local suite=$1 arch=$2
	shift 2
	need_lists "$suite" "$arch"
	suite_apt "$suite" "$arch" apt-cache "$@" 2>/dev/null
}

download_to() {
	local suite=$1 arch=$2 dir=$3
	shift 3
	(cd "$dir" && quietly "$CACHE/logs/apt-$suite-$arch.log" \
		suite_apt "$suite" "$arch" apt-get download "$@" 2>/dev/null)
}

suite_unpack() {
	local suite=$1 arch=$2 dir=$3 deb
	shift 3
	need_lists "$suite" "$arch"
	mkdir -p "$dir/.deb"
	say "downloading $* ($suite, $arch)"
	if ! download_to "$suite" "$arch" "$dir/.deb" "$@"; then
		refresh_lists "$suite" "$arch"
		download_to "$suite" "$arch" "$dir/.deb" "$@" ||
			die "could not download $* of $suite ($arch); see $CACHE/logs/apt-$suite-$arch.log"
	fi
	for deb in "$dir"/.deb/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -r "$dir/.deb"
}

fetch_busybox() {
	[ ! -x "$3" ] || return 0
	rm -rf "$3.part"
	suite_unpack "$1" "$2" "$3.part" busybox-static
	mv "$(find "$3.part" -type f -path '*bin/busybox' | head -n 1)" "$3"
	rm -rf "$3.part"
}

foreign_guests() {
	local busybox=$CACHE/guest/$2/busybox
	[ "$2" != riscv64 ] || need_pkgs "guests of $2" opensbi
	need_pkgs "guests of $2" "gcc-$(cross_target "$2")" "libc6-dev-$2-cross"
	mkdir -p "$CACHE/guest/$2"
	with_lock "busybox-$2" fetch_busybox "$1" "$2" "$busybox"
}

# ------------------------------------------------------------------ chroots

# in_chroot DIR USER CMD...: with what a kernel's build wants (objtool: /proc).
# The mounts are in a name space of their own and end with CMD.
in_chroot() {
	local dir=$1 user=$2
	shift 2
	# shellcheck disable=SC2016 # for that shell
	as_root unshare -m --propagation private bash -c '
		set -e
		root=$1 user=$2 cwd=$3 binds=$4
		shift 4
		for dir in $binds; do
			mkdir -p "$root$dir"
			mount --rbind "$dir" "$root$dir"
		done
		[ -d "$root$cwd" ] || cwd=/
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
		exec chroot --userspec="$user" "$root" env -C "$cwd" "$@"' \
		in_chroot "$dir" "$user" "$PWD" "/proc /dev /tmp $CACHE $TOP ${CHROOT_BINDS:-}" "$@"
}

in_suite() {
	local suite=$1
	shift
	if [ -z "$suite" ] || own_suite "$suite"; then
		"$@"
	else
		in_chroot "$CACHE/suites/$suite" "$(id -u):$(id -g)" "$@"
	fi
}

# chroot_apt DIR ARGS...
chroot_apt() {
	local dir=$1
	shift
	in_chroot "$dir" 0:0 env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
}

# missing_in DIR PKG...: those that are not installed in the chroot
missing_in() {
	local dir=$1
	shift
	printf '%s\n' "$@" | grep -vxF -f <(dpkg-query --admindir="$dir/var/lib/dpkg" \
		-W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p') || true
}

install_in() {
	local suite=$1 dir=$CACHE/suites/$1 log=$CACHE/logs/suite-$1.log missing
	shift
	missing=$(missing_in "$dir" "$@")
	[ -n "$missing" ] || return 0
	local target=()
	[ "$suite" != experimental ] || target=(-t experimental)
	missing=$(echo "$missing" | xargs)
	say "installing $missing in the chroot of $suite"
	# shellcheck disable=SC2086 # words
	quietly "$log" chroot_apt "$dir" install --no-install-recommends "${target[@]}" $missing 2>/dev/null && return
	quietly "$log" chroot_apt "$dir" update || die "apt-get update failed in the chroot of $suite"
	# shellcheck disable=SC2086
	quietly "$log" chroot_apt "$dir" install --no-install-recommends "${target[@]}" $missing ||
		die "could not install $missing in the chroot of $suite"
}

# suite_need SUITE WHY PKG...
suite_need() {
	local suite=$1 why=$2
	shift 2
	if [ -z "$suite" ] || own_suite "$suite"; then
		need_pkgs "$why" "$@"
		return
	fi
	"$TOP/tests/lab/suite.sh" "$suite" >/dev/null
	with_lock "suite-$suite" install_in "$suite" "$@"
}
