// SPDX-License-Identifier: GPL-2.0
/*
 * Every name of the header, in both forms, and the kernel's own
 * functions on our sets
 */
#include <linux/mm.h>

/* First, for the documented names; internal.h comes without. */
#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

#define ALL_FLAGS \
	(BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER | BIOSET_PERCPU_CACHE)

static struct bio_set *vec_set(struct kunit *test)
{
	return test_set(test, 2, 16, BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
}

static struct {
	struct bio_set bio_split; /* a member called like a macro */
} embedded;

/* A bio as bio_init() leaves it, with room for @nr_vecs. */
static void expect_fresh(struct kunit *test, struct bio *bio,
			 struct bio_set *bs, unsigned int nr_vecs)
{
	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_TRUE(test, TEST_IS_OF(bio, bs));
	KUNIT_EXPECT_GE(test, bio->bi_max_vecs, nr_vecs);
	KUNIT_EXPECT_EQ(test, !!bio->bi_io_vec, nr_vecs > 0);
	if (nr_vecs)
		memset(bio->bi_io_vec, 0x5a,
		       bio->bi_max_vecs * sizeof(struct bio_vec));
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_remaining), 1);
	KUNIT_EXPECT_EQ(test, bio->bi_vcnt, 0);
	KUNIT_EXPECT_EQ(test, test_flags(bio), 0);
	TEST_EXPECT_SAME(test, bio->bi_status, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, bio->bi_ioprio, 0);
	KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_sector, 0);
	KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_size, 0);
	KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_idx, 0);
	KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_bvec_done, 0);
	KUNIT_EXPECT_NULL(test, bio->bi_next);
	KUNIT_EXPECT_NULL(test, (void *)bio->bi_end_io);
	KUNIT_EXPECT_NULL(test, bio->bi_private);
	KUNIT_EXPECT_NULL(test, bio_integrity(bio));
}

/* Everything that a user may leave behind in a bio. */
static void make_dirty(struct bio *bio)
{
	test_scribble(bio);
	test_forget_extras(bio);
}

/* Without a device, or sleep; a bio that has been used before is as good as new. */
static void api_alloc_3_args(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	unsigned int nr = test_int(test), i;
	struct bio *bio;

	for (i = 0; i < 4; i++) {
		bio = bio_alloc_bioset(i & 2 ? GFP_NOWAIT : GFP_NOIO, nr, bs);
		expect_fresh(test, bio, bs, nr);
		KUNIT_EXPECT_EQ(test, test_cookie(bio), BLK_QC_T_NONE);
		KUNIT_EXPECT_TRUE(test, test_bio_is_for(bio, NULL));
		TEST_EXPECT_SAME(test, bio->bi_opf, 0);
		kernel_bio_reset(bio, REQ_OP_READ);
		expect_fresh(test, bio, bs, nr);
		make_dirty(bio);
		test_put(bio, i & 1);
	}
}

/* catalogue 17: without the bit that would send its put elsewhere */
static void api_alloc_5_args(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = vec_set(test);
	const bset_opf_t opf = REQ_OP_WRITE | REQ_SYNC | REQ_FUA;
	struct bio *bio;
	int i;

	for (i = 0; i < 3; i++) {
		bio = bio_alloc_bioset(disk->bdev, test_int(test),
				       opf | REQ_ALLOC_CACHE, GFP_NOIO, bs);
		expect_fresh(test, bio, bs, test_int(test));
		KUNIT_EXPECT_TRUE(test, test_bio_is_for(bio, disk->bdev));
		TEST_EXPECT_SAME(test, bio->bi_opf, opf);
		KUNIT_EXPECT_TRUE(test, test_has_group(bio));
		/* The kernel's put would not survive it. */
		bio->bi_opf = opf;
		test_put(bio, !i);
	}
}

static void api_create(struct kunit *test)
{
	struct bio_set *bs;
	int i;

	for (i = 0; i < 2; i++) {
		bs = i ? bioset_create(4, 24) : bioset_create_nobvec(4, 24);
		KUNIT_ASSERT_NOT_NULL(test, bs);
		KUNIT_EXPECT_NOT_NULL(test, bset_of(bs)->rescue_workqueue);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).pool_size, 4);
		bio_put(test_bio(test, 256 * i, bs));
		bioset_free(bs);
	}
}

static const int init_flags[] = {
	0,
	BIOSET_NEED_BVECS,
	BIOSET_NEED_RESCUER,
	BIOSET_PERCPU_CACHE,
	ALL_FLAGS,
	BSET_NO_RESCUER,
	BSET_NO_RESCUER | BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE,
};

TEST_INT_PARAM(flags, init_flags);

/* Memory that is not zeroed will do. */
static void api_init_exit(struct kunit *test)
{
	const int flags = test_int(test);
	struct bio_set *bs = &embedded.bio_split;

	memset(bs, 0x6b, sizeof(*bs));
	KUNIT_ASSERT_EQ(test, bioset_init(bs, 2, 0, flags), 0);
	KUNIT_EXPECT_TRUE(test, bioset_initialized(bs));
	KUNIT_EXPECT_EQ(test, !bset_of(bs)->rescue_workqueue,
			!!(flags & BSET_NO_RESCUER));
	bio_put(test_bio(test, flags & BIOSET_NEED_BVECS ? 256 : 0, bs));
	bioset_exit(bs);
	KUNIT_EXPECT_FALSE(test, bioset_initialized(bs));
}

/* A bio with 8 sectors of data that is in nobody's set. */
static struct bio *source_bio(struct test_disk *disk)
{
	struct bio *bio =
		test_page_bio(disk, REQ_OP_WRITE | REQ_SYNC, ZERO_PAGE(0));

	bio->bi_iter.bi_sector = 100;
	bio->bi_ioprio = 3;
	/* A clone must not inherit what would send its put elsewhere. */
	bio->bi_opf |= REQ_ALLOC_CACHE;
	return bio;
}

static void free_source(struct bio *src)
{
	src->bi_opf &= ~REQ_ALLOC_CACHE;
	test_put(src, true);
}

static void expect_clone(struct kunit *test, struct bio *clone, struct bio *src,
			 struct bio_set *bs)
{
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_TRUE(test, TEST_IS_OF(clone, bs));
	KUNIT_EXPECT_TRUE(test, bio_flagged(clone, BIO_CLONED));
	KUNIT_EXPECT_PTR_EQ(test, clone->bi_io_vec, src->bi_io_vec);
	KUNIT_EXPECT_EQ(test, clone->bi_max_vecs, 0);
	TEST_EXPECT_SAME(test, clone->bi_opf, src->bi_opf & ~REQ_ALLOC_CACHE);
	/* The kernel's put would not survive it. */
	clone->bi_opf &= ~REQ_ALLOC_CACHE;
	KUNIT_EXPECT_EQ(test, clone->bi_ioprio, src->bi_ioprio);
	KUNIT_EXPECT_EQ(test, clone->bi_iter.bi_size, src->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, clone->bi_iter.bi_sector, src->bi_iter.bi_sector);
}

/* By each name, for the same device, another and none */
static void api_clone(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct test_disk *other = test_disk(test, NULL, NULL);
	struct block_device *const bdevs[] = { disk->bdev, other->bdev, NULL };
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(disk), *clone;
	int i;

	for (i = 0; i < ARRAY_SIZE(bdevs); i++) {
		clone = i ? bio_alloc_clone(bdevs[i], src, GFP_NOIO, bs)
			  : bio_clone_fast(src, GFP_NOIO, bs);
		expect_clone(test, clone, src, bs);
		KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone, bdevs[i]));
		test_put(clone, i);
	}
	free_source(src);
}

/* Without a device a source has no cgroup; its clone for a device has one. */
static void api_clone_of_no_device(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = kernel_bio_alloc_fs(NULL, 1, REQ_OP_WRITE);
	struct bio *clone = bio_alloc_clone(disk->bdev, src, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone, disk->bdev));
	KUNIT_EXPECT_TRUE(test, test_has_group(clone));
	bio_put(clone);
	test_put(src, true);
}

static void want_integrity(struct kunit *test, struct bio_set *bs)
{
	KUNIT_ASSERT_EQ(test, test_integrity_create(bs, 2), 0);
}

/* What the pool of a set got back: bytes of the object that it lies in. */
static size_t freed_size;

static void note_size_and_free(void *p, void *slab)
{
	freed_size = ksize(p);
	mempool_free_slab(p, slab);
}

/* Integrity data comes from the pool of the clone's set, and goes back there. */
static void expect_from_pool(struct kunit *test, struct bio_set *bs,
			     struct bio *clone)
{
	mempool_t *pool = test_integrity_pool(&bset_of(bs)->home);
	void *own = pool ? mempool_alloc(pool, GFP_KERNEL) : NULL;

	if (pool)
		pool->free = note_size_and_free;
	bio_put(clone);
	if (!pool)
		return;
	KUNIT_EXPECT_EQ(test, freed_size, ksize(own));
	mempool_free(own, pool);
}

static void api_clone_integrity(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(disk), *clone;

	want_integrity(test, bs);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio_integrity_alloc(src, GFP_NOIO, 1)));
	clone = bio_alloc_clone(disk->bdev, src, GFP_NOIO, bs);
	expect_clone(test, clone, src, bs);
	KUNIT_EXPECT_NOT_NULL(test, bio_integrity(clone));

	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	expect_from_pool(test, bs, clone);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);

	clone = bio_alloc_clone(disk->bdev, src, GFP_NOIO, NULL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_NOT_NULL(test, bio_integrity(clone));
	bio_put(clone);
	free_source(src);
}

/* Eight sectors with integrity data of eight bytes each */
static struct bio *source_with_integrity(struct kunit *test,
					 struct test_disk *disk)
{
	struct bio *src = source_bio(disk);
	struct bio_integrity_payload *bip;

	test_disk_has_integrity(disk->disk, 8);
	bip = bio_integrity_alloc(src, GFP_NOIO, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bip));
	bio_integrity_add_page(src, ZERO_PAGE(0), 64, 0);
	bip->bip_iter.bi_size = 64;
	return src;
}

/* Each part has the integrity data of its own sectors. */
static void api_split_integrity(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_with_integrity(test, disk), *front;

	want_integrity(test, bs);
	front = bio_split(src, 3, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_ASSERT_NOT_NULL(test, bio_integrity(front));
	KUNIT_EXPECT_EQ(test, bio_integrity(front)->bip_iter.bi_size, 24);
	KUNIT_EXPECT_EQ(test, bio_integrity(src)->bip_iter.bi_size, 40);
	bio_put(front);
	free_source(src);
}

static struct bio *clone_by(bool kernel, struct bio *src, struct bio_set *bs)
{
	return kernel ? kernel_bio_clone(test_dev_of(src), src, GFP_NOIO,
					 &fs_bio_set)
		      : bio_clone_fast(src, GFP_NOIO, bs);
}

static struct bio *split_by(bool kernel, struct bio *bio, struct bio_set *bs)
{
	return kernel ? (bio_split)(bio, 3, GFP_NOIO, &fs_bio_set)
		      : bio_split(bio, 3, GFP_NOIO, bs);
}

static void expect_integrity(struct kunit *test, struct bio *bio,
			     unsigned int bytes)
{
	struct bio_integrity_payload *bip;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bio);
	bip = bio_integrity(bio);
	KUNIT_ASSERT_NOT_NULL(test, bip);
	KUNIT_EXPECT_EQ(test, bip->bip_iter.bi_size, bytes);
	KUNIT_ASSERT_NOT_NULL(test, bip->bip_vec);
	KUNIT_EXPECT_PTR_EQ(test, bip->bip_vec[0].bv_page, ZERO_PAGE(0));
}

/* Also what the kernel has cloned or split, and what it makes of ours. */
static void api_integrity_of_clones(struct kunit *test)
{
	const unsigned int makers = test_int(test);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 4, 16, 0);
	struct bio *src = source_with_integrity(test, disk);
	struct bio *clone, *again, *front, *last;

	clone = clone_by(makers & 1, src, bs);
	expect_integrity(test, clone, 64);
	again = clone_by(makers & 2, clone, bs);
	expect_integrity(test, again, 64);
	front = split_by(makers & 4, again, bs);
	expect_integrity(test, front, 24);
	expect_integrity(test, again, 40);
	last = clone_by(makers & 8, front, bs);
	expect_integrity(test, last, 24);
	bio_put(last);
	bio_put(front);
	bio_put(again);
	bio_put(clone);
	free_source(src);
}

static void api_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(disk);
	struct bio *front = bio_split(src, 3, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_TRUE(test, TEST_IS_OF(front, bs));
	KUNIT_EXPECT_EQ(test, bio_sectors(front), 3);
	KUNIT_EXPECT_EQ(test, front->bi_iter.bi_sector, 100);
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 5);
	KUNIT_EXPECT_EQ(test, src->bi_iter.bi_sector, 103);
	bio_put(front);
	front = bio_next_split(src, 4, GFP_NOIO, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_PTR_NE(test, front, src);
	KUNIT_EXPECT_EQ(test, bio_sectors(front), 4);
	bio_put(front);
	KUNIT_EXPECT_PTR_EQ(test, bio_next_split(src, 1, GFP_NOIO, bs), src);
	KUNIT_EXPECT_PTR_EQ(test, bio_next_split(src, 9, GFP_NOIO, bs), src);
	free_source(src);
}

/* Callers test for what the kernel's own returns without memory. */
static void api_split_fails_as_the_kernels(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct bio *held, *src, *kernels;

	test_need_asking_kernel(test);
	src = source_bio(disk);
	held = test_bio(test, 0, bs);
	test_kernel_has_to_ask();
	kernels = (bio_split)(src, 3, GFP_NOWAIT, bs);
	KUNIT_EXPECT_TRUE(test, IS_ERR_OR_NULL(kernels));
	KUNIT_EXPECT_PTR_EQ(test, bio_split(src, 3, GFP_NOWAIT, bs), kernels);
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 8);
	bio_put(held);
	free_source(src);
}

/* By either put: a name without an argument list is the kernel's function. */
static void api_put_drops_references(struct kunit *test)
{
	void (*put)(struct bio *) = bio_put;
	struct bio_set *bs = vec_set(test);
	struct bio *bio = test_bio(test, test_int(test), bs);

	KUNIT_EXPECT_PTR_NE(test, (void *)put, (void *)bset_put);
	bio_get(bio);
	bio_get(bio);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/*
 * The kernel allocates from our set, and either put is right.  What it took is
 * counted when it is taken and when it is back, or neither, and so is never
 * taken for one of ours.
 */
static void api_kernel_alloc(struct kunit *test)
{
	const unsigned int counted = !bset_kernel_takes, nr = test_int(test);
	struct bio_set *bs = vec_set(test);
	struct bio *bio, *ours;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (i & 2)
			test_kernel_has_to_ask();
		bio = kernel_bio_alloc(NULL, nr, REQ_ALLOC_CACHE, GFP_NOIO, bs);
		expect_fresh(test, bio, bs, nr);
		KUNIT_EXPECT_FALSE(test, bio->bi_opf & REQ_ALLOC_CACHE);
		ours = test_bio(test, nr, bs);
		expect_fresh(test, ours, bs, nr);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight,
				1 + counted);
		if (i & 4)
			bio_put(ours);
		test_put(bio, i & 1);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, !(i & 4));
		if (!(i & 4))
			bio_put(ours);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs,
				(i + 1) * (1 + counted));
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	}
}

/* A driver allocates from where a bio of it came from. */
static void api_alloc_from_bi_pool(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	struct bio *bio = test_bio(test, test_int(test), bs), *again;

	again = test_bio(test, test_int(test), bio->bi_pool);
	expect_fresh(test, again, bs, test_int(test));
	KUNIT_EXPECT_EQ(test, test_stats(test, bio->bi_pool).in_flight, 2);
	bio_put(again);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static void api_kernel_clone_and_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(disk);
	struct bio *clone, *front;

	clone = kernel_bio_clone(disk->bdev, src, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	clone->bi_opf &= ~REQ_ALLOC_CACHE; /* the kernel may keep it */
	expect_clone(test, clone, src, bs);
	bio_put(clone);
	front = (bio_split)(src, 2, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_TRUE(test, TEST_IS_OF(front, bs));
	KUNIT_EXPECT_EQ(test, bio_sectors(front), 2);
	bio_put(front);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	free_source(src);
}

static void note_end(struct bio *bio)
{
	*(bool *)bio->bi_private = true;
}

/* bio_chain() puts the child with the kernel's own bio_put(). */
static void api_kernel_chain(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	bool ended = false;
	struct bio *parent = test_bio(test, 4, bs);
	struct bio *child = test_bio(test, 64, bs);

	parent->bi_private = &ended;
	parent->bi_end_io = note_end;
	bio_chain(child, parent);
	bio_endio(parent);
	KUNIT_EXPECT_FALSE(test, ended);
	child->bi_status = BLK_STS_MEDIUM;
	bio_endio(child);
	KUNIT_EXPECT_TRUE(test, ended);
	TEST_EXPECT_SAME(test, parent->bi_status, BLK_STS_MEDIUM);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	bio_put(parent);
}

#define REFCNT "/sys/module/bioset_core/refcnt"

/* catalogue 12: each bio keeps the module, which is lost with a lost bio */
static void api_null_set(struct kunit *test)
{
	const long refs = test_read_number(REFCNT);
	unsigned int nr = test_int(test), i;
	struct bio *bio;

	for (i = 0; i < 4; i++) {
		bio = i & 2 ? bio_alloc_bioset(GFP_NOIO, nr, NULL)
			    : bio_alloc_bioset(NULL, nr, REQ_ALLOC_CACHE,
					       GFP_NOWAIT, NULL);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		expect_fresh(test, bio, bio->bi_pool, nr);
		KUNIT_EXPECT_NOT_NULL(test, bio->bi_pool);
		KUNIT_EXPECT_FALSE(test, bio->bi_opf & REQ_ALLOC_CACHE);
		if (refs >= 0) /* not built in */
			KUNIT_EXPECT_EQ(test, test_read_number(REFCNT),
					refs + 1);
		test_put(bio, i & 1);
		KUNIT_EXPECT_EQ(test, test_read_number(REFCNT), refs);
	}
}

/*
 * catalogue 17: the kernel's bio_put() keeps such a bio in its set's per-CPU
 * cache, if there is one and if there is room.  In a task, since kernels before
 * 6.2 warn of the bit elsewhere.  Ours goes the fast way, and that of the reserve.
 */
static void api_alloc_cache_flag_set_later(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	const long refs = test_read_number(REFCNT);
	struct bio *bio;
	int i;

	for (i = 0; i < 8; i++) {
		bset_starve(bs, i & 4 ? 1 : 0);
		bio = test_bio(test, test_int(test), i & 1 ? bs : NULL);
		bio->bi_opf |= REQ_ALLOC_CACHE;
		test_put(bio, i & 2);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_read_number(REFCNT), refs);
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE_PARAM(api_alloc_3_args, test_vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_5_args, test_vecs_gen_params),
	KUNIT_CASE(api_create),
	KUNIT_CASE_PARAM(api_init_exit, flags_gen_params),
	KUNIT_CASE(api_clone),
	KUNIT_CASE(api_clone_of_no_device),
	KUNIT_CASE(api_clone_integrity),
	KUNIT_CASE(api_split_integrity),
	KUNIT_CASE_PARAM(api_integrity_of_clones, test_makers_gen_params),
	KUNIT_CASE(api_split),
	KUNIT_CASE(api_split_fails_as_the_kernels),
	KUNIT_CASE_PARAM(api_put_drops_references, test_vecs_gen_params),
	KUNIT_CASE_PARAM(api_kernel_alloc, test_vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_from_bi_pool, test_vecs_gen_params),
	KUNIT_CASE(api_kernel_clone_and_split),
	KUNIT_CASE(api_kernel_chain),
	KUNIT_CASE_PARAM(api_null_set, test_vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_cache_flag_set_later, test_vecs_gen_params),
	{},
};

struct kunit_suite bset_api_suite = {
	.name = "api",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = api_cases,
};
