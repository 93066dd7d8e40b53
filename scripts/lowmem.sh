#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lowmem.sh: stacked I/O in a guest of 256 MiB whose memory a module has eaten.
# FLAVOUR: stock (default) or rt.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour "${FLAVOUR:-stock}"
guest --name "lowmem-${FLAVOUR:-stock}" --mem 256 --time 240 \
	--show '^(torture: (allocs|failure|seed)|eatmem)' lowmem.sh
