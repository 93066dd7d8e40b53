#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# example.sh: the example driver with all the memory there is and with nothing
# but its reserve, so that every clone but the first of a write is rescued.
# FLAVOUR: stock (default), rt, kasan, kcsan or ubsan.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour "${FLAVOUR:-stock}"
guest --modules null_blk --mem 1024 --time 400 \
	--name "example-${FLAVOUR:-stock}" example.sh
