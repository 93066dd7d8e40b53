// SPDX-License-Identifier: GPL-2.0
/*
 * 5.18: bio_alloc_clone(), with the device, instead of bio_clone_fast().
 *
 * export: bio_alloc_clone
 */
#include "probe.h"

static inline struct bio *probe(struct block_device *bdev, struct bio *src,
				struct bio_set *bs)
{
	return bio_alloc_clone(bdev, src, GFP_NOIO, bs);
}
