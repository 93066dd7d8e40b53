// SPDX-License-Identifier: GPL-2.0
/*
 * 5.12 to 6.17: __kunit_test_suites_init() takes the number of suites; before,
 * a NULL ends them.  Absent too without CONFIG_KUNIT.
 */
#include "probe.h"

static inline int probe(struct kunit_suite **suites)
{
	return __kunit_test_suites_init(suites, 1);
}
