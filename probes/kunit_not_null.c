// SPDX-License-Identifier: GPL-2.0
/* 5.18: KUNIT_EXPECT_NOT_NULL().  Absent too without CONFIG_KUNIT. */
#include "probe.h"

static inline void probe(struct kunit *test)
{
	KUNIT_EXPECT_NOT_NULL(test, test);
	KUNIT_EXPECT_NULL(test, NULL);
}
