// SPDX-License-Identifier: GPL-2.0
/* 5.17: GENHD_FL_NO_PART; before, GENHD_FL_NO_PART_SCAN says much the same. */
#include "probe.h"

static inline void probe(struct gendisk *disk)
{
	disk->flags |= GENHD_FL_NO_PART;
}
