#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# failnth.sh: makes each allocation fail once, in turn, of those that making
# and using a set needs, and of those that loading the module needs. FLAVOUR:
# kasan (default), kcsan, ubsan or gcov.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour "${FLAVOUR:-kasan}"
guest --name "failnth-${FLAVOUR:-kasan}" --mem 768 --time 900 \
	--show 'points' failnth.sh
