// SPDX-License-Identifier: GPL-2.0
#include "testlib.h"
static void nothing(struct kunit *test) { }
static struct kunit_case c[] = { KUNIT_CASE(nothing), {} };
struct kunit_suite bset_stats_suite = { .name = "stats", .test_cases = c };
