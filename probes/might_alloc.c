// SPDX-License-Identifier: GPL-2.0
/* 5.12: might_alloc() says what an allocation may do without doing it. */
#include "probe.h"

static inline void probe(gfp_t gfp)
{
	might_alloc(gfp);
}
