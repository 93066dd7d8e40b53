// SPDX-License-Identifier: GPL-2.0
/* 6.7: shrinkers are allocated. */
#include "probe.h"

static inline struct shrinker *probe(void)
{
	struct shrinker *shrinker = shrinker_alloc(0, "probe");

	shrinker_register(shrinker);
	return shrinker;
}
