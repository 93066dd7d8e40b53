// SPDX-License-Identifier: GPL-2.0
/*
 * 6.7 and 6.8: an open block device has a handle.
 *
 * export: bdev_open_by_path bdev_release
 */
#include "probe.h"

static inline struct block_device *probe(const char *path)
{
	struct bdev_handle *handle;

	handle = bdev_open_by_path(path, BLK_OPEN_READ, NULL, NULL);
	bdev_release(handle);
	return handle->bdev;
}
