// SPDX-License-Identifier: GPL-2.0
/*
 * 6.18: it is told whether to run them even if the tests are switched off.
 * Absent too without CONFIG_KUNIT.
 */
#include "probe.h"

static inline int probe(struct kunit_suite **suites)
{
	return __kunit_test_suites_init(suites, 1, true);
}
