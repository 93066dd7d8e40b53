// SPDX-License-Identifier: GPL-2.0
/* 5.18: this bit of bi_opf says that a bio is of a per-CPU cache. */
#include "probe.h"

static inline bool probe(struct bio *bio)
{
	return bio->bi_opf & REQ_ALLOC_CACHE;
}
