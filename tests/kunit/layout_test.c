// SPDX-License-Identifier: GPL-2.0
/*
 * Where bios, arrays and pads lie in memory
 */
#include <linux/mm.h>
#include <linux/slab.h>

/* First, for the documented names; internal.h comes without. */
#include "testlib.h"
#include "testdisk.h"

#include "internal.h"

#define PATTERN 0xc3
#define PADDED_BIOS 6

static void fill_vecs(struct bio *bio)
{
	memset(bio->bi_io_vec, PATTERN,
	       bio->bi_max_vecs * sizeof(struct bio_vec));
}

static bool vecs_filled(struct bio *bio)
{
	return !memchr_inv(bio->bi_io_vec, PATTERN,
			   bio->bi_max_vecs * sizeof(struct bio_vec));
}

/* At most twice the kernel's memory for 65…256 vecs, the same below. */
static unsigned int most_vecs(unsigned int nr)
{
	if (nr > 64)
		return 256;
	return nr > 16 ? 64 : nr > 4 ? 16 : nr ? 4 : 0;
}

/*
 * catalogue 11: room for what was asked, up to the end, for itself; the put
 * takes back what was given.  Once fresh, once from the cache, both puts.
 */
static void expect_room(struct kunit *test, struct bio_set *bs, unsigned int nr,
			bool kernel)
{
	struct bio *bio = test_bio(test, nr, bs),
		   *other = test_bio(test, nr, bs);

	KUNIT_EXPECT_GE(test, bio->bi_max_vecs, nr);
	KUNIT_EXPECT_LE(test, bio->bi_max_vecs, most_vecs(nr));
	fill_vecs(bio);
	memset(other->bi_io_vec, 0,
	       other->bi_max_vecs * sizeof(struct bio_vec));
	KUNIT_EXPECT_TRUE(test, vecs_filled(bio));
	test_put(kernel ? bio : other, kernel);
	test_put(kernel ? other : bio, kernel);
}

static void layout_vecs(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 40, BIOSET_NEED_BVECS);
	unsigned int nr, i;

	for (nr = 0; nr <= BIO_MAX_VECS; nr++)
		for (i = 0; i < 2; i++)
			expect_room(test, bs, nr, !i);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* What happens to a bio in its life must leave the pad alone. */
static void live(struct kunit *test, struct bio *bio, struct bio_set *bs)
{
	struct bio *clone;

	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	clone = bio_clone_fast(bio, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	bio_chain(clone, bio);
	bio_endio(clone);
	kernel_bio_reset(bio, REQ_OP_READ);
}

static void *pad_of(struct bio *bio, unsigned int pad)
{
	return (void *)bio - pad;
}

/*
 * catalogue 25: the bio is aligned whatever the pad is; nobody but the caller
 * touches the pad, be it while the bio lives or while a neighbour does.
 */
static void expect_own_pads(struct kunit *test, unsigned int pad, bool kernel)
{
	struct bio_set *bs =
		test_set(test, 2, pad, BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	struct bio *bios[PADDED_BIOS];
	unsigned int i;

	for (i = 0; i < PADDED_BIOS; i++) {
		bios[i] = test_bio(test, 4 * i * i, bs);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((uintptr_t)bios[i],
						   __alignof__(struct bio)));
		memset(pad_of(bios[i], pad), PATTERN + i, pad);
	}
	for (i = 1; i < PADDED_BIOS; i++)
		live(test, bios[i], bs);
	for (i = 0; i < PADDED_BIOS; i++) {
		KUNIT_EXPECT_FALSE(test, memchr_inv(pad_of(bios[i], pad),
						    PATTERN + i, pad));
		test_put(bios[i], kernel);
	}
}

static void layout_pads(struct kunit *test)
{
	static const int pads[] = { 0,	1,  2,	3,  4,	 5,   6,
				    7,	8,  9,	12, 15,	 16,  17,
				    24, 63, 64, 65, 127, 128, 129 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		expect_own_pads(test, pads[i], true);
		expect_own_pads(test, pads[i], false);
	}
}

/* catalogue 23: names are whole and no two are the same, whatever the size */
static void layout_slab_names(struct kunit *test)
{
	static const unsigned int pads[] = { 752, 9000 };
	struct bio_set *bs, *nobvec;
	char a[48], b[48];
	int i;

	test_needs(test, TEST_SLABS);
	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		bs = test_set(test, 1, pads[i], BIOSET_NEED_BVECS);
		KUNIT_ASSERT_TRUE(test, test_slab_name(bs, a, sizeof(a)));
		KUNIT_EXPECT_EQ(test, test_slab_attr(a, "object_size"),
				kmem_cache_size(bs->bio_slab));
		nobvec = test_set(test, 1, pads[i], 0);
		KUNIT_ASSERT_TRUE(test, test_slab_name(nobvec, b, sizeof(b)));
		KUNIT_EXPECT_STRNEQ(test, a, b);
	}
}

/*
 * catalogue 23: a slab dies slowly, and its successor must not need its name.
 * Whether it is dead already is a matter of luck, so compare the names.  Where
 * the kernel takes bios without asking, slabs are kept.
 */
static void layout_slab_name_reuse(struct kunit *test)
{
	static struct bio_set bs;
	char names[2][48];
	unsigned int i;

	test_needs(test, TEST_SLABS);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, bset_init(&bs, 1, 1234, 0), 0);
		/* until its predecessor is gone */
		KUNIT_EXPECT_TRUE(test,
				  TEST_UNTIL(test_slab_name(&bs, names[i & 1],
							    sizeof(names[0]))));
		bset_exit(&bs);
		if (i)
			KUNIT_EXPECT_EQ(test, !strcmp(names[0], names[1]),
					bset_kernel_takes);
	}
}

/*
 * catalogue 24, 26: nobody else's objects are in our slabs.  A kernel that does
 * not merge at all proves nothing, so look at what keeps a slab from it too: a
 * constructor, or being typesafe by RCU.
 */
static void layout_slabs_are_not_merged(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 696, BIOSET_NEED_BVECS);
	char name[48], ctor[64];

	test_needs(test, TEST_SLABS);
	KUNIT_ASSERT_TRUE(test, test_slab_name(bs, name, sizeof(name)));
	KUNIT_EXPECT_EQ(test, test_slab_attr(name, "aliases"), 0);
	KUNIT_EXPECT_EQ(test, test_slab_attr(name, "destroy_by_rcu"), 1);
	KUNIT_EXPECT_EQ(test, test_slab_attr("bset_vecs", "aliases"), 0);
	KUNIT_EXPECT_GT(test,
			test_read_file(TEST_SLABS "/bset_vecs/ctor", ctor,
				       sizeof(ctor)),
			0);
}

/* catalogue 26: who polls may look at a bio that was put, see bio_poll() */
static void layout_put_bio_has_no_device(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct bio *bio;

	if (!READ_ONCE(bset_of(bs)->bio.cache->batch[BSET_INLINE]))
		kunit_skip(test, "the caches are off");
	rcu_read_lock();
	bio = bio_alloc_bioset(disk->bdev, 4, REQ_OP_READ, GFP_NOWAIT, bs);
	if (bio)
		bio_put(bio);
	KUNIT_EXPECT_TRUE(test, bio && test_bio_is_for(bio, NULL));
	rcu_read_unlock();
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(layout_vecs),
	KUNIT_CASE(layout_pads),
	KUNIT_CASE(layout_slab_names),
	KUNIT_CASE(layout_slab_name_reuse),
	KUNIT_CASE(layout_slabs_are_not_merged),
	KUNIT_CASE(layout_put_bio_has_no_device),
	{},
};

struct kunit_suite bset_layout_suite = {
	.name = "layout",
	.test_cases = layout_cases,
};
