// SPDX-License-Identifier: GPL-2.0
/*
 * 5.18: bio_init_clone(), which makes a clone of any bio, is for modules too.
 *
 * export: bio_init_clone
 */
#include "probe.h"

static inline int probe(struct block_device *bdev, struct bio *bio,
			struct bio *src)
{
	return bio_init_clone(bdev, bio, src, GFP_NOIO);
}
