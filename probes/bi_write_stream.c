// SPDX-License-Identifier: GPL-2.0
/* 6.16: a bio names the write stream that it belongs to. */
#include "probe.h"

static inline void probe(struct bio *bio, struct bio *src)
{
	bio->bi_write_stream = src->bi_write_stream;
}
