// SPDX-License-Identifier: GPL-2.0
/* 6.18: generators of parameters get the test. */
#include "probe.h"

static inline void probe(struct kunit_case *c,
			 const void *(*next)(struct kunit *test,
					     const void *prev, char *desc))
{
	c->generate_params = next;
}
