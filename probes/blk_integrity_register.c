// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.10: a disk is told of its integrity data after it was made; since then
 * it is one of its limits.
 *
 * export: blk_integrity_register
 */
#include "probe.h"

#if __has_include("linux/blk-integrity.h") /* 5.16 */
#include <linux/blk-integrity.h>
#endif

static inline void probe(struct gendisk *disk, struct blk_integrity *profile)
{
	blk_integrity_register(disk, profile);
}
