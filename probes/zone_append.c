// SPDX-License-Identifier: GPL-2.0
/* 5.8: zone append. */
#include "probe.h"

static inline bool probe(struct bio *bio)
{
	return bio_op(bio) == REQ_OP_ZONE_APPEND;
}
