// SPDX-License-Identifier: GPL-2.0
/* 5.15: add_disk() can fail. */
#include "probe.h"

static inline int probe(struct gendisk *disk)
{
	return add_disk(disk);
}
