// SPDX-License-Identifier: GPL-2.0
/* 6.11: writes that must not be torn, and so not be split. */
#include "probe.h"

static inline bool probe(struct bio *bio)
{
	return bio->bi_opf & REQ_ATOMIC;
}
