// SPDX-License-Identifier: GPL-2.0
/* 6.17: the bytes of integrity data are called metadata_size, before tuple_size. */
#include "probe.h"

static inline unsigned int probe(struct queue_limits *limits)
{
	return limits->integrity.metadata_size;
}
