// SPDX-License-Identifier: GPL-2.0
/* Until 5.10: the tracepoint block_bio_remap wants the request_queue. */
#include "probe.h"

static inline void probe(struct request_queue *q, struct bio *bio)
{
	trace_block_bio_remap(q, bio, 0, 0);
}
