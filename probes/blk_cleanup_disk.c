// SPDX-License-Identifier: GPL-2.0
/*
 * 5.14 to 5.18: blk_cleanup_disk() ends the queue and puts the disk; since then
 * put_disk() does both.
 *
 * export: blk_cleanup_disk
 */
#include "probe.h"

static inline void probe(struct gendisk *disk)
{
	blk_cleanup_disk(disk);
}
