// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_manysets - makes, uses and frees sets, many of them alive at a time
 *
 *	insmod bioset_manysets.ko sets=1000 alive=100
 *
 * A new set takes the place of the oldest one.  Their pads differ, so there are
 * several classes, which come and go as well.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bioset.h"

static unsigned int sets = 1000;
module_param(sets, uint, 0444);
MODULE_PARM_DESC(sets, "how many sets to make (default 1000)");

static unsigned int alive = 100;
module_param(alive, uint, 0444);
MODULE_PARM_DESC(alive, "how many of them at a time (default 100)");

static struct bio_set *places;

static int use(struct bio_set *bs)
{
	struct bio *small = bio_alloc_bioset(GFP_NOIO, 1, bs);
	struct bio *large = bio_alloc_bioset(GFP_NOWAIT, 256, bs);
	int ret = small ? 0 : -ENOMEM;

	if (large)
		bio_put(large);
	if (small)
		(bio_put)(small);
	return ret;
}

static int make(unsigned int n)
{
	struct bio_set *bs = &places[n % alive];
	int ret;

	bioset_exit(bs);
	ret = bioset_init(bs, 1 + n % 4, 8 * (n % 37),
			  BIOSET_NEED_BVECS | (n % 3 ? 0 : BSET_NO_RESCUER));
	return ret ?: use(bs);
}

static int __init manysets_init(void)
{
	unsigned int n, made = 0;
	int ret = 0;

	if (!alive)
		return -EINVAL;
	places = kcalloc(alive, sizeof(*places), GFP_KERNEL);
	if (!places)
		return -ENOMEM;
	for (n = 0; n < sets && !ret; n++) {
		ret = make(n);
		made += !ret;
		cond_resched();
	}
	for (n = 0; n < alive; n++)
		bioset_exit(&places[n]);
	kfree(places);
	pr_info("manysets: %u sets were made\n", made);
	return ret;
}

static void __exit manysets_exit(void)
{
}

module_init(manysets_init);
module_exit(manysets_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes, uses and frees many sets");
