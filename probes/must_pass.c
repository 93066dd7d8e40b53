// SPDX-License-Identifier: GPL-2.0
/*
 * Must pass, or no answer of any probe means anything.
 *
 * export: bio_put
 */
#include "probe.h"

#ifndef CONFIG_BLOCK
#error "this kernel has no block layer (CONFIG_BLOCK)"
#endif

static inline void probe(struct bio *bio)
{
	bio->bi_private = NULL;
	bio_put(bio);
}
