// SPDX-License-Identifier: GPL-2.0
/* 6.17: a workqueue says so if it is per-CPU; an enumerator, not a macro. */
#include "probe.h"

static inline struct workqueue_struct *probe(void)
{
	return alloc_workqueue("probe", WQ_PERCPU, 0);
}
