#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# apimodel.sh: random calls of the API beside a model of it, in a guest. In the
# environment:
#   CALLS=n     how many (default 1000000)
#   SEED=n      what they are drawn from (default: any; it is printed)
#   FLAVOUR=x   which kernel: stock (default), rt, kasan, kcsan, gcov

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=flavour.sh
. "$TOP/scripts/flavour.sh"

flavour=${FLAVOUR:-stock} calls=${CALLS:-1000000}
seed=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
number CALLS "$calls"
number SEED "$seed"

use_flavour "$flavour"
say "$calls calls on the $flavour kernel, SEED=$seed"
status=0
guest --name "apimodel-$flavour" --time 300 \
	--append "guest.calls=$calls guest.seed=$seed" \
	--show '^apimodel: seed' apimodel.sh || status=$?
say "log: ${log:-none}; the same run again: SEED=$seed CALLS=$calls FLAVOUR=$flavour"
exit $status
