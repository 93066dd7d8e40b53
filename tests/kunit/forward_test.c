// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the kernel that are given a set of ours: those that the header
 * forwards, and those that are reached without it
 */
#include <linux/blk-mq.h>
#include <linux/mm.h>

/* First, for the documented names; internal.h comes without. */
#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

#define PAD 24

/* A set in memory that stays when a test has failed. */
static struct bio_set set;

static void make_set(struct kunit *test, int flags)
{
	KUNIT_ASSERT_EQ(test, bioset_init(&set, 3, PAD, flags), 0);
}

/* The kernel complains once, and takes nothing that is not the set's. */
static void exit_by_kernel(struct bio_set *bs)
{
	test_splat_begin("unable to find slab");
	test_kernel_exit(bs);
	test_splat_end();
}

/* What is out comes back, and our own function does the rest. */
static void forward_kernel_exits_set(struct kunit *test)
{
	struct bio *bio, *late;

	make_set(test, BIOSET_NEED_BVECS);
	bio = test_bio(test, 256, &set);
	late = test_bio(test, 16, &set);
	exit_by_kernel(&set);
	KUNIT_EXPECT_FALSE(test, bioset_initialized(&set));
	bio_put(bio);
	test_put(late, true);
	bioset_exit(&set);
	KUNIT_EXPECT_PTR_EQ(test, bset_of(&set), NULL);
}

/* A slab of the kernel's for bios of the same size stays. */
static void forward_kernel_exit_spares_slabs(struct kunit *test)
{
	static struct bio_set same;
	struct bio *bio;

	KUNIT_ASSERT_EQ(test, (bioset_init)(&same, 2, PAD, 0), 0);
	make_set(test, 0);
	exit_by_kernel(&set);
	bioset_exit(&set);
	bio = kernel_bio_alloc(NULL, 0, REQ_OP_READ, GFP_NOIO, &same);
	KUNIT_EXPECT_NOT_NULL(test, bio);
	if (bio)
		test_put(bio, true);
	test_kernel_exit(&same);
}

/* The memory can hold a set again, and nothing is left of the first one. */
static void forward_set_after_kernel_exit(struct kunit *test)
{
	char name[BSET_NAME_LEN];

	make_set(test, 0);
	strscpy(name, bset_of(&set)->name, sizeof(name));
	exit_by_kernel(&set);
	KUNIT_EXPECT_EQ(test, bioset_init(&set, 2, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, &set).pool_size, 2);
	KUNIT_EXPECT_TRUE(test,
			  test_logged("&set makes another set", "%s:", name));
	bioset_exit(&set);
}

static void forward_exit_by_pointer(struct kunit *test)
{
	void (*undo)(struct bio_set *) = bioset_exit;
	void (*undo_created)(struct bio_set *) = bioset_free;
	struct bio_set *created = bioset_create(2, PAD);

	make_set(test, 0);
	undo(&set);
	KUNIT_EXPECT_FALSE(test, bioset_initialized(&set));
	KUNIT_EXPECT_EQ(test, bioset_init(&set, 2, 0, 0), 0);
	undo(&set);
	KUNIT_ASSERT_NOT_NULL(test, created);
	undo_created(created);
}

static int exit_set(void *unused)
{
	bioset_exit(&set);
	return 0;
}

/*
 * A bio that the kernel took is still out: where the set knows, it waits.  Where
 * it cannot, it waits for its own nevertheless, and a later put is harmless.
 */
static void forward_exit_with_kernels_bio(struct kunit *test)
{
	unsigned int nr = test_int(test), asked;
	struct bio *kernels[2], *ours;
	struct test_worker *w;

	make_set(test, BIOSET_NEED_BVECS);
	for (asked = 0; asked < 2; asked++) {
		if (asked)
			test_kernel_has_to_ask();
		kernels[asked] =
			kernel_bio_alloc(NULL, nr, REQ_OP_READ, GFP_NOIO, &set);
	}
	ours = test_bio(test, nr, &set);
	w = test_worker(test, exit_set, NULL);
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, TEST_QUIET_MS));
	bio_put(ours);
	if (!bset_kernel_takes) {
		KUNIT_EXPECT_FALSE(test, test_worker_done(w, TEST_QUIET_MS));
		test_put(kernels[0], true);
		bio_put(kernels[1]);
	}
	test_join(test, w);
	if (bset_kernel_takes) {
		test_put(kernels[0], true);
		bio_put(kernels[1]);
	}
}

/* Tracking says nothing about bios that it cannot know. */
static void forward_kernels_bios_are_no_misuse(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct bio *bio, *ours;
	int i;

	for (i = 0; i < 4; i++) {
		bio = kernel_bio_alloc(NULL, 4, REQ_OP_READ, GFP_NOWAIT, bs);
		ours = test_bio(test, 4, bs);
		test_put(bio, !(i & 1));
		bio_put(ours);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).misuses, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* Eight sectors at 100. */
static struct bio *source_bio(struct test_disk *disk)
{
	struct bio *bio = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));

	bio->bi_iter.bi_sector = 100;
	return bio;
}

struct halves {
	struct bio_set *bs;
	struct test_disk *lower;
	bool home;
};

static void put_end(struct bio *bio)
{
	bio_put(bio);
}

/* A sector at 50, then the parent in two halves. */
static void halves_submit(struct test_disk *disk, struct bio *parent)
{
	struct halves *h = disk->priv;
	struct bio *bio;

	bio = bio_alloc_bioset(h->lower->bdev, 0, REQ_OP_WRITE, GFP_NOIO,
			       h->bs);
	bio->bi_iter.bi_sector = 50;
	bio->bi_end_io = put_end;
	submit_bio_noacct(bio);
	bio_set_dev(parent, h->lower->bdev);
	bio = bio_submit_split_bioset(parent, 1, h->bs);
	if (!bio)
		return;
	h->home = bset_is_home(bio->bi_pool);
	submit_bio_noacct(bio);
}

/* The rest goes before what was queued, and is counted. */
static void forward_submit_split(struct kunit *test)
{
	static const sector_t order[] = { 1, 50, 0 };
	struct halves *h = test_zalloc(test, sizeof(*h));
	struct test_disk *disk;
	struct test_io *io;
	int i;

	h->bs = test_set(test, 2, PAD, 0);
	h->lower = test_disk(test, NULL, NULL);
	disk = test_disk(test, halves_submit, h);
	io = test_io(test, disk);
	KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
	test_join(test, io->worker);
	TEST_EXPECT_SAME(test, io->status, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->ends), 1);
	KUNIT_EXPECT_TRUE(test, h->home);
	KUNIT_ASSERT_EQ(test, h->lower->nr_seen, ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, h->lower->seen[i], order[i]);
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, h->bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, h->bs).allocs, 2);
}

static void note_end(struct bio *bio)
{
	atomic_inc((atomic_t *)bio->bi_private);
}

/* What cannot be split ends, with an error. */
static void forward_submit_split_fails(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, PAD, 0);
	struct bio *src = source_bio(disk);
	atomic_t ends = ATOMIC_INIT(0);

	src->bi_private = &ends;
	src->bi_end_io = note_end;
	test_splat_once_begin("cannot split");
	KUNIT_EXPECT_PTR_EQ(test, bio_submit_split_bioset(src, 8, bs), NULL);
	test_splat_end();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends), 1);
	KUNIT_EXPECT_NE(test, (__force int)src->bi_status, 0);
	KUNIT_EXPECT_EQ(test, disk->nr_seen, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	test_put(src, true);
}

/* A request and its clone; nobody runs either. */
struct requests {
	struct request src;
	struct request clone;
	unsigned int constructed;
	unsigned int fail_at; /* 0: never */
};

static int construct(struct bio *bio, struct bio *src, void *data)
{
	struct requests *r = data;

	return ++r->constructed == r->fail_at ? -EIO : 0;
}

static struct requests *two_bios(struct kunit *test, struct test_disk *disk)
{
	struct requests *r = test_zalloc(test, sizeof(*r));

	r->src.q = disk->disk->queue;
	r->clone.q = disk->disk->queue;
	r->src.bio = source_bio(disk);
	r->src.biotail = source_bio(disk);
	r->src.bio->bi_next = r->src.biotail;
	r->src.__sector = 100;
	r->src.__data_len = 16 * SECTOR_SIZE;
	r->src.nr_phys_segments = 2;
	return r;
}

static void forward_rq_prep_clone(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, PAD, 0);
	struct requests *r = two_bios(test, disk);
	struct request *clone = &r->clone;

	KUNIT_EXPECT_EQ(test,
			blk_rq_prep_clone(clone, &r->src, bs, GFP_NOIO,
					  construct, r),
			0);
	KUNIT_ASSERT_NOT_NULL(test, clone->bio);
	KUNIT_EXPECT_PTR_EQ(test, clone->bio->bi_next, clone->biotail);
	KUNIT_EXPECT_PTR_EQ(test, clone->biotail->bi_next, NULL);
	KUNIT_EXPECT_EQ(test, r->constructed, 2);
	KUNIT_EXPECT_TRUE(test, test_bio_is_for(clone->bio, disk->bdev));
	KUNIT_EXPECT_EQ(test, blk_rq_pos(clone), 100);
	KUNIT_EXPECT_EQ(test, blk_rq_bytes(clone), 16 * SECTOR_SIZE);
	KUNIT_EXPECT_EQ(test, clone->nr_phys_segments, 2);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 2);
	blk_rq_unprep_clone(clone);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);

	/* All or nothing */
	r->fail_at = r->constructed + 2;
	KUNIT_EXPECT_EQ(test,
			blk_rq_prep_clone(clone, &r->src, bs, GFP_NOIO,
					  construct, r),
			-ENOMEM);
	KUNIT_EXPECT_PTR_EQ(test, clone->bio, NULL);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	blk_rq_unprep_clone(&r->src);
}

static void expect_like(struct kunit *test, struct bio_set *src, bool vecs,
			bool rescuer)
{
	KUNIT_ASSERT_EQ(test, bioset_init_from_src(&set, src), 0);
	KUNIT_EXPECT_EQ(test, set.front_pad, src->front_pad);
	KUNIT_EXPECT_EQ(test, !!bset_of(&set)->rescue_workqueue, rescuer);
	bio_put(test_bio(test, vecs ? 256 : 0, &set));
	KUNIT_EXPECT_EQ(test, mempool_initialized(&set.bvec_pool), vecs);
}

static void forward_init_from_src(struct kunit *test)
{
	static const int flags[] = { 0, BIOSET_NEED_BVECS, BSET_NO_RESCUER };
	static struct bio_set kernels;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_like(test, test_set(test, 5, PAD, flags[i]),
			    flags[i] & BIOSET_NEED_BVECS,
			    !(flags[i] & BSET_NO_RESCUER));
		KUNIT_EXPECT_EQ(test, test_stats(test, &set).pool_size, 5);
		bioset_exit(&set);
	}
	/* Nothing was made there yet. */
	memset(&kernels, 0, sizeof(kernels));
	expect_like(test, &kernels, false, true);
	bioset_exit(&set);
	KUNIT_ASSERT_EQ(test,
			(bioset_init)(&kernels, 4, PAD, BIOSET_NEED_BVECS), 0);
	expect_like(test, &kernels, true, true);
	KUNIT_EXPECT_EQ(test, test_stats(test, &set).pool_size, 4);
	bioset_exit(&set);
	test_kernel_exit(&kernels);
	KUNIT_EXPECT_EQ(test, bioset_init_from_src(&set, NULL), -EINVAL);
}

static struct kunit_case forward_cases[] = {
	KUNIT_CASE(forward_kernel_exits_set),
	KUNIT_CASE(forward_kernel_exit_spares_slabs),
	KUNIT_CASE(forward_set_after_kernel_exit),
	KUNIT_CASE(forward_exit_by_pointer),
	KUNIT_CASE_PARAM(forward_exit_with_kernels_bio, test_vecs_gen_params),
	KUNIT_CASE(forward_kernels_bios_are_no_misuse),
	KUNIT_CASE(forward_submit_split),
	KUNIT_CASE(forward_submit_split_fails),
	KUNIT_CASE(forward_rq_prep_clone),
	KUNIT_CASE(forward_init_from_src),
	{},
};

struct kunit_suite bset_forward_suite = {
	.name = "forward",
	.test_cases = forward_cases,
};
