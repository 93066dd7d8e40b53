#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# package-test.sh [PART [SUITE...]]: install the package as people do, in
# throw-away copies of Debian's suites, without a network.
#
#   short      build, lintian, install in this release's suite and boot
#   suites     everything that can happen to the package, in each SUITE
#              (default: all that are supported)
#   refusals   bad input, in each SUITE (default: this release's)
#   all        the three of them
#
# In a suite, what an administrator does: install, a driver on top, a new
# kernel arrives, boot, upgrade, reinstall, remove, purge.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=package-lib.sh
. "$TOP/tests/install/package-lib.sh"

# There is no release yet: "the version before" is this tree with another number.
OLD=0.1
DRIVER=adriver # sorts before "bioset": order must not matter
OWN=bookworm   # the suite that lintian and the short part are of

deb() {
	"$TOP/scripts/deb.sh" "$@" 2>>"$CACHE/logs/package-deb.log"
}

# driver_deb: the template, copied, renamed as its README says, and packaged
driver_deb() {
	local dir=$CACHE/package/driver-$suite line
	need_pkgs "packaging a driver" debhelper dh-dkms dpkg-dev fakeroot
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -r "$TOP/samples/template" "$dir/$DRIVER"
	line=$(grep -o 'sed -i .*mydriver.*' "$dir/$DRIVER/README")
	(cd "$dir/$DRIVER" && eval "${line//foo/$DRIVER}" && ! grep -r mydriver . &&
		dpkg-buildpackage -b -us -uc) >"$dir/log" 2>&1 || { tail "$dir/log" >&2 && return 1; }
	echo "$dir/${DRIVER}-dkms_0.1_all.deb"
}

# ----------------------------------------------------------- what is checked

install_package() {
	must put "$@"
	local file list=()
	for file; do
		list+=("/root/${file##*/}")
	done
	must apt_inside install "${list[@]}"
}

installed_right() {
	install_package "$DEB"
	must built_for "$(first_kernel)" bioset_core
	must built_for "$(first_kernel)" bioset_stripe
	must core_version "$(first_kernel)"
}

driver_right() {
	install_package "$DRIVER_DEB"
	must built_for "$(first_kernel)" $DRIVER
	[ "$(inside modinfo -k "$(first_kernel)" -F depends $DRIVER)" = bioset_core ] ||
		must false "modinfo does not say that $DRIVER depends on bioset_core"
}

kernel_arrives() {
	# shellcheck disable=SC2046 # words
	must apt_inside install $(cat "$base/root/second")
	[ -n "$(new_kernel)" ] || must false "no new kernel is there"
	must built_for "$(new_kernel)" bioset_core
	must built_for "$(new_kernel)" $DRIVER
	must built_for "$(first_kernel)" $DRIVER
}

kernel_goes() {
	local kernel
	kernel=$(new_kernel)
	# In sid an image is several packages.
	# shellcheck disable=SC2046,SC2016 # words; for the inner shell
	must apt_inside purge $(inside sh -c \
		'dpkg-query -W -f "\${Package}\n" "linux-*-$1"' _ "$kernel")
	[ -z "$(seen find "$root/m/lib/modules/$kernel" "$root/m/var/lib/dkms" -path "*$kernel*" -print -quit 2>/dev/null)" ] ||
		must false "something of $kernel is left"
	must built_for "$(first_kernel)" bioset_core
}

# By hand, without DKMS: README, Makefile and the header that is installed
template_by_hand() {
	# shellcheck disable=SC2016 # for the inner shell
	must inside sh -ec '
		cd /root
		cp -r /usr/share/bioset/template foo && cd foo
		eval "$(sed -n "s/^ *\(sed -i .*\)/\1/p" README)"
		make KDIR=/lib/modules/$1/build modules
		make KDIR=/lib/modules/$1/build INSTALL_MOD_DIR=updates modules_install
		depmod $1
		[ "$(modinfo -k $1 -F depends foo)" = bioset_core ]
		make KDIR=/lib/modules/$1/build clean
		cd .. && rm -r foo /lib/modules/$1/updates/foo.ko*' _ "$(first_kernel)"
}

# The code of docs/porting.md, against the installed package
porting_guide() {
	local dir=$root/u/root/porting
	"$TOP/docs/check/commands" extract "$root/porting"
	as_root cp -r "$root/porting" "$root/u/root/"
	must inside make -C "/lib/modules/$(first_kernel)/build" M=/root/porting \
		BIOSET=/usr/src/bioset -j2 modules
	[ "$(find "$dir" -name '*.ko' | wc -l)" = "$(find "$root/porting" -name '*.c' | wc -l)" ] ||
		must false "not every block has become a module"
}

# The machine's kernel and modules, as boot.sh wants to see them
boot_dir() {
	local kernel=$1 dir=$root/boot image
	rm -rf "$dir"
	mkdir -p "$dir/boot" "$dir/lib/modules"
	for image in "$root/m/boot/vmlinuz-$kernel" "$root/m/lib/modules/$kernel/vmlinuz" \
		"$root/m/usr/lib/modules/$kernel/vmlinuz"; do
		[ ! -f "$image" ] || cp "$image" "$dir/boot/vmlinuz-$kernel"
	done
	cp -r "$root/m/lib/modules/$kernel" "$dir/lib/modules/"
	find "$dir" -name '*.ko.xz' -exec unxz {} +
	depmod -b "$dir" "$kernel"
}

boots() {
	local modules="brd bioset_stripe" printed dir=$root/boot
	[ -z "$2" ] || modules="$modules $2"
	boot_dir "$1"
	printed=$("$TOP/tests/lab/boot.sh" --kernel "$dir" --modules "$modules" \
		--name "package-$suite" --append "guest.version=$VERSION guest.driver=$2 ${3:-}" \
		--time 240 "$TOP/tests/guest/package.sh") || true
	rm -rf "$dir"
	echo "$printed"
	[ "$(tail -n 1 <<<"$printed")" = pass ]
}

boot_inside() {
	seen "$0" --step boots_here "$suite" "$root" "$@"
}

# In the process that has the machine's root mounted
boots_here() {
	suite=$1 root=$2
	shift 2
	boots "$@"
}

reinstalled() {
	must apt_inside reinstall "/root/${DEB##*/}"
	must built_for "$(first_kernel)" bioset_core
	must core_version "$(first_kernel)"
}

upgraded() {
	local kernel
	install_package "$OLD_DEB" "$DRIVER_DEB"
	kernel=$(first_kernel)
	[ "$(inside modinfo -k "$kernel" -F version bioset_core)" = $OLD ] ||
		must false "the old version is not there"
	install_package "$DEB"
	must core_version "$kernel"
	must built_for "$kernel" $DRIVER
	[ "$(inside dkms status -m bioset | grep -c installed)" = 1 ] ||
		must false "not one version of bioset: $(inside dkms status)"
	[ -z "$(inside sh -c 'ls -d /usr/src/bioset-'$OLD' 2>/dev/null')" ] ||
		must false "the old sources are left"
}

purged() {
	files >"$root/before"
	install_package "$DEB" "$DRIVER_DEB"
	must apt_inside remove $DRIVER-dkms bioset-dkms
	[ -z "$(inside dkms status)" ] || must false "DKMS still has $(inside dkms status)"
	must apt_inside purge bioset-dkms
	files >"$root/after"
	must diff "$root/before" "$root/after"
	! inside dpkg -s bioset-dkms >/dev/null 2>&1 || must false "dpkg still knows it"
}

autopkgtest() {
	local dir=$root/u/root/repo
	as_root mkdir -p "$dir"
	as_root cp "$DEB" "$dir/"
	(cd "$dir" && dpkg-scanpackages . 2>/dev/null | as_root tee Packages >/dev/null)
	as_root mkdir -p "$root/u/etc/apt"
	echo "deb [trusted=yes] file:/root/repo ./" | as_root tee "$root/u/etc/apt/sources.list" >/dev/null
	must inside apt-get -q update
	must inside /usr/lib/dkms/dkms-autopkgtest bioset-dkms
}

# The commands that README.md gives; there, one has to say yes.
readme_commands() {
	awk '/^## Install/ { found = 1 } found && /^Then/ { exit } found && /^    / { print }' \
		"$TOP/README.md" | sed 's/^ *//'
}

# Somebody who is not root, and may say sudo
as_readme_says() {
	local commands
	commands=$(readme_commands)
	[ "$(wc -l <<<"$commands")" = 3 ] || must false "not three commands: $commands"
	sources
	# shellcheck disable=SC2016 # for the inner shell
	with_network inside sh -exc '
		apt-get -q install sudo passwd
		useradd -m -s /bin/sh somebody
		echo "somebody ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/somebody
		su - somebody -c "set -ex; cd /srv/bioset; $1"' _ "$commands"
	must built_for "$(first_kernel)" bioset_core
	must [ "$(inside biosetstat --version)" = "biosetstat $VERSION" ]
}

# One machine for a life from installation to the kernel's going, and fresh
# ones for what starts anew
in_suite_all() {
	suite=$1
	make_base "$suite"
	DEB=$(deb) OLD_DEB=$(deb $OLD) DRIVER_DEB=$(driver_deb)
	fresh life
	try "$suite: apt install builds for its kernel" installed_right
	try "$suite: a driver's package finds header and symbols" driver_right
	try "$suite: the template, by hand" template_by_hand
	try "$suite: the code of docs/porting.md" porting_guide
	try "$suite: a new kernel arrives" kernel_arrives
	boot_results "$(first_kernel)" $DRIVER
	try "$suite: the new kernel goes" kernel_goes
	try "$suite: reinstall" reinstalled
	fresh upgrade
	try "$suite: upgrade from $OLD" upgraded
	fresh purge
	try "$suite: remove and purge leave nothing" purged
	fresh readme
	try "$suite: the three commands of README.md" as_readme_says
	fresh autopkgtest
	try "$suite: Debian's test of DKMS packages" autopkgtest
	unsupported
	tidy
}

# The guest's own results
boot_results() {
	local printed
	printed=$(boot_inside "$@" 2>"$CACHE/logs/package-$suite-boot.log") || {
		tail -n 25 "$CACHE/logs/package-$suite-boot.log" >&2
		not_ok "$suite: boot - see $CACHE/logs/package-$suite-boot.log"
		trouble=1
	}
	sed -n 's/^CHECK \(ok\|not ok\) /\1 '"$suite"': /p' <<<"$printed"
}

# ------------------------------------------------------------- what is refused

# A package of headers that runs the hooks as Debian's do.
headers_deb() {
	local dir=$root/headers-$1
	mkdir -p "$dir/DEBIAN"
	cat >"$dir/DEBIAN/control" <<-EOF
		Package: linux-headers-$1
		Version: 1
		Architecture: all
		Maintainer: a test <test@localhost>
		Description: headers of a kernel that does not exist
	EOF
	cat >"$dir/DEBIAN/postinst" <<-EOF
		#!/bin/sh
		exec run-parts --report --exit-on-error --arg=$1 /etc/kernel/header_postinst.d
	EOF
	chmod 755 "$dir/DEBIAN" "$dir/DEBIAN/postinst"
	dpkg-deb --root-owner-group -b "$dir" "$root/linux-headers-$1_1_all.deb" >/dev/null
	echo "$root/linux-headers-$1_1_all.deb"
}

unsupported_kernel() {
	local kernel=$1 text=$4 log=$root/log
	must other_version "$kernel" "$2" "$3"
	must put "$(headers_deb "$kernel")"
	must apt_inside install "/root/linux-headers-${kernel}_1_all.deb" >"$log" 2>&1
	says "$text" "$log"
	! inside dkms status -k "$kernel" | grep 'bioset.*installed' || must false "something was built"
	! inside dkms build -m bioset -v "$VERSION" -k "$kernel" ||
		must false "DKMS built for $kernel"
	must inside cat "/var/lib/dkms/bioset/$VERSION/build/make.log" >"$log"
	says "$text" "$log"
	must built_for "$(first_kernel)" bioset_core
}

too_old() {
	install_package "$DEB"
	unsupported_kernel 4.19.0-old 4 19 "is too old"
}

too_new() {
	install_package "$DEB"
	unsupported_kernel 99.0.0-new 99 0 "is too new"
}

unsupported() {
	local name
	for name in too_old too_new; do
		fresh $name
		try "$suite: a kernel that is ${name//_/ }" $name
	done
}

# refuses TEXT: the package cannot be configured and says why in one line; when
# the cause is gone (MEND, a command), dpkg finishes the work.
refuses() {
	local log=$root/log text=$1
	must put "$DEB"
	! apt_inside install "/root/${DEB##*/}" >"$log" 2>&1 ||
		{ cat "$log" && must false "installed all the same"; }
	says "$text" "$log"
	! inside dkms status -k "$(first_kernel)" | grep installed ||
		must false "half installed"
	BEFORE=:
	[ -z "${MEND:-}" ] || must inside sh -c "$MEND"
	must inside dpkg --configure -a
	must built_for "$(first_kernel)" bioset_core
}

no_compiler() {
	local cc
	cc=$(inside sh -c 'readlink -f /usr/bin/gcc-[0-9]*' | head -n 1)
	must inside mv "$cc" /root/cc
	MEND="mv /root/cc $cc" refuses 'compiler of Linux .* is not installed'
}

# One that is there, and does not know an option: as with headers of a kernel
# that was built elsewhere
wrong_compiler() {
	local cc conf
	cc=$(inside sh -c 'readlink -f /usr/bin/gcc-[0-9]*' | head -n 1)
	conf=$(inside readlink -f "/lib/modules/$(first_kernel)/build")/include/config/auto.conf
	# shellcheck disable=SC2016 # for the inner shell
	must inside sh -ec 'cp "$3" /root/conf && sed -i s/^CONFIG_GCC_VERSION=.*/CONFIG_GCC_VERSION=990200/ "$3"
		mv "$2" /root/cc
		printf "%s\n" "#!/bin/sh" "case \$* in -dumpversion | --version) exec /root/cc \"\$@\" ;; esac" \
			"echo cannot do this >&2; exit 1" >"$2" && chmod 755 "$2"' _ "$(first_kernel)" "$cc" "$conf"
	MEND="mv /root/cc $cc; mv /root/conf $conf" refuses 'was built with gcc 99, and .*: install gcc-99'
}

# A limit on files is one that DKMS's copy of the sources still keeps.
disk_full_while_building() {
	local files
	files=$(dpkg-deb -c "$DEB" | grep -c "/usr/src/bioset-$VERSION/")
	# shellcheck disable=SC2016 # for the inner shell
	BEFORE='mkdir -p "$1/var/lib/dkms"; mount -t tmpfs -o size=200m,nr_inodes='$((files + 60))' tmpfs "$1/var/lib/dkms"'
	refuses 'became full while building'
}

disk_full() {
	# shellcheck disable=SC2016 # for the inner shell
	BEFORE='mkdir -p "$1/var/lib/dkms"; mount -t tmpfs -o size=8m tmpfs "$1/var/lib/dkms"'
	refuses 'MB are free in /var/lib/dkms'
}

two_versions() {
	install_package "$DEB"
	must inside sh -ec "cp -r /usr/src/bioset-$VERSION /usr/src/bioset-0.9
		sed -i 's/$VERSION/0.9/' /usr/src/bioset-0.9/dkms.conf
		dkms remove -m bioset -v $VERSION --all
		dkms add -m bioset -v 0.9"
	must apt_inside purge bioset-dkms
	MEND='dkms remove bioset/0.9 --all || dkms remove -m bioset -v 0.9 --all' refuses 'DKMS already has bioset 0.9'
}

beside_make_install() {
	local dir
	dir=/lib/modules/$(first_kernel)/updates
	must inside sh -c "mkdir -p $dir && touch $dir/bioset_core.ko"
	MEND="rm $dir/bioset_core.ko" refuses 'run "make uninstall" first'
}

# left_out TEXT COMMAND: the package can be installed, but not for the kernel
left_out() {
	local log=$root/log
	must inside sh -ec "$2" _ "$(first_kernel)"
	must put "$DEB"
	must apt_inside install "/root/${DEB##*/}" >"$log" 2>&1
	says "$1" "$log"
	! inside dkms status | grep installed || must false "installed?"
	must apt_inside purge bioset-dkms
	[ -z "$(inside sh -c 'ls -d /usr/src/bioset* /var/lib/dkms/bioset 2>/dev/null')" ] ||
		must false "something is left"
}

no_headers() {
	# shellcheck disable=SC2016
	left_out "no headers for Linux" 'rm "/lib/modules/$1/build"'
}

half_headers() {
	# shellcheck disable=SC2016
	left_out "headers of Linux .* are incomplete" 'rm "$(readlink -f /lib/modules/$1/build)"/Module.symvers'
}

other_half_of_headers() {
	left_out "headers of Linux .* are incomplete" 'rm -r /usr/src/linux-headers-*-common*/scripts'
}

# Somebody tidied up /usr/src.
sources_gone() {
	local log=$root/log
	install_package "$DEB"
	must inside rm -r "/usr/src/bioset-$VERSION"
	# shellcheck disable=SC2046 # words
	must apt_inside install $(cat "$base/root/second") >"$log" 2>&1
	grep -q "^bioset: the sources in .* are gone: reinstall bioset-dkms" "$log" ||
		must false "no line about the sources"
	must apt_inside reinstall "/root/${DEB##*/}"
	must built_for "$(first_kernel)" bioset_core
	must built_for "$(new_kernel)" bioset_core
	must inside rm -r "/usr/src/bioset-$VERSION"
	must apt_inside purge bioset-dkms
	[ -z "$(inside sh -c 'ls -d /usr/src/bioset* /var/lib/dkms/bioset /lib/modules/*/updates 2>/dev/null')" ] ||
		must false "something is left"
}

read_only_usr() {
	local log=$root/log
	# shellcheck disable=SC2016 # for the inner shell
	BEFORE='mount --bind "$1/usr" "$1/usr"; mount -o remount,ro,bind "$1/usr"'
	must put "$DEB"
	! apt_inside install "/root/${DEB##*/}" >"$log" 2>&1 || must false "installed all the same"
	must grep -q 'Read-only file system' "$log"
	BEFORE=:
	[ -z "$(inside sh -c 'ls -d /usr/src/bioset* /var/lib/dkms/bioset /etc/kernel/*/bioset* 2>/dev/null')" ] ||
		must false "half installed"
	install_package "$DEB"
}

# cases SUITE CASE...: each on a fresh machine. To look into one by hand:
# package-test.sh --step cases bookworm sources_gone
cases() {
	suite=$1
	shift
	make_base "$suite"
	DEB=$(deb) OLD_DEB=$(deb $OLD) DRIVER_DEB=$(driver_deb)
	local name
	for name; do
		fresh "$name"
		try "$suite: ${name//_/ }" "$name"
	done
	tidy
}

in_suite_refusals() {
	cases "$1" no_headers half_headers other_half_of_headers no_compiler wrong_compiler \
		disk_full disk_full_while_building two_versions beside_make_install sources_gone read_only_usr
}

# -------------------------------------------------------------- the short part

linted() {
	local found
	found=$(lintian --profile debian \
		"$CACHE/deb/bioset_${VERSION}"_*.changes 2>&1 | grep -E '^[EW]: ' || true)
	[ -z "$found" ] || must false "lintian says: $found"
}

# Nobody who builds a package expects it to fetch anything.
without_network() {
	if [ "$(id -u)" = 0 ]; then
		unshare -n "$@"
	else
		unshare -r -n "$@"
	fi
}

# Another directory, another umask, another time of the files, and no network
same_bits() {
	local first
	first=$(cd "$CACHE/deb" && sha256sum ./*.deb)
	sleep 1
	(umask 077 && TMPDIR=/var/tmp REBUILD=-again must without_network "$TOP/scripts/deb.sh")
	[ "$(cd "$CACHE/deb-again" && sha256sum ./*.deb)" = "$first" ] ||
		must false "two builds differ"
}

one_version_beside() {
	local found
	found=$(cd "$CACHE/deb" && echo *.deb)
	[ "$found" = "bioset-dkms_${VERSION}_all.deb bioset-tools_${VERSION}_$(dpkg --print-architecture).deb" ] ||
		must false "beside the packages: $found"
}

one_version() {
	[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$TOP/debian/changelog")" = "$VERSION" ] ||
		must false "VERSION is $VERSION, and debian/changelog says something else"
	[ "$(dpkg-deb -f "$DEB" Version)" = "$VERSION" ]
}

# holds PACKAGE PATH...: each is a file in it, or a link
holds() {
	local list path
	list=$(dpkg-deb -c "$(echo "$CACHE/deb/${1}_${VERSION}"_*.deb)" |
		awk '!/^d/ { print $6 }')
	shift
	for path; do
		grep -qxF "./$path" <<<"$list" || must false "$path is missing"
	done
}

has_manuals() {
	local page pages=() tools=()
	for page in $("$TOP/scripts/man.sh" --list); do
		case $page in
		man8/*) tools+=("usr/share/man/$page.gz") ;;
		*) pages+=("usr/share/man/$page.gz") ;;
		esac
	done
	[ ${#pages[@]} -gt 25 ] || must false "only ${#pages[@]} pages"
	holds bioset-dkms "${pages[@]}"
	holds bioset-tools "${tools[@]}"
}

# links DIR: each relative link of a page below DIR, as the file that it means
links() {
	local page target
	find "$1" -name '*.md' | while read -r page; do
		grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/[)#].*//; /^$/d; /:/d' |
			while read -r target; do
				echo "${page%/*}/$target"
			done
	done
}

# What the tree has, with links that lead somewhere
has_documents() {
	local dir doc file
	dir=$(mktemp -d)
	doc=$dir/usr/share/doc/bioset-dkms
	dpkg-deb -x "$DEB" "$dir"
	must diff -r "$TOP/docs" "$doc/docs"
	for file in README.md CONTRIBUTING.md CHANGELOG.md scripts/README.md; do
		must cmp "$TOP/$file" "$doc/$file"
	done
	links "$doc" >"$dir/links"
	[ "$(wc -l <"$dir/links")" -gt 30 ] || must false "only these links: $(cat "$dir/links")"
	while read -r file; do
		must test -e "$file"
	done <"$dir/links"
	rm -rf "$dir"
}

# lines FILE: without blank ones and comments of C
lines() {
	sed 's,/\*.*\*/,,; s,//.*,,' "$1" | grep -c '[^[:space:]]'
}

small_template() {
	local dir=$TOP/samples/template
	[ "$(lines "$dir/mydriver.c")" -le 60 ] || must false "the driver has more than 60 lines"
	[ "$(wc -l <"$dir/README")" -le 10 ] || must false "README has more than 10 lines"
}

package_checks() {
	suite=$OWN
	need_pkgs "checking the package" lintian
	# As a build of an older tree would leave it
	mkdir -p "$CACHE/deb"
	touch "$CACHE/deb/bioset-dkms_${OLD}_all.deb"
	DEB=$(deb)
	try "lintian has nothing to say" linted
	try "built twice, the same bits" same_bits
	try "one version" one_version
	try "one version in the directory" one_version_beside
	try "the manual pages are there" has_manuals
	try "the documents are there, and their links lead somewhere" has_documents
	try "the example for modprobe.d is there" holds bioset-dkms \
		usr/share/doc/bioset-dkms/examples/modprobe.d/bioset.conf
	try "the completion is there" holds bioset-tools \
		usr/share/bash-completion/completions/biosetstat
	try "the tools are there" holds bioset-tools usr/sbin/biosetstat \
		usr/share/bioset/bioset-drgn.py
	try "the template has 60 lines, its README 10" small_template
}

in_suite_short() {
	suite=$1
	make_base "$suite"
	DEB=$(deb) DRIVER_DEB=$(driver_deb)
	fresh short
	try "$suite: apt install builds for its kernel" installed_right
	try "$suite: a driver's package finds header and symbols" driver_right
	boot_results "$(first_kernel)" $DRIVER
	tidy
}

dispatch "$@"
choose "short suites refusals" "$@"
if wanted short; then
	step "package" 300 package_checks
fi
if [ "$part" = short ]; then
	in_suites "package" 900 in_suite_short $OWN
fi
if wanted suites; then
	in_suites "package" 2400 in_suite_all "${SUITES[@]}"
fi
if wanted refusals; then
	in_suites "what the package refuses" 1800 in_suite_refusals "${REFUSING[@]}"
fi
totals
