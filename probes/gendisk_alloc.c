// SPDX-License-Identifier: GPL-2.0
/* 5.14 to 6.8: blk_alloc_disk() makes a disk with its queue. */
#include "probe.h"

static inline struct gendisk *probe(void)
{
	return blk_alloc_disk(NUMA_NO_NODE);
}
