// SPDX-License-Identifier: GPL-2.0
/*
 * Every wrong argument has a defined result, and no oops
 */
#include <linux/mm.h>

/* First, for the documented names; internal.h comes without. */
#include "testlib.h"
#include "testdisk.h"

#include "internal.h"

#define DEBUGFS "/sys/kernel/debug/bioset"

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
	if (!bad->flags)
		KUNIT_EXPECT_NULL(test, bioset_create(bad->pool_size,
						      bad->front_pad));
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

/* NULL where a bio, a name or numbers should be */
static void badinput_null_arguments(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 0, 0);
	struct bio *const none = NULL;
	static struct bio_set named;

	KUNIT_EXPECT_EQ(test, bset_get_stats(bs, NULL), -EINVAL);
	test_splat_once_begin("no bio to clone or split");
	KUNIT_EXPECT_PTR_EQ(test, bio_clone_fast(none, GFP_NOIO, bs), NULL);
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_clone(NULL, none, GFP_NOIO, bs),
			    NULL);
	TEST_EXPECT_NO_SPLIT(test, bio_split(none, 1, GFP_NOIO, bs));
	TEST_EXPECT_NO_SPLIT(test, bio_next_split(none, 1, GFP_NOIO, NULL));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 0);
	KUNIT_ASSERT_EQ(test, bset_init_named(&named, 1, 0, 0, NULL), 0);
	KUNIT_EXPECT_TRUE(test,
			  strstarts(bset_of(&named)->name, TEST_OWNER ".set."));
	bioset_exit(&named);
}

/* What is no ASCII letter is none in a name, whatever the kernel's table says. */
static void badinput_name(struct kunit *test)
{
	static struct bio_set bs;

	KUNIT_ASSERT_EQ(test, bset_init_named(&bs, 1, 0, 0, "d\303\251j\340"),
			0);
	KUNIT_EXPECT_TRUE(test,
			  strstarts(bset_of(&bs)->name, TEST_OWNER ".dj."));
	bioset_exit(&bs);
}

/* The same mistake with two sets: the log names each, once. */
static void badinput_each_set_is_named(struct kunit *test)
{
	struct bio_set *sets[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		sets[i] = test_set(test, 1, 0, 0);
		test_splat_once_begin("has no arrays");
		KUNIT_EXPECT_PTR_EQ(test,
				    bio_alloc_bioset(GFP_NOIO, 1, sets[i]),
				    NULL);
		test_splat_end();
	}
	for (i = 0; i < ARRAY_SIZE(sets); i++)
		KUNIT_EXPECT_TRUE(test, test_logged("has no arrays", "%s has",
						    bset_of(sets[i])->name));
}

/*
 * A set that its owner lost: its memory was freed, zeroed or used for something
 * else.  Another one can be made there, and the log names the first.
 */
static void badinput_lost_set(struct kunit *test)
{
	static struct bio_set bs;
	char name[BSET_NAME_LEN], path[128], command[160];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, bioset_init(&bs, 1, 8, 0), 0);
		strscpy(name, bset_of(&bs)->name, sizeof(name));
		if (i == 2) /* a copy of another set's */
			bs.bio_pool.pool_data = &bs;
		else if (i == 3) /* what a kernel's bioset_exit() leaves */
			mempool_exit(&bs.bio_pool);
		else
			memset(&bs, i ? 0x5a : 0, sizeof(bs));
		snprintf(path, sizeof(path), DEBUGFS "/%s/stats", name);
		snprintf(command, sizeof(command), "cat %s >/dev/null", path);
		if (test_path_exists(DEBUGFS))
			KUNIT_EXPECT_EQ(test, test_shell(command), 0);
		KUNIT_ASSERT_EQ(test, bioset_init(&bs, 2, 8, 0), 0);
		KUNIT_EXPECT_TRUE(test, test_logged("&bs makes another set",
						    "%s:", name));
		KUNIT_EXPECT_FALSE(test, test_path_exists(path));
		KUNIT_EXPECT_EQ(test, test_stats(test, &bs).pool_size, 2);
		bioset_exit(&bs);
	}
}

/* The largest pad that is allowed works. */
static void badinput_largest_pad(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, BSET_MAX_FRONT_PAD, 0);
	struct bio *bio = test_bio(test, 0, bs);

	memset((void *)bio - BSET_MAX_FRONT_PAD, 0x77, BSET_MAX_FRONT_PAD);
	bio_put(bio);
}

/* A second init is refused, and the set goes on. */
static void badinput_set_in_use(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 16, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 256, bs);

	test_splat_once_begin("is in use already");
	KUNIT_EXPECT_EQ(test, bioset_init(bs, 4, 0, 0), -EBUSY);
	test_splat_end();
	bio_put(bio);
	bio_put(test_bio(test, 256, bs));
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

	/* One that was exited is like one that never was. */
	KUNIT_ASSERT_EQ(test, bioset_init(&zeroed, 1, 0, 0), 0);
	bioset_exit(&zeroed);
	src = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));
	test_splat_once_begin("is not initialised");
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOIO, 0, &zeroed));
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOIO, 4, &zeroed));
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(disk->bdev, 256, REQ_OP_READ,
						 GFP_NOWAIT, &zeroed));
	KUNIT_EXPECT_NULL(test, bio_clone_fast(src, GFP_NOIO, &zeroed));
	KUNIT_EXPECT_NULL(test,
			  bio_alloc_clone(disk->bdev, src, GFP_NOIO, &zeroed));
	TEST_EXPECT_NO_SPLIT(test, bio_split(src, 1, GFP_NOIO, &zeroed));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, bio_sectors(src), 8);
	KUNIT_EXPECT_EQ(test, bset_get_stats(&zeroed, &s), -EINVAL);
	KUNIT_EXPECT_EQ(test, bset_starve(&zeroed, 1), -EINVAL);
	bio_put(src);
}

static const int many_vecs[] = { 257,	512,	 32768, 65536,
				 65537, INT_MAX, -1,	INT_MIN };

TEST_INT_PARAM(many_vecs, many_vecs);

/* catalogue 11: NULL and a line in the log, from any set, in any form */
static void badinput_too_many_vecs(struct kunit *test)
{
	const int nr = test_int(test);
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio_set *nobvec = test_set(test, 2, 0, 0);
	struct bio_set *const sets[] = { bs, nobvec, NULL, &fs_bio_set };
	int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		KUNIT_EXPECT_NULL(test,
				  bio_alloc_bioset(GFP_NOIO, nr, sets[i]));
		KUNIT_EXPECT_NULL(test, bio_alloc_bioset(NULL, nr, REQ_OP_READ,
							 GFP_NOIO, sets[i]));
	}
	test_splat_once_begin("has no arrays");
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOIO, 1, nobvec));
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOIO, 256, nobvec));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, nobvec).allocs, 0);
}

/* Ignored with a warning: the allocation itself is sane. */
static void badinput_gfp(struct kunit *test)
{
	static const gfp_t bad[] = {
		__GFP_ZERO,
		__GFP_COMP,
		__GFP_HIGHMEM,
		__GFP_DMA32,
		__GFP_MOVABLE,
		(__force gfp_t)(1U << 31),
		__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_COMP,
	};
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio *bios[6];
	int i, n;

	/* Without a warning: this one is harmless. */
	bio_put(bio_alloc_bioset(GFP_NOIO | __GFP_NOFAIL, 256, bs));
	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		test_splat_once_begin("make no sense for a bio");
		bios[0] = bio_alloc_bioset(GFP_NOIO | bad[n], 4, bs);
		bios[1] = bio_alloc_bioset(GFP_NOWAIT | bad[n], 64, bs);
		bios[2] = bio_alloc_bioset(NULL, 256, REQ_OP_READ,
					   GFP_NOIO | bad[n], bs);
		bios[3] = bio_alloc_bioset(GFP_NOIO | bad[n], 16, NULL);
		bios[4] = bio_alloc_bioset(GFP_NOIO | bad[n], 256, NULL);
		bios[5] = bio_clone_fast(bios[2], GFP_NOIO | bad[n], bs);
		test_splat_end();
		for (i = ARRAY_SIZE(bios) - 1; i >= 0; i--) {
			KUNIT_ASSERT_NOT_NULL(test, bios[i]);
			bio_put(bios[i]);
		}
	}
}

/* The set of a driver's is exited, and not given to kfree(). */
static void badinput_free(struct kunit *test)
{
	static struct bio_set bs;

	KUNIT_ASSERT_EQ(test, bioset_init(&bs, 1, 0, 0), 0);
	test_splat_once_begin("of an embedded set");
	bioset_free(&bs);
	test_splat_end();
	KUNIT_EXPECT_FALSE(test, bioset_initialized(&bs));
	/* Exited, the set cannot tell any more who it was. */
	test_splat_once_begin("of a foreign set");
	bioset_free(&bs);
	bioset_free(&fs_bio_set);
	test_splat_end();
	KUNIT_EXPECT_TRUE(test, bioset_initialized(&fs_bio_set));
}

static void badinput_put_of_no_set(struct kunit *test)
{
	struct bio *bio = test_zalloc(test, sizeof(*bio));

	if (TEST_PUT_FREES_UNPOOLED) {
		bio_put(kernel_bio_kmalloc(4, REQ_OP_READ, GFP_KERNEL));
		return;
	}
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

static void expect_no_split(struct kunit *test, struct bio *bio, int sectors,
			    struct bio_set *bs, const char *why)
{
	test_splat_once_begin(why);
	TEST_EXPECT_NO_SPLIT(test, bio_split(bio, sectors, GFP_NOIO, bs));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, bio_sectors(bio), 8);
}

static const int bad_splits[] = { 0, -1, INT_MIN, 8, 9, INT_MAX };

TEST_INT_PARAM(bad_split, bad_splits);

static void badinput_split(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 1, bs);

	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	expect_no_split(test, bio, test_int(test), bs, "cannot split");
	expect_no_split(test, bio, test_int(test), NULL, "cannot split");
	bio->bi_opf = REQ_OP_ZONE_APPEND;
	expect_no_split(test, bio, 1, bs, "cannot split a zone");
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).allocs, 1);
	bio_put(bio);
}

static void badinput_too_many_puts_of_refs(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, 0);
	struct bio *bio = test_bio(test, 0, bs);

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
	KUNIT_CASE(badinput_null),
	KUNIT_CASE(badinput_null_arguments),
	KUNIT_CASE(badinput_name),
	KUNIT_CASE(badinput_each_set_is_named),
	KUNIT_CASE(badinput_lost_set),
	KUNIT_CASE(badinput_largest_pad),
	KUNIT_CASE(badinput_set_in_use),
	KUNIT_CASE(badinput_exit_twice),
	KUNIT_CASE(badinput_uninitialised_set),
	KUNIT_CASE_PARAM(badinput_too_many_vecs, many_vecs_gen_params),
	KUNIT_CASE(badinput_gfp),
	KUNIT_CASE(badinput_free),
	KUNIT_CASE(badinput_put_of_no_set),
	KUNIT_CASE_PARAM(badinput_split, bad_split_gen_params),
	KUNIT_CASE(badinput_too_many_puts_of_refs),
	{},
};

struct kunit_suite bset_badinput_suite = {
	.name = "badinput",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = badinput_cases,
};
