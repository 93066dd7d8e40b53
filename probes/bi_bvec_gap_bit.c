// SPDX-License-Identifier: GPL-2.0
/* 6.19: a bio remembers the gaps between its vecs. */
#include "probe.h"

static inline void probe(struct bio *bio, struct bio *src)
{
	bio->bi_bvec_gap_bit = src->bi_bvec_gap_bit;
}
