// SPDX-License-Identifier: GPL-2.0
/* 5.11: in_hardirq(), before in_irq(). */
#include "probe.h"

static inline bool probe(void)
{
	return in_hardirq();
}
