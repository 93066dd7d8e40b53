// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the suites when the module is loaded
 *
 * For a module not with kunit_test_suites(): up to 6.5 that runs a module's
 * suites before its parameters are read and before its init function.
 */
#include <linux/module.h>
#include <linux/string.h>

#include "testlib.h"

unsigned int test_limit_ms = 20000;
module_param_named(limit_ms, test_limit_ms, uint, 0444);
MODULE_PARM_DESC(limit_ms, "when to give up on a wait (default 20000)");

#ifndef MODULE

/* Built in, the kernel runs them when all else is up, and filters them. */
kunit_test_suites(&bset_api_suite, &bset_crypt_suite, &bset_layout_suite,
		  &bset_badinput_suite, &bset_foreign_suite,
		  &bset_reserve_suite, &bset_rescue_suite, &bset_teardown_suite,
		  &bset_cache_suite, &bset_stats_suite, &bset_trace_suite,
		  &bset_debug_suite, &bset_toggle_suite, &bset_forward_suite);

#else

static char *suite = "";
module_param(suite, charp, 0444);
MODULE_PARM_DESC(suite, "run this suite, or suite.case, only (default: all)");

static struct kunit_suite *const all_suites[] = {
	&bset_api_suite,      &bset_crypt_suite,    &bset_layout_suite,
	&bset_badinput_suite, &bset_foreign_suite,  &bset_reserve_suite,
	&bset_rescue_suite,   &bset_teardown_suite, &bset_cache_suite,
	&bset_stats_suite,    &bset_trace_suite,    &bset_debug_suite,
	&bset_toggle_suite,   &bset_forward_suite,
};

static struct kunit_suite *chosen[ARRAY_SIZE(all_suites) + 1];
static int nr_chosen;

/* One case of a suite, as a suite with no other. */
static struct kunit_suite one_case;
static struct kunit_case one_case_list[2];

static struct kunit_suite *pick_case(struct kunit_suite *from, const char *name)
{
	struct kunit_case *c = from->test_cases;

	while (c->run_case && strcmp(name, c->name))
		c++;
	one_case_list[0] = *c;
	memcpy(&one_case, from, sizeof(one_case));
	one_case.test_cases = one_case_list;
	return c->run_case ? &one_case : NULL;
}

static void choose_suites(void)
{
	const char *name = strchrnul(suite, '.');
	struct kunit_suite *s;
	int i;

	for (i = 0; i < ARRAY_SIZE(all_suites); i++) {
		s = all_suites[i];
		if (*suite && (strlen(s->name) != name - suite ||
			       !strstarts(suite, s->name)))
			continue;
		if (*name)
			s = pick_case(s, name + 1);
		if (s)
			chosen[nr_chosen++] = s;
	}
}

static int __init bioset_kunit_init(void)
{
	int i;

	choose_suites();
	if (!nr_chosen) {
		pr_err("bioset_kunit: no suite or case is called \"%s\"; there are:\n",
		       suite);
		for (i = 0; i < ARRAY_SIZE(all_suites); i++)
			pr_err("bioset_kunit:   %s\n", all_suites[i]->name);
		return -EINVAL;
	}
	/* What the kernel prints for the suites that are built in. */
	pr_info("KTAP version 1\n");
	pr_info("1..%d\n", nr_chosen);
	return test_suites_init(chosen, nr_chosen);
}

static void __exit bioset_kunit_exit(void)
{
	test_leftovers_exit();
	test_suites_exit(chosen, nr_chosen);
}

module_init(bioset_kunit_init);
module_exit(bioset_kunit_exit);

#endif /* MODULE */

TEST_IMPORT_INTERNAL();
MODULE_DESCRIPTION("Tests of bioset_core");
MODULE_LICENSE("GPL");
