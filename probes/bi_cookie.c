// SPDX-License-Identifier: GPL-2.0
/* 5.16: a bio keeps the cookie that it is polled with. */
#include "probe.h"

static inline void probe(struct bio *bio)
{
	bio->bi_cookie = BLK_QC_T_NONE;
}
