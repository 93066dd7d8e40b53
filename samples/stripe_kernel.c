// SPDX-License-Identifier: GPL-2.0
/*
 * stripe_kernel.c - the example on the kernel's own sets, for the benchmark
 */
#define BSET_SAMPLE_KERNEL_SETS
#define STRIPE_DISK_NAME "stripe_kernel0"

#include "stripe.c"
