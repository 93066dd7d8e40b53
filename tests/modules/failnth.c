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
static int init_set(unsigned int pool_size, unsigned int front_pad, int flags,
		    bool *hit)
{
	int ret = bioset_init(&set, pool_size, front_pad, flags);

	*hit = has_failed();
	if (!ret)
		bioset_exit(&set);
	else if (memchr_inv(&set, 0, sizeof(set)))
		return -EBUSY; /* something is left */
	return ret;
}

static int call_init(bool *hit)
{
	return init_set(2, 33, BIOSET_NEED_BVECS, hit);
}

static int call_init_plain(bool *hit)
{
	return init_set(1, 0, BSET_NO_RESCUER, hit);
}

static int call_create(bool *hit)
{
	struct bio_set *bs = bioset_create(3, 8);

	*hit = has_failed();
	bioset_free(bs);
	return bs ? 0 : -ENOMEM;
}

static int alloc(struct bio_set *bs, unsigned int nr_vecs, gfp_t gfp, bool *hit)
{
	struct bio *bio = bio_alloc_bioset(gfp, nr_vecs, bs);

	*hit = has_failed();
	if (!bio)
		return bs ? -EBADMSG : -ENOMEM;
	bio_put(bio);
	return 0;
}

static int call_alloc_0(bool *hit)
{
	return alloc(&with_arrays, 0, GFP_NOIO, hit);
}

static int call_alloc_16(bool *hit)
{
	return alloc(&with_arrays, 16, GFP_NOIO, hit);
}

static int call_alloc_64(bool *hit)
{
	return alloc(&with_arrays, 64, GFP_NOIO, hit);
}

static int call_alloc_256(bool *hit)
{
	return alloc(&with_arrays, 256, GFP_NOIO, hit);
}

static int call_alloc_nowait(bool *hit)
{
	return alloc(&with_arrays, 256, GFP_NOWAIT, hit);
}

static int call_alloc_null_4(bool *hit)
{
	return alloc(NULL, 4, GFP_NOIO, hit);
}

static int call_alloc_null_64(bool *hit)
{
	return alloc(NULL, 64, GFP_NOIO, hit);
}

static int call_alloc_null_256(bool *hit)
{
	return alloc(NULL, 256, GFP_NOIO, hit);
}

/* @no_bio: what it means if there is no clone */
static int clone(struct bio *from, int no_bio, bool *hit)
{
	struct bio *bio = bio_clone_fast(from, GFP_NOIO, &with_arrays);

	*hit = has_failed();
	if (!bio)
		return no_bio;
	bio_put(bio);
	return 0;
}

static int call_clone(bool *hit)
{
	return clone(src, -EBADMSG, hit);
}

/* The memory for integrity data is not the set's. */
static int call_clone_protected(bool *hit)
{
	return clone(protected, -ENOMEM, hit);
}

static int call_split(bool *hit)
{
	struct bio *bio = bio_split(src, 1, GFP_NOIO, &with_arrays);

	*hit = has_failed();
	src->bi_iter = (struct bvec_iter){ .bi_size = 2 << SECTOR_SHIFT };
	if (!bio)
		return -EBADMSG;
	bio_put(bio);
	return 0;
}

/* A bio whose record finds no memory is handed out all the same. */
static int call_alloc_tracked(bool *hit)
{
	int ret = bset_track(&with_arrays, true);

	if (ret) {
		*hit = has_failed();
		return ret;
	}
	ret = alloc(&with_arrays, 4, GFP_NOIO, hit);
	bset_track(&with_arrays, false);
	return ret;
}

static int call_starve(bool *hit)
{
	int ret = bset_starve(&with_arrays, 1);

	*hit = has_failed();
	bset_starve(&with_arrays, 0);
	return ret;
}

static const struct {
	const char *name;
	int (*call)(bool *hit);
} table[] = {
	{ "bioset_init", call_init },
	{ "bioset_init, no arrays, no rescuer", call_init_plain },
	{ "bioset_create", call_create },
	{ "alloc, no vecs", call_alloc_0 },
	{ "alloc, 16 vecs", call_alloc_16 },
	{ "alloc, 64 vecs", call_alloc_64 },
	{ "alloc, 256 vecs", call_alloc_256 },
	{ "alloc, 256 vecs, GFP_NOWAIT", call_alloc_nowait },
	{ "alloc, NULL set, 4 vecs", call_alloc_null_4 },
	{ "alloc, NULL set, 64 vecs", call_alloc_null_64 },
	{ "alloc, NULL set, 256 vecs", call_alloc_null_256 },
	{ "clone", call_clone },
	{ "clone, integrity data", call_clone_protected },
	{ "split", call_split },
	{ "starve", call_starve },
	{ "alloc, tracked", call_alloc_tracked },
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
static int sweep(const char *name, int (*call)(bool *hit))
{
	unsigned int nth, errors = 0;
	bool hit = true;
	int ret;

	for (nth = 1; hit && nth < MAX_POINTS; nth++) {
		/* What is cached needs no memory. */
		bset_cache_drain_all();
		test_fail_nth(nth);
		ret = call(&hit);
		errors += ret == -ENOMEM;
		if ((ret && ret != -ENOMEM) || (ret && !hit) || !set_whole()) {
			pr_err("%s: failure point %u (%s): %d\n", name, nth,
			       hit ? "hit" : "not reached", ret);
			return -EIO;
		}
	}
	if (hit)
		return -ELOOP;
	pr_info("%s: %u points, %u errors\n", name, nth - 2, errors);
	return nth - 2;
}

static int sweep_all(unsigned int points)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ret = sweep(table[i].name, table[i].call);
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

	/* Once there is a set, so is the slab of the arrays. */
	first = sweep("bioset_init, the first set", call_init);
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
