// SPDX-License-Identifier: GPL-2.0
/*
 * stripe3.c - the example once more, as /dev/stripe3: see tests/guest/stacks.sh
 */
#define STRIPE_DISK_NAME "stripe3"

#include "../samples/stripe.c"
