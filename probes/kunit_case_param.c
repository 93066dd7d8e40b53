// SPDX-License-Identifier: GPL-2.0
/* 5.11: test cases with parameters.  Absent too without CONFIG_KUNIT. */
#include "probe.h"

static inline const void *probe(struct kunit *test, struct kunit_case *c)
{
	return c->generate_params ? test->param_value : NULL;
}
