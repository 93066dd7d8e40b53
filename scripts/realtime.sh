#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# realtime.sh: the example with nothing but its reserve, on the stock kernel,
# while a real-time task takes all of the CPU that the writer runs on.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

need_pkgs "real-time tasks" util-linux
use_flavour stock
guest --host-root --modules null_blk --mem 1024 --time 240 --name realtime realtime.sh
