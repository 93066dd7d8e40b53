// SPDX-License-Identifier: GPL-2.0
/* 5.18: bio_kmalloc(nr_vecs, gfp) leaves the rest to bio_init(). */
#include "probe.h"

/* Both arguments are integers, so their order is in the prototype only. */
static inline struct bio *probe(void)
{
	struct bio *(*fn)(unsigned short nr_vecs, gfp_t gfp) = bio_kmalloc;

	return fn(4, GFP_KERNEL);
}
