/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit of 5.10 to 7.2, in the form of 6.1
 *
 *   5.11	cases with parameters
 *   5.12	a list of suites has a length, before a NULL at its end
 *   5.14	cases can be skipped
 *   5.18	a suite is set up and taken down; KUNIT_EXPECT_NOT_NULL()
 *   6.18	parameters are made for a test; whoever runs suites says whether
 *		they run even when KUnit is switched off
 */
#ifndef BSET_TESTKUNIT_H
#define BSET_TESTKUNIT_H

#include <kunit/test.h>

#include "bset_features.h"

/* What sets up a suite, or else each case of it, and what takes it down. */
#if BSET_HAVE_KUNIT_SUITE_INIT
#define test_suite_arg struct kunit_suite
#define TEST_SUITE_HOOKS(start, stop) \
	.suite_init = (start), .suite_exit = (stop)
#else
#define test_suite_arg struct kunit
#define TEST_SUITE_HOOKS(start, stop) .init = (start), .exit = (stop)
#endif

#if !BSET_HAVE_KUNIT_NOT_NULL
#define KUNIT_ASSERT_NOT_NULL(test, p) \
	KUNIT_ASSERT_PTR_NE(test, (const void *)(p), (const void *)NULL)
#define KUNIT_EXPECT_NOT_NULL(test, p) \
	KUNIT_EXPECT_PTR_NE(test, (const void *)(p), (const void *)NULL)
#define KUNIT_EXPECT_NULL(test, p) \
	KUNIT_EXPECT_PTR_EQ(test, (const void *)(p), (const void *)NULL)
/* Its strings had to be pointers. */
#undef KUNIT_EXPECT_STRNEQ
#define KUNIT_EXPECT_STRNEQ(test, a, b) KUNIT_EXPECT_NE(test, strcmp(a, b), 0)
/* Its comparisons wanted both sides to be of one type. */
#undef __typecheck
#define __typecheck(x, y) 1
#endif

/* Ends the case: there is no better word for it than the log's. */
#if !BSET_HAVE_KUNIT_SKIP
#define kunit_skip(test, fmt, ...)                                \
	do {                                                      \
		kunit_info(test, "skipped: " fmt, ##__VA_ARGS__); \
		kunit_try_catch_throw(&(test)->try_catch);        \
	} while (0)
#endif

/* What a function that makes parameters is given. */
#if BSET_HAVE_KUNIT_GEN_TEST
#define TEST_GEN_ARGS struct kunit *test, const void *prev, char *desc
#define TEST_GEN_PASS test, prev, desc
#else
#define TEST_GEN_ARGS const void *prev, char *desc
#define TEST_GEN_PASS prev, desc
#endif

/*
 * Parameters that several suites have, see testlib.c: numbers of vecs around each
 * border of a kind of array; struct test_way, each context with either put; a bit
 * for each of four steps, set if the kernel's function makes it.
 */
const void *test_vecs_gen_params(TEST_GEN_ARGS);
const void *test_makers_gen_params(TEST_GEN_ARGS);
const void *test_ways_gen_params(TEST_GEN_ARGS);

/*
 * Without parameters of KUnit's own a case runs all of its parameters in turn,
 * up to the first that ends it.  KUnit hands on the name of a case and nothing
 * else of it, so the rest is found by that.
 */
#if BSET_HAVE_KUNIT_CASE_PARAM
#define test_param(test) ((test)->param_value)
#else
#define KUNIT_PARAM_DESC_SIZE 128

struct test_param_case {
	char name[64];
	void (*run)(struct kunit *test);
	const void *(*gen)(TEST_GEN_ARGS);
};

static const void *test_param_now __maybe_unused; /* of this file's case */
#define test_param(test) test_param_now

/* What a case has deferred is run after each of its parameters. */
static __maybe_unused void test_run_params(struct kunit *test)
{
	const struct test_param_case *c =
		container_of(test->name, struct test_param_case, name[0]);
	char desc[KUNIT_PARAM_DESC_SIZE] = "";

	for (test_param_now = c->gen(NULL, desc); test_param_now;
	     test_param_now = c->gen(test_param_now, desc)) {
		kunit_info(test, "%s: %s\n", c->name, desc);
		c->run(test);
		kunit_cleanup(test);
	}
}

#define KUNIT_CASE_PARAM(fn, gen_params)                                        \
	{                                                                       \
		.run_case = test_run_params,                                    \
		.name = ((struct test_param_case){ #fn, fn, gen_params }).name, \
	}

#define KUNIT_ARRAY_PARAM(id, array, get_desc)            \
	static const void *id##_gen_params(TEST_GEN_ARGS) \
	{                                                 \
		typeof(&(array)[0]) next = prev;          \
                                                          \
		next = next ? next + 1 : (array);         \
		if (next >= (array) + ARRAY_SIZE(array))  \
			return NULL;                      \
		get_desc(next, desc);                     \
		return next;                              \
	}
#endif

/* Runs @nr suites; one entry more is there for a NULL. */
static inline int test_suites_init(struct kunit_suite **suites, int nr)
{
#if BSET_HAVE_KUNIT_SUITES_BOOL
	return __kunit_test_suites_init(suites, nr, true);
#elif BSET_HAVE_KUNIT_SUITES_NR
	return __kunit_test_suites_init(suites, nr);
#else
	suites[nr] = NULL;
	return __kunit_test_suites_init(suites);
#endif
}

static inline void test_suites_exit(struct kunit_suite **suites, int nr)
{
#if BSET_HAVE_KUNIT_SUITES_BOOL || BSET_HAVE_KUNIT_SUITES_NR
	__kunit_test_suites_exit(suites, nr);
#else
	__kunit_test_suites_exit(suites);
#endif
}

#endif /* BSET_TESTKUNIT_H */
