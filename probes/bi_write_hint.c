// SPDX-License-Identifier: GPL-2.0
/* Until 5.17 and since 6.9: a bio carries a hint of its data's life time. */
#include "probe.h"

static inline void probe(struct bio *bio, struct bio *src)
{
	bio->bi_write_hint = src->bi_write_hint;
}
