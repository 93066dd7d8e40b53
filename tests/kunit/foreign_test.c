// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of the kernel go to the kernel, by each of our names
 */
#include <linux/mm.h>

#include "testdisk.h"
#include "testlib.h"

#define PAD 24

static struct bio_set made_by_kernel;
static struct bio_set cached_by_kernel;

static const struct foreign {
	const char *what;
	struct bio_set *bs;
} foreigns[] = {
	{ "fs_bio_set", &fs_bio_set },
	{ "plain", &made_by_kernel },
	{ "with a per-CPU cache", &cached_by_kernel },
};

static void foreign_desc(const struct foreign *f, char *desc)
{
	strscpy(desc, f->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(foreign, foreigns, foreign_desc);

static struct bio_set *foreign_of(struct kunit *test)
{
	return ((const struct foreign *)test_param(test))->bs;
}

static int foreign_start(test_suite_arg *unused)
{
	int ret;

	ret = (bioset_init)(&made_by_kernel, 2, PAD,
			    BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER);
	if (!ret)
		ret = (bioset_init)(&cached_by_kernel, 2, PAD,
				    BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	return ret;
}

/* Our bioset_exit() is one of the names. */
static void foreign_stop(test_suite_arg *unused)
{
	bioset_exit(&made_by_kernel);
	bioset_exit(&cached_by_kernel);
}

/* And puts it. */
static void expect_kernels(struct kunit *test, struct bio *bio,
			   struct bio_set *bs, unsigned int sectors,
			   struct block_device *bdev)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bio);
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_pool, bs);
	KUNIT_EXPECT_EQ(test, bio_sectors(bio), sectors);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(bio, bdev));
	bio_put(bio);
}

static void foreign_alloc(struct kunit *test)
{
	static const unsigned short counts[] = { 0, 1, 4, 5, 64, 128, 256 };
	struct bio_set *bs = foreign_of(test);
	struct bioset_stats s;
	struct bio *bio;
	int i;

	KUNIT_EXPECT_EQ(test, bset_get_stats(bs, &s), -EINVAL);
	KUNIT_EXPECT_EQ(test, bset_starve(bs, 1), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		bio = bio_alloc_bioset(GFP_NOIO, counts[i], bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_GE(test, bio->bi_max_vecs, counts[i]);
		expect_kernels(test, bio, bs, 0, NULL);
		bio = bio_alloc_bioset(NULL, counts[i], REQ_OP_WRITE, GFP_NOIO,
				       bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		/*
		 * Since 7.0 the kernel says by itself that its cache is to get
		 * a small one.
		 */
		TEST_EXPECT_SAME(test, bio->bi_opf & ~REQ_ALLOC_CACHE,
				 REQ_OP_WRITE);
		bio_get(bio);
		bio_put(bio);
		expect_kernels(test, bio, bs, 0, NULL);
	}
}

static void foreign_clone_and_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = foreign_of(test);
	struct bio *src = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));

	expect_kernels(test, bio_clone_fast(src, GFP_NOIO, bs), bs, 8,
		       disk->bdev);
	expect_kernels(test, bio_alloc_clone(NULL, src, GFP_NOIO, bs), bs, 8,
		       NULL);
	expect_kernels(test, bio_split(src, 1, GFP_NOIO, bs), bs, 1,
		       disk->bdev);
	expect_kernels(test, bio_next_split(src, 2, GFP_NOIO, bs), bs, 2,
		       disk->bdev);
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 5);
	bio_put(src);
}

/*
 * catalogue 17: where the kernel has a cache of its own, it keeps it.  Some
 * kernels (6.6) give only what is polled back from it at once.
 */
static void foreign_percpu_cache(struct kunit *test)
{
	const bset_opf_t opf = REQ_OP_READ | REQ_ALLOC_CACHE | REQ_POLLED;
	struct bio *bio, *again;

	if (!TEST_KERNEL_HAS_CACHE)
		kunit_skip(test, "no cache of the kernel's own");
	test_stay_on_cpu();
	bio = bio_alloc_bioset(NULL, 4, opf, GFP_NOIO, &cached_by_kernel);
	if (bio) {
		TEST_EXPECT_SAME(test, bio->bi_opf, opf);
		bio_put(bio);
	}
	again = bio_alloc_bioset(NULL, 4, opf, GFP_NOIO, &cached_by_kernel);
	if (again)
		bio_put(again);
	test_leave_cpu();
	KUNIT_EXPECT_NOT_NULL(test, bio);
	KUNIT_EXPECT_PTR_EQ(test, again, bio);
}

static void foreign_exit(struct kunit *test)
{
	static struct bio_set bs;

	KUNIT_ASSERT_EQ(test, (bioset_init)(&bs, 2, 0, BIOSET_NEED_RESCUER), 0);
	bioset_exit(&bs);
	KUNIT_EXPECT_FALSE(test, bioset_initialized(&bs));
	bioset_exit(&bs);
}

/* A set of ours looks to the kernel like any other. */
static void foreign_sees_our_set(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, PAD, BIOSET_NEED_BVECS);

	KUNIT_EXPECT_TRUE(test, bioset_initialized(bs));
	KUNIT_EXPECT_TRUE(test, mempool_initialized(&bs->bio_pool));
	KUNIT_EXPECT_TRUE(test, mempool_initialized(&bs->bvec_pool));
	KUNIT_EXPECT_EQ(test, bs->front_pad, PAD);
}

static struct kunit_case foreign_cases[] = {
	KUNIT_CASE_PARAM(foreign_alloc, foreign_gen_params),
	KUNIT_CASE_PARAM(foreign_clone_and_split, foreign_gen_params),
	KUNIT_CASE(foreign_percpu_cache),
	KUNIT_CASE(foreign_exit),
	KUNIT_CASE(foreign_sees_our_set),
	{},
};

struct kunit_suite bset_foreign_suite = {
	.name = "foreign",
	TEST_SUITE_HOOKS(foreign_start, foreign_stop),
	.test_cases = foreign_cases,
};
