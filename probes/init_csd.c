// SPDX-License-Identifier: GPL-2.0
/* 5.11: INIT_CSD(). */
#include "probe.h"

#include <linux/smp.h>

static inline void probe(call_single_data_t *csd, smp_call_func_t fn)
{
	INIT_CSD(csd, fn, NULL);
}
