// SPDX-License-Identifier: GPL-2.0
/* 6.0: the operation and its flags have a type of their own. */
#include "probe.h"

static inline blk_opf_t probe(struct bio *bio)
{
	return bio->bi_opf;
}
