#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stuckwork.sh: bioset_core is unloaded within seconds while a work item is stuck
# on the system's queue. FLAVOUR: uml (default), stock, ...

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour "${FLAVOUR:-uml}"
guest --name "stuckwork-${FLAVOUR:-uml}" --mem 512 --time 120 \
	--file "$TOP/tests/guest/volatile.sh" stuckwork.sh
