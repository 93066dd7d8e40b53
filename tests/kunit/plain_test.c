// SPDX-License-Identifier: GPL-2.0
/*
 * The header with BIOSET_NO_DOCUMENTED_NAMES
 */
#define BIOSET_NO_DOCUMENTED_NAMES

#include <linux/mm.h>

#include "testdisk.h"
#include "testlib.h"

#if defined(bio_alloc_bioset) || defined(bioset_init) || defined(bioset_exit)
#error "a documented name is taken"
#endif
#if defined(bioset_create) || defined(bioset_create_nobvec)
#error "a documented name is taken"
#endif
#if defined(bioset_free) || defined(bio_clone_fast) || defined(bio_put)
#error "a documented name is taken"
#endif
#if defined(bio_alloc_clone) || defined(bio_split) || defined(bio_next_split)
#error "a documented name is taken"
#endif

static void plain_sets(struct kunit *test)
{
	static struct bio_set embedded;
	struct bio_set *bs;

	KUNIT_ASSERT_EQ(test, bset_init(&embedded, 1, 0, 0), 0);
	bset_exit(&embedded);
	bs = bset_create(1, 0);
	KUNIT_EXPECT_NOT_NULL(test, bs);
	bset_free(bs);
	bs = bset_create_nobvec(1, 0);
	KUNIT_EXPECT_NOT_NULL(test, bs);
	bset_free(bs);
}

static void plain_bios(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 4, 0, BIOSET_NEED_BVECS);
	struct bio *bio, *clone, *split;

	bio = bset_alloc(disk->bdev, 1, REQ_OP_WRITE, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	clone = bset_clone(disk->bdev, bio, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	bset_put(clone);
	clone = bset_clone_4_6(bio, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	split = bset_split(clone, 1, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, split);
	bset_put(split);
	split = bset_next_split(clone, 8, GFP_NOIO, bs);
	KUNIT_EXPECT_PTR_EQ(test, split, clone);
	bset_put(clone);
	bset_put(bio);
	bio = bset_alloc_4_6(GFP_NOIO, 256, bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bset_put(bio);
}

/* The documented names are the kernel's here: its sets, its bios. */
static void plain_names_are_the_kernels(struct kunit *test)
{
	static struct bio_set bs;
	struct bio *bio;

	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 1, 0, BIOSET_NEED_BVECS), 0);
	KUNIT_EXPECT_EQ(test, bset_starve(&bs, 1), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, bs.rescue_workqueue, NULL);
	bio = kernel_bio_alloc(NULL, 1, REQ_OP_READ, GFP_NOIO, &bs);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		bio_put(bio);
	bioset_exit(&bs);
}

static struct kunit_case plain_cases[] = {
	KUNIT_CASE(plain_sets),
	KUNIT_CASE(plain_bios),
	KUNIT_CASE(plain_names_are_the_kernels),
	{},
};

struct kunit_suite bset_plain_suite = {
	.name = "plain",
	.test_cases = plain_cases,
};
