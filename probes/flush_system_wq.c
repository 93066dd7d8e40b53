// SPDX-License-Identifier: GPL-2.0
/* 5.19: __flush_workqueue() is what may flush a queue of the system. */
#include "probe.h"

static inline void probe(void)
{
	__flush_workqueue(system_wq);
}
