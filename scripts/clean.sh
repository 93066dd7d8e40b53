#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# clean.sh [--all]: remove the module builds and the logs; with --all the whole
# cache, kernels included.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A cache whose path came out wrong must not cost anybody's files.
case $CACHE in
/*/bioset) ;;
*) die "refusing to clean $CACHE" ;;
esac
# What "make" and kbuild leave in the tree
(cd "$TOP" && git clean -fdXq 2>/dev/null) || rm -f "$TOP/bioset_core.ko"
if [ "${1:-}" = --all ]; then
	# Chroots belong to root.
	[ ! -d "$CACHE/suites" ] || as_root rm -rf "$CACHE/suites"
	rm -rf "$CACHE"
else
	rm -rf "$CACHE/build" "$CACHE/runs" "$CACHE/logs" "$CACHE/guest"
fi
