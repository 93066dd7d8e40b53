// SPDX-License-Identifier: GPL-2.0
/* 5.19: what cannot discard has a limit of 0 and no flag for it any more. */
#include "probe.h"

static inline void probe(struct block_device *bdev, struct request_queue *q)
{
	if (!bdev_max_discard_sectors(bdev))
		q->limits.max_secure_erase_sectors = 0;
}
