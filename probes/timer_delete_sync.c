// SPDX-License-Identifier: GPL-2.0
/*
 * 6.2: timer_delete_sync() instead of del_timer_sync(), which is gone in 6.15.
 *
 * export: timer_delete_sync
 */
#include "probe.h"

static inline int probe(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}
