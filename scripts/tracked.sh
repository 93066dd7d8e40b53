#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tracked.sh: the example driver, tracked, with I/O from several tasks, behind
# blk-throttle, and while tracking is switched on and off. FLAVOUR: stock
# (default) or rt.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour "${FLAVOUR:-stock}"
guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" --mem 1024 \
	--time 240 --name "tracked-${FLAVOUR:-stock}" tracked.sh
