// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_failnth - every failure point of making and using a set
 *
 * Repeats each call, and makes the first, the second, … of its attempts to get
 * memory fail, until a call ends before the failure was due.  A call that may
 * fail must do so with -ENOMEM (or NULL) and hold nothing afterwards; one that
 * may not must succeed.  The module does not load when that is not so.
 *
 * Needs a kernel with CONFIG_FAULT_INJECTION, and ignore-gfp-wait switched off
 * in debugfs.
 */
#define pr_fmt(fmt) "failnth: " fmt

#include <linux/bio.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "bioset.h"
#include "cache.h"
#include "testcompat.h"

#define MAX_POINTS 2000

static struct bio_set set;
static struct bio_set with_arrays;
static struct bio *src;
static struct bio *protected; /* with integrity data, of the NULL set */

/* Whether the failure asked for has happened; none happens after this. */
static bool has_failed(void)
{
	bool failed = !test_fail_nth_left();

	test_fail_nth(0);
	return failed;
}

/*
 * The calls.  Each ends the injection after the part that is examined and gives
 * back what it got: 0, -ENOMEM, or another value for what must not happen.
 */
struct call {
	const char *name;
	int (*call)(const struct call *c, bool *hit);
	struct bio_set *bs;
	unsigned int nr_vecs;
	gfp_t gfp;
	int flags; /* of a new set */
};

static int call_init(const struct call *c, bool *hit)
{
	int ret = bioset_init(&set, 2, 33, c->flags);

	*hit = has_failed();
	if (!ret)
		bioset_exit(&set);
	else if (memchr_inv(&set, 0, sizeof(set)))
		return -EBUSY; /* something is left */
	return ret;
}

static int call_create(const struct call *c, bool *hit)
{
	struct bio_set *bs = bioset_create(3, 8);

	*hit = has_failed();
	bioset_free(bs);
	return bs ? 0 : -ENOMEM;
}

/* @no_bio: what it means if there is none */
static int taken(struct bio *bio, int no_bio, bool *hit)
{
	*hit = has_failed();
	if (!bio)
		return no_bio;
	bio_put(bio);
	return 0;
}

static int call_alloc(const struct call *c, bool *hit)
{
	return taken(bio_alloc_bioset(c->gfp, c->nr_vecs, c->bs),
		     c->bs ? -EBADMSG : -ENOMEM, hit);
}

static int call_clone(const struct call *c, bool *hit)
{
	return taken(bio_clone_fast(src, GFP_NOIO, c->bs), -EBADMSG, hit);
}

/* The memory for integrity data is not the set's. */
static int call_clone_protected(const struct call *c, bool *hit)
{
	return taken(bio_clone_fast(protected, GFP_NOIO, c->bs), -ENOMEM, hit);
}

static int call_split(const struct call *c, bool *hit)
{
	int ret = taken(bio_split(src, 1, GFP_NOIO, c->bs), -EBADMSG, hit);

	src->bi_iter = (struct bvec_iter){ .bi_size = 2 << SECTOR_SHIFT };
	return ret;
}

/* A bio whose record finds no memory is handed out all the same. */
static int call_alloc_tracked(const struct call *c, bool *hit)
{
	int ret = bset_track(c->bs, true);

	if (ret) {
		*hit = has_failed();
		return ret;
	}
	ret = call_alloc(c, hit);
	bset_track(c->bs, false);
	return ret;
}

static int call_starve(const struct call *c, bool *hit)
{
	int ret = bset_starve(c->bs, 1);

	*hit = has_failed();
	bset_starve(c->bs, 0);
	return ret;
}

#define SET (&with_arrays)

/* Once there is a set, so is the slab of the arrays. */
static const struct call first_set = { "bioset_init, the first set", call_init,
				       .flags = BIOSET_NEED_BVECS };

static const struct call table[] = {
	{ "bioset_init", call_init, .flags = BIOSET_NEED_BVECS },
	{ "bioset_init, no arrays, no rescuer", call_init,
	  .flags = BSET_NO_RESCUER },
	{ "bioset_create", call_create },
	{ "alloc, no vecs", call_alloc, SET, 0, GFP_NOIO },
	{ "alloc, 16 vecs", call_alloc, SET, 16, GFP_NOIO },
	{ "alloc, 64 vecs", call_alloc, SET, 64, GFP_NOIO },
	{ "alloc, 256 vecs", call_alloc, SET, 256, GFP_NOIO },
	{ "alloc, 256 vecs, GFP_NOWAIT", call_alloc, SET, 256, GFP_NOWAIT },
	{ "alloc, NULL set, 4 vecs", call_alloc, NULL, 4, GFP_NOIO },
	{ "alloc, NULL set, 64 vecs", call_alloc, NULL, 64, GFP_NOIO },
	{ "alloc, NULL set, 256 vecs", call_alloc, NULL, 256, GFP_NOIO },
	{ "clone", call_clone, SET },
	{ "clone, integrity data", call_clone_protected, SET },
	{ "split", call_split, SET },
	{ "starve", call_starve, SET },
	{ "alloc, tracked", call_alloc_tracked, SET, 4, GFP_NOIO },
};

/* The set that is allocated from must have everything back each time. */
static bool set_whole(void)
{
	struct bioset_stats s;

	if (!with_arrays.bio_slab)
		return true; /* not made yet */
	bset_get_stats(&with_arrays, &s);
	return s.in_flight == 1 && s.reserve == s.pool_size &&
	       s.vec_reserve == s.pool_size;
}

/* The number of points, or a negative error. */
static int sweep(const struct call *c)
{
	unsigned int nth, errors = 0;
	bool hit = true;
	int ret;

	for (nth = 1; hit && nth < MAX_POINTS; nth++) {
		/* What is cached needs no memory. */
		bset_cache_drain_all();
		test_fail_nth(nth);
		ret = c->call(c, &hit);
		errors += ret == -ENOMEM;
		if ((ret && ret != -ENOMEM) || (ret && !hit) || !set_whole()) {
			pr_err("%s: failure point %u (%s): %d\n", c->name, nth,
			       hit ? "hit" : "not reached", ret);
			return -EIO;
		}
	}
	if (hit)
		return -ELOOP;
	pr_info("%s: %u points, %u errors\n", c->name, nth - 2, errors);
	return nth - 2;
}

static int sweep_all(unsigned int points)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ret = sweep(&table[i]);
		if (ret < 0)
			return ret;
		points += ret;
	}
	pr_info("%u failure points in all\n", points);
	return points;
}

static int make_protected(void)
{
	protected = bio_alloc_bioset(GFP_KERNEL, 1, NULL);
	return PTR_ERR_OR_ZERO(bio_integrity_alloc(protected, GFP_KERNEL, 1));
}

static int __init failnth_init(void)
{
	int first, ret;

	first = sweep(&first_set);
	if (first < 0)
		return first;
	ret = bioset_init(&with_arrays, 1, 16, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	/* With vecs inside, for the reserve of arrays must stay whole. */
	src = bio_alloc_bioset(GFP_KERNEL, 1, &with_arrays);
	src->bi_iter.bi_size = 2 << SECTOR_SHIFT;
	ret = make_protected();
	if (!ret)
		ret = sweep_all(first);
	bio_put(protected);
	bio_put(src);
	bioset_exit(&with_arrays);
	if (!ret)
		pr_err("nothing failed: no fault injection here\n");
	return ret > 0 ? 0 : ret ?: -EOPNOTSUPP;
}

static void __exit failnth_exit(void)
{
}

module_init(failnth_init);
module_exit(failnth_exit);
TEST_IMPORT_INTERNAL();
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Every failure point of making and using a set");
