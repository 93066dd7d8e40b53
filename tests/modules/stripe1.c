// SPDX-License-Identifier: GPL-2.0
/*
 * stripe1.c - the example once more, as /dev/stripe1: see tests/guest/stacks.sh
 */
#define STRIPE_DISK_NAME "stripe1"

#include "../samples/stripe.c"
