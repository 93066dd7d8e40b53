// SPDX-License-Identifier: GPL-2.0
/*
 * Every name of the header, in both forms, and the kernel's own
 * functions on our sets
 */
#include <linux/mm.h>

#include "testdisk.h"
#include "testlib.h"

#define ALL_FLAGS \
	(BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER | BIOSET_PERCPU_CACHE)

/* Around each border of a kind of array. */
static const unsigned short vec_counts[] = { 0,	 1,  4,	  5,   16,  17,
					     64, 65, 128, 129, 255, 256 };

static void vecs_desc(const unsigned short *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u vecs", *nr);
}

KUNIT_ARRAY_PARAM(vecs, vec_counts, vecs_desc);

static unsigned int vecs_of(struct kunit *test)
{
	return *(const unsigned short *)test_param(test);
}

static struct bio_set *vec_set(struct kunit *test)
{
	return test_set(test, 2, 16, BIOSET_NEED_BVECS);
}

static struct {
	struct bio_set bio_split; /* a member called like a macro */
} embedded;

/* A bio as bio_init() leaves it, with room for @nr_vecs. */
static void expect_fresh(struct kunit *test, struct bio *bio,
			 struct bio_set *bs, unsigned int nr_vecs)
{
	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_pool, bs);
	KUNIT_EXPECT_GE(test, bio->bi_max_vecs, nr_vecs);
	KUNIT_EXPECT_EQ(test, !!bio->bi_io_vec, nr_vecs > 0);
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
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_next, NULL);
	KUNIT_EXPECT_PTR_EQ(test, (void *)bio->bi_end_io, NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_private, NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio_integrity(bio), NULL);
}

static void api_alloc_3_args(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	struct bio *bio;

	bio = bio_alloc_bioset(GFP_NOIO, vecs_of(test), bs);
	expect_fresh(test, bio, bs, vecs_of(test));
	KUNIT_EXPECT_EQ(test, test_cookie(bio), BLK_QC_T_NONE);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(bio, NULL));
	TEST_EXPECT_SAME(test, bio->bi_opf, 0);
	bio_put(bio);
}

static void api_alloc_5_args(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = vec_set(test);
	const bset_opf_t opf = REQ_OP_WRITE | REQ_SYNC | REQ_FUA;
	struct bio *bio;

	bio = bio_alloc_bioset(disk->bdev, vecs_of(test), opf, GFP_NOIO, bs);
	expect_fresh(test, bio, bs, vecs_of(test));
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(bio, disk->bdev));
	TEST_EXPECT_SAME(test, bio->bi_opf, opf);
	KUNIT_EXPECT_TRUE(test, test_has_group(bio));
	bio_put(bio);
}

static void api_alloc_without_sleeping(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	struct bio *bio = bio_alloc_bioset(GFP_NOWAIT, vecs_of(test), bs);

	expect_fresh(test, bio, bs, vecs_of(test));
	bio_put(bio);
}

/* Everything that a user may leave behind in a bio. */
static void make_dirty(struct bio *bio)
{
	test_scribble(bio);
	test_forget_extras(bio);
}

/* A bio that has been used before is as good as new. */
static void api_reused_bio_is_fresh(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	unsigned int nr = vecs_of(test), i;
	struct bio *bio;

	for (i = 0; i < 4; i++) {
		bio = bio_alloc_bioset(GFP_NOIO, nr, bs);
		expect_fresh(test, bio, bs, nr);
		KUNIT_EXPECT_EQ(test, test_cookie(bio), BLK_QC_T_NONE);
		make_dirty(bio);
		if (i & 1)
			test_kernel_put(bio);
		else
			bio_put(bio);
	}
}

static void api_create(struct kunit *test)
{
	struct bio_set *bs = bioset_create(4, 24);
	struct bio *bio;

	KUNIT_ASSERT_NOT_NULL(test, bs);
	KUNIT_EXPECT_NOT_NULL(test, bs->rescue_workqueue);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).pool_size, 4);
	bio = bio_alloc_bioset(GFP_NOIO, 256, bs);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		bio_put(bio);
	bioset_free(bs);
}

static void api_create_nobvec(struct kunit *test)
{
	struct bio_set *bs = bioset_create_nobvec(4, 24);
	struct bio *bio;

	KUNIT_ASSERT_NOT_NULL(test, bs);
	KUNIT_EXPECT_NOT_NULL(test, bs->rescue_workqueue);
	bio = bio_alloc_bioset(GFP_NOIO, 0, bs);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		bio_put(bio);
	bioset_free(bs);
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

static void flags_desc(const int *flags, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "flags %#x", *flags);
}

KUNIT_ARRAY_PARAM(flags, init_flags, flags_desc);

/* Memory that is not zeroed will do. */
static void api_init_exit(struct kunit *test)
{
	const int flags = *(const int *)test_param(test);
	struct bio_set *bs = &embedded.bio_split;
	unsigned int nr = flags & BIOSET_NEED_BVECS ? 256 : 0;
	struct bio *bio;

	memset(bs, 0x6b, sizeof(*bs));
	KUNIT_ASSERT_EQ(test, bioset_init(bs, 2, 0, flags), 0);
	KUNIT_EXPECT_TRUE(test, bioset_initialized(bs));
	KUNIT_EXPECT_EQ(test, !bs->rescue_workqueue,
			!!(flags & BSET_NO_RESCUER));
	bio = bio_alloc_bioset(NULL, nr, REQ_OP_READ, GFP_NOIO, bs);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		bio_put(bio);
	bioset_exit(bs);
	KUNIT_EXPECT_FALSE(test, bioset_initialized(bs));
}

/* A bio with 8 sectors of data that is in nobody's set. */
static struct bio *source_bio(struct kunit *test, struct test_disk *disk)
{
	struct bio *bio =
		kernel_bio_alloc_fs(disk->bdev, 1, REQ_OP_WRITE | REQ_SYNC);

	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	bio->bi_iter.bi_sector = 100;
	bio->bi_ioprio = 3;
	/* A clone must not inherit what would send its put elsewhere. */
	bio->bi_opf |= REQ_ALLOC_CACHE;
	return bio;
}

static void free_source(struct bio *src)
{
	src->bi_opf &= ~REQ_ALLOC_CACHE;
	test_kernel_put(src);
}

static void expect_clone(struct kunit *test, struct bio *clone, struct bio *src,
			 struct bio_set *bs)
{
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_PTR_EQ(test, clone->bi_pool, bs);
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

static void api_clone_fast(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(test, disk);
	struct bio *clone = bio_clone_fast(src, GFP_NOIO, bs);

	expect_clone(test, clone, src, bs);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone, disk->bdev));
	bio_put(clone);
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
	test_kernel_put(src);
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
	mempool_t *pool = test_integrity_pool(bs);
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
	struct bio *src = source_bio(test, disk), *clone;

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
	struct bio *src = source_bio(test, disk);
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

static void api_alloc_clone(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct test_disk *other = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(test, disk);
	struct bio *clone = bio_alloc_clone(other->bdev, src, GFP_NOIO, bs);

	expect_clone(test, clone, src, bs);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone, other->bdev));
	test_kernel_put(clone);
	clone = bio_alloc_clone(NULL, src, GFP_NOIO, bs);
	expect_clone(test, clone, src, bs);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone, NULL));
	test_kernel_put(clone);
	free_source(src);
}

static void api_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(test, disk);
	struct bio *front = bio_split(src, 3, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_PTR_EQ(test, front->bi_pool, bs);
	KUNIT_EXPECT_EQ(test, bio_sectors(front), 3);
	KUNIT_EXPECT_EQ(test, front->bi_iter.bi_sector, 100);
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 5);
	KUNIT_EXPECT_EQ(test, src->bi_iter.bi_sector, 103);
	bio_put(front);
	free_source(src);
}

/* Callers test for what the kernel's own returns without memory. */
static void api_split_fails_as_the_kernels(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct bio *held, *src, *kernels;

	test_need_asking_kernel(test);
	src = source_bio(test, disk);
	held = bio_alloc_bioset(GFP_NOWAIT, 0, bs);
	test_kernel_has_to_ask();
	kernels = (bio_split)(src, 3, GFP_NOWAIT, bs);
	KUNIT_EXPECT_TRUE(test, IS_ERR_OR_NULL(kernels));
	KUNIT_EXPECT_PTR_EQ(test, bio_split(src, 3, GFP_NOWAIT, bs), kernels);
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 8);
	bio_put(held);
	free_source(src);
}

static void api_next_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(test, disk);
	struct bio *front = bio_next_split(src, 7, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_PTR_NE(test, front, src);
	KUNIT_EXPECT_EQ(test, bio_sectors(front), 7);
	bio_put(front);
	KUNIT_EXPECT_PTR_EQ(test, bio_next_split(src, 1, GFP_NOIO, bs), src);
	KUNIT_EXPECT_PTR_EQ(test, bio_next_split(src, 9, GFP_NOIO, bs), src);
	free_source(src);
}

static void api_split_null_set(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *src = source_bio(test, disk);
	struct bio *front = bio_split(src, 3, GFP_NOIO, NULL);
	struct bio *clone = bio_clone_fast(src, GFP_NOIO, NULL);

	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(front));
	KUNIT_EXPECT_NOT_NULL(test, clone);
	if (!IS_ERR_OR_NULL(front))
		bio_put(front);
	if (clone)
		test_kernel_put(clone);
	free_source(src);
}

static void api_put_drops_references(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, vecs_of(test), bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_get(bio);
	bio_get(bio);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	test_kernel_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/*
 * The kernel allocates from our set, and either put is right.  What it took from
 * the slab without asking the set is counted when it comes back, and only then.
 */
static void api_kernel_alloc(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	unsigned int nr = vecs_of(test), i;
	u64 allocs = 0;
	struct bio *bio;

	for (i = 0; i < 8; i++) {
		if (i & 2)
			test_kernel_has_to_ask();
		allocs += i & 2 ? TEST_KERNEL_CAN_ASK : !bset_kernel_takes;
		bio = kernel_bio_alloc(NULL, nr, REQ_ALLOC_CACHE, GFP_NOIO, bs);
		expect_fresh(test, bio, bs, nr);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, allocs);
		if (i & 1)
			test_kernel_put(bio);
		else
			bio_put(bio);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).puts, i + 1);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	}
}

static void api_kernel_clone_and_split(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct bio *src = source_bio(test, disk);
	struct bio *clone, *front;

	clone = kernel_bio_clone(disk->bdev, src, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	clone->bi_opf &= ~REQ_ALLOC_CACHE; /* the kernel may keep it */
	expect_clone(test, clone, src, bs);
	bio_put(clone);
	front = (bio_split)(src, 2, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_PTR_EQ(test, front->bi_pool, bs);
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
	struct bio *parent, *child;

	parent = bio_alloc_bioset(GFP_NOIO, 4, bs);
	child = bio_alloc_bioset(GFP_NOIO, 64, bs);
	KUNIT_ASSERT_NOT_NULL(test, parent);
	KUNIT_ASSERT_NOT_NULL(test, child);
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

static void api_bio_reset(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	unsigned int nr = vecs_of(test);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, nr, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	kernel_bio_reset(bio, REQ_OP_READ);
	expect_fresh(test, bio, bs, nr);
	bio_put(bio);
}

#define REFCNT "/sys/module/bioset_core/refcnt"

/* catalogue 12: each bio keeps the module, which is lost with a lost bio */
static void api_null_set(struct kunit *test)
{
	const long refs = test_read_number(REFCNT);
	unsigned int nr = vecs_of(test), i;
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
		if (nr)
			memset(bio->bi_io_vec, 0x5a,
			       nr * sizeof(struct bio_vec));
		if (i & 1)
			test_kernel_put(bio);
		else
			bio_put(bio);
		KUNIT_EXPECT_EQ(test, test_read_number(REFCNT), refs);
	}
}

/* Names without an argument list are the kernel's functions. */
static void api_function_addresses(struct kunit *test)
{
	void (*put)(struct bio *) = bio_put;
	struct bio_set *bs = vec_set(test);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 64, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_PTR_NE(test, (void *)put, (void *)bset_put);
	put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* catalogue 17 */
static void api_alloc_cache_flag_is_stripped(struct kunit *test)
{
	struct bio_set *bs =
		test_set(test, 2, 0, BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	unsigned int nr = vecs_of(test), i;
	struct bio *bio;

	for (i = 0; i < 3; i++) {
		bio = bio_alloc_bioset(NULL, nr, REQ_OP_READ | REQ_ALLOC_CACHE,
				       GFP_NOIO, bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		TEST_EXPECT_SAME(test, bio->bi_opf, REQ_OP_READ);
		/* The kernel's put would not survive it. */
		bio->bi_opf = REQ_OP_READ;
		if (i)
			bio_put(bio);
		else
			test_kernel_put(bio);
	}
}

/* catalogue 17: on the fast way, and on the one through the kernel's put */
static void api_alloc_cache_flag_set_later(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, vecs_of(test), bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio->bi_opf |= REQ_ALLOC_CACHE;
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);

	bset_starve(bs, 1);
	bio = bio_alloc_bioset(GFP_NOWAIT, vecs_of(test), bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio->bi_opf |= REQ_ALLOC_CACHE;
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* catalogue 17 */
static void api_alloc_cache_flag_set_later_null_set(struct kunit *test)
{
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 4, NULL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio->bi_opf |= REQ_ALLOC_CACHE;
	bio_put(bio);
}

/*
 * catalogue 17: the kernel's bio_put() keeps such a bio in its set's per-CPU
 * cache, if there is one and if there is room.  In a task, since kernels before
 * 6.2 warn of the bit elsewhere.
 */
static void api_alloc_cache_flag_and_kernels_put(struct kunit *test)
{
	struct bio_set *bs = vec_set(test);
	const long refs = test_read_number(REFCNT);
	struct bio *bio;
	int i;

	for (i = 0; i < 4; i++) {
		bio = bio_alloc_bioset(GFP_NOIO, vecs_of(test),
				       i & 1 ? bs : NULL);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		bio->bi_opf |= REQ_ALLOC_CACHE;
		test_kernel_put(bio);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_read_number(REFCNT), refs);
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE_PARAM(api_alloc_3_args, vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_5_args, vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_without_sleeping, vecs_gen_params),
	KUNIT_CASE_PARAM(api_reused_bio_is_fresh, vecs_gen_params),
	KUNIT_CASE(api_create),
	KUNIT_CASE(api_create_nobvec),
	KUNIT_CASE_PARAM(api_init_exit, flags_gen_params),
	KUNIT_CASE(api_clone_fast),
	KUNIT_CASE(api_alloc_clone),
	KUNIT_CASE(api_clone_of_no_device),
	KUNIT_CASE(api_clone_integrity),
	KUNIT_CASE(api_split_integrity),
	KUNIT_CASE(api_split),
	KUNIT_CASE(api_split_fails_as_the_kernels),
	KUNIT_CASE(api_next_split),
	KUNIT_CASE(api_split_null_set),
	KUNIT_CASE_PARAM(api_put_drops_references, vecs_gen_params),
	KUNIT_CASE_PARAM(api_kernel_alloc, vecs_gen_params),
	KUNIT_CASE(api_kernel_clone_and_split),
	KUNIT_CASE(api_kernel_chain),
	KUNIT_CASE_PARAM(api_bio_reset, vecs_gen_params),
	KUNIT_CASE_PARAM(api_null_set, vecs_gen_params),
	KUNIT_CASE(api_function_addresses),
	KUNIT_CASE_PARAM(api_alloc_cache_flag_is_stripped, vecs_gen_params),
	KUNIT_CASE_PARAM(api_alloc_cache_flag_set_later, vecs_gen_params),
	KUNIT_CASE(api_alloc_cache_flag_set_later_null_set),
	KUNIT_CASE_PARAM(api_alloc_cache_flag_and_kernels_put, vecs_gen_params),
	{}
};

struct kunit_suite bset_api_suite = {
	.name = "api",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = api_cases,
};
