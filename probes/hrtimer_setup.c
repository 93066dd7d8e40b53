// SPDX-License-Identifier: GPL-2.0
/*
 * 6.13: hrtimer_setup() instead of hrtimer_init(), which is gone in 6.15.
 *
 * export: hrtimer_setup
 */
#include "probe.h"

static inline void probe(struct hrtimer *timer,
			 enum hrtimer_restart (*fn)(struct hrtimer *timer))
{
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
}
