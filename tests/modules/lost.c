// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_lost - a driver that loses its set
 *
 *	insmod bioset_lost.ko how=fail
 *
 *	good	does not lose it
 *	fail	its init fails when the set is there already
 *	forget	its exit forgets it
 *	freed	it frees the memory that the set is in, and its exit forgets it
 *	out	as forget, and a bio is out
 *	killed	its init runs in a task that was just killed
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bioset.h"

static char *how = "good";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "good, fail, forget, freed, out or killed");

static int result;
module_param(result, int, 0444);
MODULE_PARM_DESC(result, "of making a set when the task is killed (output)");

static struct bio_set lost;

static int lost_freed(void)
{
	struct bio_set *freed = kzalloc(sizeof(*freed), GFP_KERNEL);
	int ret;

	if (!freed)
		return -ENOMEM;
	ret = bioset_init(freed, 2, 0, BIOSET_NEED_BVECS);
	memset(freed, 0x6b, sizeof(*freed));
	kfree(freed);
	return ret;
}

static int lost_killed(void)
{
	send_sig(SIGKILL, current, 1);
	result = bioset_init(&lost, 2, 0, 0);
	pr_info("lost: bioset_init() of a killed task: %d\n", result);
	bioset_exit(&lost);
	return -EAGAIN;
}

static int __init lost_init(void)
{
	int ret;

	if (!strcmp(how, "killed"))
		return lost_killed();
	if (!strcmp(how, "freed"))
		return lost_freed();
	ret = bioset_init(&lost, 2, 0, BIOSET_NEED_BVECS);
	if (!ret && !strcmp(how, "out") &&
	    !bio_alloc_bioset(GFP_KERNEL, 4, &lost))
		ret = -ENOMEM;
	return ret ?: strcmp(how, "fail") ? 0 : -EINVAL;
}

static void __exit lost_exit(void)
{
	if (!strcmp(how, "good"))
		bioset_exit(&lost);
}

module_init(lost_init);
module_exit(lost_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Loses its set");
