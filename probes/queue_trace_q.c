// SPDX-License-Identifier: GPL-2.0
/* Until 5.10: the tracepoint block_bio_queue passes the request_queue. */
#include "probe.h"

static inline int probe(void (*fn)(void *data, struct request_queue *q,
				   struct bio *bio))
{
	return register_trace_block_bio_queue(fn, NULL);
}
