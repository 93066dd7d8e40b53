#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# sources.sh DIR: put into DIR what DKMS builds from: the module, the example,
# dkms.conf and its helpers; no tests and no benchmark.
# sources.sh --drivers DIR: what drivers are built against, beside the symbols.
# sources.sh --template DIR: a driver's project to copy.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for_dkms() {
	mkdir -p "$1/samples" "$1/packaging"
	cp "$TOP"/*.[ch] "$TOP"/{Kbuild,LICENSE,VERSION} "$1/"
	cp -R "$TOP/probes" "$1/"
	cp "$TOP"/packaging/{check-kernel,keep-symvers,make-modules} "$1/packaging/"
	cp "$TOP"/samples/{Kbuild,*.h,stripe.c} "$1/samples/"
	sed "s/#MODULE_VERSION#/$(cat "$TOP/VERSION")/" "$TOP/dkms.conf" >"$1/dkms.conf"
}

for_drivers() {
	mkdir -p "$1"
	cp "$TOP"/{bioset.h,VERSION} "$TOP/packaging/bioset.mk" "$1/"
}

# Not below /usr/src: Debian's test of DKMS packages would take it for ours.
template() {
	rm -rf "$1"
	mkdir -p "$(dirname "$1")"
	cp -R "$TOP/samples/template" "$1"
}

case ${1:-} in
--template) template "$2" ;;
--drivers) for_drivers "$2" ;;
-* | '') die "usage: sources.sh [--drivers|--template] DIR" ;;
*) for_dkms "$1" ;;
esac
