#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools-guest.sh: biosetstat on a machine under load (FLAVOUR: stock, the
# default, and others).

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

need_pkgs "a terminal for biosetstat" tmux util-linux
use_flavour "${FLAVOUR:-stock}"
guest --modules null_blk --file "$TOP/tests/guest/stripe.sh" \
	--file "$("$TOP/scripts/tools.sh"):biosetstat" --host-root --mem 1024 \
	--time 240 --name biosetstat biosetstat.sh
