// SPDX-License-Identifier: GPL-2.0
/* 5.18: bio_reset() takes the device and the operation. */
#include "probe.h"

static inline void probe(struct bio *bio, struct block_device *bdev)
{
	bio_reset(bio, bdev, REQ_OP_READ);
}
