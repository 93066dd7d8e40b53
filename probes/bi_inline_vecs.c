// SPDX-License-Identifier: GPL-2.0
/* Until 6.17: the vecs behind a bio are its last member. */
#include "probe.h"

static inline struct bio_vec *probe(struct bio *bio)
{
	return bio->bi_inline_vecs;
}
