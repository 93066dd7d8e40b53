// SPDX-License-Identifier: GPL-2.0
/* 5.12: a bio points to its block_device; before to the disk (bi_disk). */
#include "probe.h"

static inline struct block_device *probe(struct bio *bio)
{
	return bio->bi_bdev;
}
