// SPDX-License-Identifier: GPL-2.0
/*
 * bio_kmalloc() is a kmalloc() for whoever frees the bio himself; before, the
 * last bio_put() of a bio without a set did that.  With the change the number
 * of vecs came first.
 *
 * 5.19: 066ff571011d ("block: turn bio_kmalloc into a simple kmalloc wrapper")
 */
#include "probe.h"

static inline struct bio *probe(void)
{
	struct bio *(*alloc)(unsigned short, gfp_t) = bio_kmalloc;

	return alloc(1, GFP_KERNEL);
}
