#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# clean.sh [--all]: remove the module builds and the logs; with --all the whole
# cache, kernels included.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Beside each file that the kernel's make makes it writes down the command. What
# else git ignores here is somebody's own.
made_by_kbuild() {
	find "$TOP" -name .git -prune -o -type f -name '.*.cmd' -print0 |
		{ xargs -0 -r grep -lZ -m 1 '^\(saved\)\?cmd_' || true; }
}

clean_tree() {
	local cmd file
	made_by_kbuild | while IFS= read -rd '' cmd; do
		file=${cmd##*/.}
		file=${cmd%/*}/${file%.cmd}
		rm -f "$cmd" "$file" "${cmd%.cmd}.d"
		case $file in *.mod.o) rm -f "${file%.o}.c" ;; esac
	done
	rm -f "$TOP/Module.symvers" "$TOP"/{.,*}/modules.order "$TOP/bioset_core.ko"
}

# A cache whose path came out wrong must not cost anybody's files.
case $CACHE in
/*/bioset) ;;
*) die "refusing to clean $CACHE" ;;
esac
clean_tree
if [ "${1:-}" = --all ]; then
	# Chroots belong to root.
	[ ! -d "$CACHE/suites" ] || as_root rm -rf "$CACHE/suites"
	rm -rf "$CACHE"
else
	rm -rf "$CACHE/build" "$CACHE/runs" "$CACHE/logs" "$CACHE/guest"
fi
