// SPDX-License-Identifier: GPL-2.0
/*
 * Uses a bio, or what belongs to it, after it was put
 *
 *	insmod bioset_afterput.ko what=bio how=read by=ours
 *
 * A kernel with KASAN has to report it, with the stacks of who allocated and who
 * put the bio.  One bug a load; see tests/guest/afterput.sh.
 */
#include <linux/module.h>

#include "bioset.h"

#define PAD 64
#define RESERVE 2

static char *what = "bio"; /* bio, pad, or vecsN: the last of N vecs */
module_param(what, charp, 0444);

static char *how = "read"; /* read or write */
module_param(how, charp, 0444);

static char *by = "ours"; /* ours or kernel: whose bio_put() puts it */
module_param(by, charp, 0444);

static bool from_reserve; /* the bio is one of the set's reserve */
module_param(from_reserve, bool, 0444);

static struct bio_set set;

static unsigned int vecs_wanted(void)
{
	unsigned int n;

	return sscanf(what, "vecs%u", &n) == 1 ? n : 0;
}

/* Where to touch: the last byte but seven of what is asked for. */
static u8 *victim_of(struct bio *bio)
{
	if (!strcmp(what, "pad"))
		return (u8 *)bio - 8;
	if (!strcmp(what, "bio"))
		return (u8 *)&bio->bi_private;
	return (u8 *)&bio->bi_io_vec[vecs_wanted() - 1];
}

static noinline void put_it(struct bio *bio)
{
	if (!strcmp(by, "kernel"))
		(bio_put)(bio);
	else
		bio_put(bio);
}

static int __init afterput_init(void)
{
	struct bio *bio;
	u8 *victim;
	int ret;

	ret = bioset_init(&set, RESERVE, PAD, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	bset_starve(&set, from_reserve);
	bio = bio_alloc_bioset(GFP_NOIO, vecs_wanted(), &set);
	bset_starve(&set, 0);
	victim = victim_of(bio);
	put_it(bio);

	OPTIMIZER_HIDE_VAR(victim);
	if (!strcmp(how, "write"))
		WRITE_ONCE(*victim, 1);
	else
		ret = READ_ONCE(*victim) & 0;
	return ret;
}

static void __exit afterput_exit(void)
{
	bioset_exit(&set);
}

module_init(afterput_init);
module_exit(afterput_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Uses a bio after it was put");
