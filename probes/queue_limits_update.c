// SPDX-License-Identifier: GPL-2.0
/*
 * 6.9: limits change together, from queue_limits_start_update() on.
 *
 * export: queue_limits_commit_update
 */
#include "probe.h"

static inline int probe(struct request_queue *q)
{
	struct queue_limits limits = queue_limits_start_update(q);

	return queue_limits_commit_update(q, &limits);
}
