// SPDX-License-Identifier: GPL-2.0
/*
 * 6.5 to 6.7: blkdev_put() takes the holder; before, the mode.
 *
 * export: blkdev_get_by_path blkdev_put
 */
#include "probe.h"

static inline void probe(const char *path, void *holder)
{
	struct block_device *bdev;

	bdev = blkdev_get_by_path(path, BLK_OPEN_READ, holder, NULL);
	blkdev_put(bdev, holder);
}
