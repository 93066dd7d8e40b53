// SPDX-License-Identifier: GPL-2.0
/*
 * 6.9: a block device is opened as a file.
 *
 * export: bdev_file_open_by_path bdev_fput
 */
#include "probe.h"

static inline struct block_device *probe(const char *path)
{
	struct file *file;

	file = bdev_file_open_by_path(path, BLK_OPEN_READ, NULL, NULL);
	bdev_fput(file);
	return file_bdev(file);
}
