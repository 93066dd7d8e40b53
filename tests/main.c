// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the suites when the module is loaded
 *
 * Not with kunit_test_suites(): up to 6.5 that runs a module's suites before
 * its parameters are read and before its init function.
 */
#include <linux/module.h>

#include "testlib.h"

static char *suite = "";
module_param(suite, charp, 0444);
MODULE_PARM_DESC(suite, "run this suite only (default: all of them)");

unsigned int test_limit_ms = 20000;
module_param_named(limit_ms, test_limit_ms, uint, 0444);
MODULE_PARM_DESC(limit_ms, "when to give up on a wait (default 20000)");

static struct kunit_suite *const all_suites[] = {
	&bset_api_suite,      &bset_plain_suite,    &bset_layout_suite,
	&bset_badinput_suite, &bset_foreign_suite,  &bset_reserve_suite,
	&bset_rescue_suite,   &bset_teardown_suite, &bset_cache_suite,
	&bset_stats_suite,    &bset_debug_suite,
};

static struct kunit_suite *chosen[ARRAY_SIZE(all_suites)];
static int nr_chosen;

static void choose_suites(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(all_suites); i++)
		if (!*suite || !strcmp(suite, all_suites[i]->name))
			chosen[nr_chosen++] = all_suites[i];
}

static int __init bioset_kunit_init(void)
{
	int i;

	choose_suites();
	if (!nr_chosen) {
		pr_err("bioset_kunit: no suite is called \"%s\"; there are:\n",
		       suite);
		for (i = 0; i < ARRAY_SIZE(all_suites); i++)
			pr_err("bioset_kunit:   %s\n", all_suites[i]->name);
		return -EINVAL;
	}
	/* What the kernel prints for the suites that are built in. */
	pr_info("KTAP version 1\n");
	pr_info("1..%d\n", nr_chosen);
	return __kunit_test_suites_init(chosen, nr_chosen);
}

static void __exit bioset_kunit_exit(void)
{
	test_leftovers_exit();
	__kunit_test_suites_exit(chosen, nr_chosen);
}

module_init(bioset_kunit_init);
module_exit(bioset_kunit_exit);
MODULE_IMPORT_NS(BIOSET_INTERNAL);
MODULE_DESCRIPTION("Tests of bioset_core");
MODULE_LICENSE("GPL");
