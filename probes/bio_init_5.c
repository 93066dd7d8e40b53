// SPDX-License-Identifier: GPL-2.0
/* 5.18: bio_init() takes the device and the operation as well. */
#include "probe.h"

static inline void probe(struct bio *bio, struct block_device *bdev,
			 struct bio_vec *table)
{
	bio_init(bio, bdev, table, 4, REQ_OP_READ);
}
