#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# afterput.sh: does KASAN report who uses a bio after it was put?

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

use_flavour kasan
guest --name afterput --time 200 --append kasan_multi_shot afterput.sh
