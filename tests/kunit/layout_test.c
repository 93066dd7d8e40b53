// SPDX-License-Identifier: GPL-2.0
/*
 * Where bios, arrays and pads lie in memory
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* First, for the documented names; internal.h comes without. */
#include "testlib.h"
#include "testdisk.h"

#include "internal.h"

#define LAST_PAD 129
#define PATTERN 0xc3
#define PADDED_BIOS 6

TEST_GEN_NUMBERS(vecs, BIO_MAX_VECS);
TEST_GEN_NUMBERS(pads, LAST_PAD);

/* One for all cases, which creates it once. */
static struct bio_set layout_bs;

/* They keep the slabs of layout_pads() alive from one pad to the next. */
static struct bio_set layout_kept[LAST_PAD / 8 + 2];

static int layout_start(test_suite_arg *unused)
{
	int i, ret;

	ret = bset_init(&layout_bs, 1, 40, BIOSET_NEED_BVECS);
	for (i = 0; i < ARRAY_SIZE(layout_kept) && !ret; i++)
		ret = bset_init(&layout_kept[i], 1, 8 * i,
				BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	return ret;
}

static void layout_stop(test_suite_arg *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(layout_kept); i++)
		bset_exit(&layout_kept[i]);
	bset_exit(&layout_bs);
}

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

/*
 * catalogue 11: room for what was asked, up to the end, for itself; the put
 * takes back what was given.  Once fresh, once from the cache, both puts.
 */
static void layout_vecs(struct kunit *test)
{
	unsigned int nr = test_number(test), i;
	struct bio *bio, *other;

	for (i = 0; i < 4; i++) {
		bio = bio_alloc_bioset(GFP_NOIO, nr, &layout_bs);
		other = bio_alloc_bioset(GFP_NOIO, nr, &layout_bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_ASSERT_NOT_NULL(test, other);
		KUNIT_EXPECT_GE(test, bio->bi_max_vecs, nr);
		fill_vecs(bio);
		memset(other->bi_io_vec, 0,
		       other->bi_max_vecs * sizeof(struct bio_vec));
		KUNIT_EXPECT_TRUE(test, vecs_filled(bio));
		if (i & 1) {
			bio_put(other);
			bio_put(bio);
		} else {
			test_kernel_put(bio);
			test_kernel_put(other);
		}
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, &layout_bs).in_flight, 0);
}

/* At most twice the kernel's memory for 65…256 vecs, the same below. */
static void layout_vecs_are_not_wasted(struct kunit *test)
{
	static const unsigned short limits[][2] = {
		{ 0, 0 },   { 1, 4 },	{ 4, 4 },    { 5, 16 },	   { 16, 16 },
		{ 17, 64 }, { 64, 64 }, { 65, 256 }, { 128, 256 }, { 256, 256 },
	};
	struct bio *bio;
	int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		bio = bio_alloc_bioset(GFP_NOIO, limits[i][0], &layout_bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_LE(test, bio->bi_max_vecs, limits[i][1]);
		bio_put(bio);
	}
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
static void layout_pads(struct kunit *test)
{
	unsigned int pad = test_number(test), i, round;
	struct bio_set *bs =
		test_set(test, 2, pad, BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	struct bio *bios[PADDED_BIOS];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < PADDED_BIOS; i++) {
			bios[i] = bio_alloc_bioset(GFP_NOIO, 4 * i * i, bs);
			KUNIT_ASSERT_NOT_NULL(test, bios[i]);
			KUNIT_EXPECT_TRUE(test,
					  IS_ALIGNED((uintptr_t)bios[i],
						     __alignof__(struct bio)));
			memset(pad_of(bios[i], pad), PATTERN + i, pad);
		}
		for (i = 1; i < PADDED_BIOS; i++)
			live(test, bios[i], bs);
		for (i = 0; i < PADDED_BIOS; i++) {
			KUNIT_EXPECT_FALSE(test,
					   memchr_inv(pad_of(bios[i], pad),
						      PATTERN + i, pad));
			if (round)
				bio_put(bios[i]);
			else
				test_kernel_put(bios[i]);
		}
	}
}

/* The idiom of drivers: the bio is the last member of their struct. */
struct context {
	char tag[13];
	struct bio bio;
};

static void layout_container_of(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, offsetof(struct context, bio),
				      BIOSET_NEED_BVECS);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 1, bs);
	struct context *c;

	KUNIT_ASSERT_NOT_NULL(test, bio);
	c = container_of(bio, struct context, bio);
	strscpy(c->tag, "twelve bytes", sizeof(c->tag));
	bio_set_flag(bio, BIO_QUIET);
	KUNIT_EXPECT_STREQ(test, c->tag, "twelve bytes");
	bio_put(bio);
}

/* The name of a set's slab, which the allocator tells by way of sysfs only. */
static bool slab_name(struct bio_set *bs, char *name, size_t len)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "bset_bio-%u.",
		 kmem_cache_size(bs->bio_slab));
	return test_slabs_named(prefix, name, len) == 1;
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
		KUNIT_ASSERT_TRUE(test, slab_name(bs, a, sizeof(a)));
		KUNIT_EXPECT_EQ(test, test_slab_attr(a, "object_size"),
				kmem_cache_size(bs->bio_slab));
		nobvec = test_set(test, 1, pads[i], 0);
		KUNIT_ASSERT_TRUE(test, slab_name(nobvec, b, sizeof(b)));
		KUNIT_EXPECT_STRNEQ(test, a, b);
	}
}

/* The number at the end of a set's name */
static unsigned int set_number(struct kunit *test, struct bio_set *bs)
{
	const char *dot = strrchr(bset_of(bs)->name, '.');
	unsigned int number = 0;

	KUNIT_ASSERT_TRUE(test, dot && !kstrtouint(dot + 1, 10, &number));
	return number;
}

/* catalogue 23: numbers run out, and the next one is that of a live set */
static void layout_set_names_run_out(struct kunit *test)
{
	const unsigned int next = bset_next_id;
	struct bio_set *old = test_set(test, 1, 0, 0), *last, *again;

	bset_next_id = UINT_MAX;
	last = test_set(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, set_number(test, last), UINT_MAX);
	KUNIT_EXPECT_EQ(test, bset_next_id, 0);
	bset_next_id = set_number(test, old);
	again = test_set(test, 1, 0, 0);
	KUNIT_EXPECT_NE(test, set_number(test, again), set_number(test, old));
	KUNIT_EXPECT_NOT_NULL(test, bset_of(again)->dir);
	bset_next_id = max(next, bset_next_id);
}

/*
 * catalogue 23: a slab dies slowly, and its successor must not need its name.
 * Whether it is dead already is a matter of luck, so compare the names.
 */
static void layout_slab_name_reuse(struct kunit *test)
{
	static struct bio_set bs;
	char names[2][48];
	unsigned int i, ms;

	test_needs(test, TEST_SLABS);
	for (i = 0; i < 6; i++) {
		KUNIT_ASSERT_EQ(test, bset_init(&bs, 1, 1234, 0), 0);
		/* until its predecessor is gone */
		for (ms = 0; ms < TEST_LIMIT_MS; ms += 20) {
			if (slab_name(&bs, names[i & 1], sizeof(names[0])))
				break;
			msleep(20);
		}
		bset_exit(&bs);
		if (i)
			KUNIT_EXPECT_STRNEQ(test, names[0], names[1]);
	}
}

/* Sets of one layout share a slab. */
static void layout_slabs_are_shared(struct kunit *test)
{
	struct bio_set *a = test_set(test, 1, 808, BIOSET_NEED_BVECS);
	struct bio_set *b = test_set(test, 1, 808, BIOSET_NEED_BVECS);
	struct bio_set *c = test_set(test, 1, 816, BIOSET_NEED_BVECS);

	KUNIT_EXPECT_PTR_EQ(test, a->bio_slab, b->bio_slab);
	KUNIT_EXPECT_PTR_NE(test, a->bio_slab, c->bio_slab);
}

/*
 * catalogue 24: nobody else's objects are in our slabs.  A kernel that does
 * not merge at all proves nothing, so look at what keeps a slab from it too: a
 * constructor, or being typesafe by RCU.
 */
static void layout_slabs_are_not_merged(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 696, BIOSET_NEED_BVECS);
	char name[48], ctor[64];

	test_needs(test, TEST_SLABS);
	KUNIT_ASSERT_TRUE(test, slab_name(bs, name, sizeof(name)));
	KUNIT_EXPECT_EQ(test, test_slab_attr(name, "aliases"), 0);
	KUNIT_EXPECT_EQ(test, test_slab_attr("bset_vecs", "aliases"), 0);
	KUNIT_EXPECT_GT(test,
			test_read_file(TEST_SLABS "/bset_vecs/ctor", ctor,
				       sizeof(ctor)),
			0);
}

/* catalogue 26 */
static void layout_bio_slab_is_typesafe_by_rcu(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 712, BIOSET_NEED_BVECS);
	char name[48];

	test_needs(test, TEST_SLABS);
	KUNIT_ASSERT_TRUE(test, slab_name(bs, name, sizeof(name)));
	KUNIT_EXPECT_EQ(test, test_slab_attr(name, "destroy_by_rcu"), 1);
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
	KUNIT_CASE_PARAM(layout_vecs, vecs_gen_params),
	KUNIT_CASE(layout_vecs_are_not_wasted),
	KUNIT_CASE_PARAM(layout_pads, pads_gen_params),
	KUNIT_CASE(layout_container_of),
	KUNIT_CASE(layout_slab_names),
	KUNIT_CASE(layout_set_names_run_out),
	KUNIT_CASE(layout_slab_name_reuse),
	KUNIT_CASE(layout_slabs_are_shared),
	KUNIT_CASE(layout_slabs_are_not_merged),
	KUNIT_CASE(layout_bio_slab_is_typesafe_by_rcu),
	KUNIT_CASE(layout_put_bio_has_no_device),
	{}
};

struct kunit_suite bset_layout_suite = {
	.name = "layout",
	TEST_SUITE_HOOKS(layout_start, layout_stop),
	.test_cases = layout_cases,
};
