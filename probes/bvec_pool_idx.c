// SPDX-License-Identifier: GPL-2.0
/* Before 5.12: bi_flags says which pool the array came from. */
#include "probe.h"

static inline unsigned int probe(struct bio *bio)
{
	return BVEC_POOL_IDX(bio) << BVEC_POOL_OFFSET;
}
