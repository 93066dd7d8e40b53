// SPDX-License-Identifier: GPL-2.0
/* 5.16: bdev_nr_sectors(), bdev_nr_bytes(). */
#include "probe.h"

static inline u64 probe(struct block_device *bdev)
{
	return bdev_nr_sectors(bdev) + bdev_nr_bytes(bdev);
}
