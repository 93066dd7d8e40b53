// SPDX-License-Identifier: GPL-2.0
/* 5.18: a suite is set up and taken down.  Absent too without CONFIG_KUNIT. */
#include "probe.h"

static inline void probe(struct kunit_suite *suite,
			 int (*init)(struct kunit_suite *suite),
			 void (*exit)(struct kunit_suite *suite))
{
	suite->suite_init = init;
	suite->suite_exit = exit;
}
