// SPDX-License-Identifier: GPL-2.0
/*
 * Every wrong argument has a defined result, and no oops
 */
#include <linux/mm.h>

#include "testdisk.h"
#include "testlib.h"

struct bad_init {
	const char *what;
	unsigned int pool_size;
	unsigned int front_pad;
	int flags;
};

static const struct bad_init bad_inits[] = {
	{ "pool size -1", UINT_MAX, 0, 0 },
	{ "pool size that overflows an int", 1U << 31, 0, 0 },
	{ "pool size beyond one kmalloc", KMALLOC_MAX_SIZE / 8 + 1, 0, 0 },
	{ "pad -1", 1, UINT_MAX, 0 },
	{ "pad that overflows with the bio", 1, UINT_MAX - 100, 0 },
	{ "pad that overflows when aligned", 1, UINT_MAX - 6, 0 },
	{ "pad over the limit", 1, BSET_MAX_FRONT_PAD + 1, 0 },
	{ "unknown flag", 1, 0, 1 << 20 },
	{ "sign bit in flags", 1, 0, INT_MIN },
	{ "next kernel's flag", 1, 0, 1 << 3 },
	{ "with and without rescuer", 1, 0,
	  BIOSET_NEED_RESCUER | BSET_NO_RESCUER },
};

static void bad_init_desc(const struct bad_init *bad, char *desc)
{
	strscpy(desc, bad->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_init, bad_inits, bad_init_desc);

/* Refused, and what is at @bs stays what it was. */
static void badinput_init(struct kunit *test)
{
	const struct bad_init *bad = test_param(test);
	static struct bio_set bs;

	memset(&bs, 0, sizeof(bs));
	KUNIT_EXPECT_EQ(test,
			bioset_init(&bs, bad->pool_size, bad->front_pad,
				    bad->flags),
			-EINVAL);
	KUNIT_EXPECT_FALSE(test, memchr_inv(&bs, 0, sizeof(bs)));
	bioset_exit(&bs);
}

static void badinput_create(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, bioset_create(UINT_MAX, 0), NULL);
	KUNIT_EXPECT_PTR_EQ(test, bioset_create(1, UINT_MAX), NULL);
	KUNIT_EXPECT_PTR_EQ(test, bioset_create_nobvec(UINT_MAX, UINT_MAX),
			    NULL);
}

static void badinput_null(struct kunit *test)
{
	struct bioset_stats s;

	KUNIT_EXPECT_EQ(test, bioset_init((struct bio_set *)NULL, 1, 0, 0),
			-EINVAL);
	bioset_exit(NULL);
	bioset_free(NULL);
	KUNIT_EXPECT_EQ(test, bset_get_stats(NULL, &s), -EINVAL);
	KUNIT_EXPECT_EQ(test, bset_starve(NULL, 1), -EINVAL);
}

/* The largest pad that is allowed works. */
static void badinput_largest_pad(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, BSET_MAX_FRONT_PAD, 0);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 0, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	memset((void *)bio - BSET_MAX_FRONT_PAD, 0x77, BSET_MAX_FRONT_PAD);
	bio_put(bio);
}

/* A second init is refused, and the set goes on. */
static void badinput_set_in_use(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 16, BIOSET_NEED_BVECS);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 256, bs);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, bio);
	ret = TEST_SPLAT_ONCE("is in use already", bioset_init(bs, 4, 0, 0));
	KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	bio_put(bio);
	bio = bio_alloc_bioset(GFP_NOIO, 256, bs);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).pool_size, 2);
}

/* catalogue 13 */
static void badinput_exit_twice(struct kunit *test)
{
	static struct bio_set bs;

	memset(&bs, 0, sizeof(bs));
	bioset_exit(&bs);
	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 2, 0, BIOSET_NEED_BVECS), 0);
	bioset_exit(&bs);
	bioset_exit(&bs);
	/* and it can be made again */
	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 2, 0, BIOSET_NEED_BVECS), 0);
	bioset_exit(&bs);
}

static void badinput_uninitialised_set(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	static struct bio_set zeroed;
	struct bioset_stats s;
	struct bio *src;

	memset(&zeroed, 0, sizeof(zeroed));
	src = kernel_bio_alloc_fs(disk->bdev, 1, REQ_OP_WRITE);
	__bio_add_page(src, ZERO_PAGE(0), PAGE_SIZE, 0);
	test_splat_once_begin("is not initialised");
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 0, &zeroed), NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 4, &zeroed), NULL);
	KUNIT_EXPECT_PTR_EQ(test,
			    bio_alloc_bioset(disk->bdev, 256, REQ_OP_READ,
					     GFP_NOWAIT, &zeroed),
			    NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio_clone_fast(src, GFP_NOIO, &zeroed), NULL);
	KUNIT_EXPECT_PTR_EQ(test,
			    bio_alloc_clone(disk->bdev, src, GFP_NOIO, &zeroed),
			    NULL);
	TEST_EXPECT_NO_SPLIT(test, bio_split(src, 1, GFP_NOIO, &zeroed));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 8);
	KUNIT_EXPECT_EQ(test, bset_get_stats(&zeroed, &s), -EINVAL);
	KUNIT_EXPECT_EQ(test, bset_starve(&zeroed, 1), -EINVAL);
	bio_put(src);
}

/* A set that was exited is like one that never was. */
static void badinput_exited_set(struct kunit *test)
{
	static struct bio_set bs;

	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 1, 0, 0), 0);
	bioset_exit(&bs);
	test_splat_once_begin("is not initialised");
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 0, &bs), NULL);
	test_splat_end();
}

static const int many_vecs[] = { 257,	512,	 32768, 65536,
				 65537, INT_MAX, -1,	INT_MIN };

static void many_vecs_desc(const int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d", *nr);
}

KUNIT_ARRAY_PARAM(many_vecs, many_vecs, many_vecs_desc);

/* catalogue 11: NULL and a line in the log, from any set, in any form */
static void badinput_too_many_vecs(struct kunit *test)
{
	const int nr = *(const int *)test_param(test);
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio_set *const sets[] = { bs, NULL, &fs_bio_set };
	int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		KUNIT_EXPECT_PTR_EQ(test,
				    bio_alloc_bioset(GFP_NOIO, nr, sets[i]),
				    NULL);
		KUNIT_EXPECT_PTR_EQ(test,
				    bio_alloc_bioset(NULL, nr, REQ_OP_READ,
						     GFP_NOIO, sets[i]),
				    NULL);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 0);
}

static void badinput_vecs_of_nobvec_set(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, 0);

	test_splat_once_begin("has no arrays");
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 1, bs), NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 256, bs), NULL);
	test_splat_end();
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOIO, 257, bs), NULL);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 0);
}

static const gfp_t bad_gfps[] = {
	__GFP_ZERO,
	__GFP_COMP,
	__GFP_HIGHMEM,
	__GFP_DMA32,
	__GFP_MOVABLE,
	(__force gfp_t)(1U << 31),
	__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_COMP,
};

static void bad_gfp_desc(const gfp_t *gfp, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%#x",
		 (__force unsigned int)*gfp);
}

KUNIT_ARRAY_PARAM(bad_gfp, bad_gfps, bad_gfp_desc);

/* Ignored with a warning: the allocation itself is sane. */
static void badinput_gfp(struct kunit *test)
{
	const gfp_t bad = *(const gfp_t *)test_param(test);
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio *bios[6] = {};
	int i;

	test_splat_once_begin("make no sense for a bio");
	bios[0] = bio_alloc_bioset(GFP_NOIO | bad, 4, bs);
	bios[1] = bio_alloc_bioset(GFP_NOWAIT | bad, 64, bs);
	bios[2] = bio_alloc_bioset(NULL, 256, REQ_OP_READ, GFP_NOIO | bad, bs);
	bios[3] = bio_alloc_bioset(GFP_NOIO | bad, 16, NULL);
	bios[4] = bio_alloc_bioset(GFP_NOIO | bad, 256, NULL);
	if (bios[2])
		bios[5] = bio_clone_fast(bios[2], GFP_NOIO | bad, bs);
	test_splat_end();
	for (i = ARRAY_SIZE(bios) - 1; i >= 0; i--) {
		KUNIT_EXPECT_NOT_NULL(test, bios[i]);
		if (bios[i])
			bio_put(bios[i]);
	}
}

/* Without a warning: the flag is harmless. */
static void badinput_nofail(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO | __GFP_NOFAIL, 256, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_put(bio);
}

static void badinput_free_embedded(struct kunit *test)
{
	static struct bio_set bs;

	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 1, 0, 0), 0);
	test_splat_once_begin("of an embedded set");
	bioset_free(&bs);
	test_splat_end();
	/* exited, and not given to kfree() */
	KUNIT_EXPECT_FALSE(test, bioset_initialized(&bs));
}

/* Exited, the set cannot tell any more who it was; its memory is safe. */
static void badinput_free_foreign(struct kunit *test)
{
	static struct bio_set zeroed;

	memset(&zeroed, 0, sizeof(zeroed));
	test_splat_once_begin("of a foreign set");
	bioset_free(&zeroed);
	bioset_free(&fs_bio_set);
	test_splat_end();
	KUNIT_EXPECT_TRUE(test, bioset_initialized(&fs_bio_set));
}

static void badinput_put_of_no_set(struct kunit *test)
{
	struct bio *bio = kunit_kzalloc(test, sizeof(*bio), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	if (TEST_PUT_FREES_UNPOOLED)
		kunit_skip(test, "a put frees such a bio");
	kernel_bio_init(bio, NULL, 0, REQ_OP_READ);
	test_splat_once_begin("is of no set");
	bio_put(bio);
	test_splat_end();
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
	/* A reference that is not the last one is nothing to warn about. */
	bio_get(bio);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
}

static const int bad_splits[] = { 0, -1, INT_MIN, 8, 9, INT_MAX };

static void bad_split_desc(const int *sectors, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d of 8 sectors", *sectors);
}

KUNIT_ARRAY_PARAM(bad_split, bad_splits, bad_split_desc);

static void badinput_split(struct kunit *test)
{
	const int sectors = *(const int *)test_param(test);
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 1, bs);
	struct bio *split;

	KUNIT_ASSERT_NOT_NULL(test, bio);
	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	split = TEST_SPLAT_ONCE("cannot split",
				bio_split(bio, sectors, GFP_NOIO, bs));
	TEST_EXPECT_NO_SPLIT(test, split);
	split = TEST_SPLAT_ONCE("cannot split",
				bio_split(bio, sectors, GFP_NOIO, NULL));
	TEST_EXPECT_NO_SPLIT(test, split);
	KUNIT_EXPECT_EQ(test, bio_sectors(bio), 8);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 1);
	bio_put(bio);
}

static void badinput_split_zone_append(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio *bio =
		bio_alloc_bioset(NULL, 1, REQ_OP_ZONE_APPEND, GFP_NOIO, bs);
	struct bio *split;

	KUNIT_ASSERT_NOT_NULL(test, bio);
	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	split = TEST_SPLAT_ONCE("cannot split a zone",
				bio_split(bio, 1, GFP_NOIO, bs));
	TEST_EXPECT_NO_SPLIT(test, split);
	KUNIT_EXPECT_EQ(test, bio_sectors(bio), 8);
	bio_put(bio);
}

static void badinput_too_many_puts_of_refs(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, 0);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 0, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_get(bio);
	/* As if it had been put twice too often already. */
	atomic_set(&bio->__bi_cnt, 0);
	test_splat_once_begin("bio_put() of a bio without references");
	bio_put(bio);
	test_splat_end();
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	atomic_set(&bio->__bi_cnt, 1);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static struct kunit_case badinput_cases[] = {
	KUNIT_CASE_PARAM(badinput_init, bad_init_gen_params),
	KUNIT_CASE(badinput_create),
	KUNIT_CASE(badinput_null),
	KUNIT_CASE(badinput_largest_pad),
	KUNIT_CASE(badinput_set_in_use),
	KUNIT_CASE(badinput_exit_twice),
	KUNIT_CASE(badinput_uninitialised_set),
	KUNIT_CASE(badinput_exited_set),
	KUNIT_CASE_PARAM(badinput_too_many_vecs, many_vecs_gen_params),
	KUNIT_CASE(badinput_vecs_of_nobvec_set),
	KUNIT_CASE_PARAM(badinput_gfp, bad_gfp_gen_params),
	KUNIT_CASE(badinput_nofail),
	KUNIT_CASE(badinput_free_embedded),
	KUNIT_CASE(badinput_free_foreign),
	KUNIT_CASE(badinput_put_of_no_set),
	KUNIT_CASE_PARAM(badinput_split, bad_split_gen_params),
	KUNIT_CASE(badinput_split_zone_append),
	KUNIT_CASE(badinput_too_many_puts_of_refs),
	{}
};

struct kunit_suite bset_badinput_suite = {
	.name = "badinput",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = badinput_cases,
};
