// SPDX-License-Identifier: GPL-2.0
/* 5.18: bio_alloc_bioset() takes the device and the operation as well. */
#include "probe.h"

static inline struct bio *probe(struct block_device *bdev, struct bio_set *bs)
{
	return bio_alloc_bioset(bdev, 4, REQ_OP_READ, GFP_NOIO, bs);
}
