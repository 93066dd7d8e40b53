// SPDX-License-Identifier: GPL-2.0
/*
 * stripe2.c - the example once more, as /dev/stripe2: see tests/guest/stacks.sh
 */
#define STRIPE_DISK_NAME "stripe2"

#include "../samples/stripe.c"
