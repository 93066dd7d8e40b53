// SPDX-License-Identifier: GPL-2.0
/* Must fail: a pointer to something else. */
#include "probe.h"

static inline void probe(struct request_queue *q)
{
	bio_put(q);
}
