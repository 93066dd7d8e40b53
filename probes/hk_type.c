// SPDX-License-Identifier: GPL-2.0
/* 5.18: what a CPU is isolated from is an enumerator, not a flag. */
#include <linux/sched/isolation.h>

#include "probe.h"

static inline bool probe(int cpu)
{
	return housekeeping_cpu(cpu, HK_TYPE_WQ);
}
