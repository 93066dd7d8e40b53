// SPDX-License-Identifier: GPL-2.0
/* 6.11: a queue's features are limits; before, flags of the queue. */
#include "probe.h"

static inline void probe(struct queue_limits *limits)
{
	limits->features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_IO_STAT;
}
