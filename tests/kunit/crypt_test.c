// SPDX-License-Identifier: GPL-2.0
/*
 * Bios that are to be encrypted: whose the context is that says so, and what
 * reaches the disk
 */
#include <linux/mm.h>

#include "testdisk.h"
#include "testlib.h"

#define SECTORS (PAGE_SIZE >> SECTOR_SHIFT)
/* The first sector's number for the cipher; splitting carries it over. */
#define DUN 0xfffffffe
/*
 * How often a case does what must leave no context behind, and how many may be
 * there afterwards: on some kernels others use the same slab.
 */
#define MANY 400
#define FEW 100

static struct blk_crypto_key key;

static int crypt_start(test_suite_arg *unused)
{
	test_make_key(&key);
	return test_keep_slabs(unused);
}

static void need_encryption(struct kunit *test)
{
	if (!TEST_CAN_ENCRYPT)
		kunit_skip(test, "nothing encrypts bios");
}

/* How many there are, of whomever.  Only a shrink makes the count exact. */
static long contexts(void)
{
	test_write_file(TEST_SLABS "/bio_crypt_ctx/shrink", "1");
	return test_slab_attr("bio_crypt_ctx", "objects");
}

static void expect_no_more(struct kunit *test, long before)
{
	KUNIT_EXPECT_GT(test, before, 0);
	KUNIT_EXPECT_LT(test, contexts(), before + FEW);
}

static void encrypt(struct bio *bio)
{
	struct bio_crypt_ctx ctx = { .bc_key = &key, .bc_dun[0] = DUN };

	test_encrypt(bio, &ctx);
}

static struct bio *source_bio(struct test_disk *disk)
{
	struct bio *bio = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));

	encrypt(bio);
	return bio;
}

static void expect_context(struct kunit *test, const struct bio *bio, u64 dun)
{
	const struct bio_crypt_ctx *ctx = test_crypt(bio);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_EXPECT_PTR_EQ(test, ctx->bc_key, &key);
	KUNIT_EXPECT_EQ(test, ctx->bc_dun[0], dun);
}

/* No bio has the context of who had it before, whichever way it was put. */
static void crypt_alloc(struct kunit *test)
{
	const unsigned int nr = test_int(test);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio_set *bs = test_set(test, 2, 16, BIOSET_NEED_BVECS);
	struct bio *bio;
	unsigned int i;
	long before;

	need_encryption(test);
	before = contexts();
	for (i = 0; i < MANY; i++) {
		/* By the list, by the reserve; alone, or with a cgroup */
		if (i == MANY / 2)
			bset_starve(bs, 1);
		bio = bio_alloc_bioset(i & 2 ? disk->bdev : NULL, nr,
				       REQ_OP_WRITE, GFP_NOIO, bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_NULL(test, test_crypt(bio));
		encrypt(bio);
		if (i & 4) {
			bio_get(bio);
			bio_put(bio);
			expect_context(test, bio, DUN);
		}
		test_put(bio, i & 1);
	}
	expect_no_more(test, before);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static struct bio *clone_either(struct test_disk *disk, struct bio *src,
				struct bio_set *bs, unsigned int i)
{
	if (i & 2)
		return bio_clone_fast(src, GFP_NOIO, bs);
	return bio_alloc_clone(disk->bdev, src, GFP_NOWAIT, bs);
}

/* A clone has a context of its own, which goes with it. */
static void expect_own_context(struct kunit *test, struct bio_set *bs)
{
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *src = source_bio(disk), *clone;
	const struct bio_crypt_ctx *ctx = test_crypt(src);
	const long before = contexts();
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		clone = clone_either(disk, src, bs, i);
		KUNIT_ASSERT_NOT_NULL(test, clone);
		expect_context(test, clone, DUN);
		KUNIT_EXPECT_PTR_NE(test, test_crypt(clone), ctx);
		KUNIT_EXPECT_EQ(test, clone->bi_iter.bi_size, PAGE_SIZE);
		test_put(clone, i & 1);
		KUNIT_EXPECT_PTR_EQ(test, test_crypt(src), ctx);
		expect_context(test, src, DUN);
	}
	expect_no_more(test, before);
	test_put(src, true);
}

static void crypt_clone(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 16, 0);

	need_encryption(test);
	expect_own_context(test, bs);
	expect_own_context(test, NULL);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* What is left after the front begins with a later number. */
static void crypt_split(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *src, *front;
	unsigned int i;
	long before;

	need_encryption(test);
	before = contexts();
	for (i = 0; i < MANY; i++) {
		src = source_bio(disk);
		front = bio_split(src, 3, GFP_NOIO, i & 2 ? bs : NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
		expect_context(test, front, DUN);
		expect_context(test, src, DUN + 3ULL);
		KUNIT_EXPECT_EQ(test, bio_sectors(front), 3);
		test_put(front, i & 1);
		test_put(src, true);
	}
	expect_no_more(test, before);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static struct bio *clone_by(bool kernel, struct test_disk *disk,
			    struct bio *src, struct bio_set *bs)
{
	return kernel ? kernel_bio_clone(disk->bdev, src, GFP_NOIO, &fs_bio_set)
		      : bio_alloc_clone(disk->bdev, src, GFP_NOIO, bs);
}

/* Also of what the kernel has cloned or split, and what it makes of ours. */
static void crypt_of_clones(struct kunit *test)
{
	const unsigned int makers = test_int(test);
	struct bio_set *bs = test_set(test, 4, 16, 0);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *src, *clone, *front, *rest;

	need_encryption(test);
	src = source_bio(disk);
	clone = clone_by(makers & 1, disk, src, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	rest = clone_by(makers & 2, disk, clone, bs);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	bio_put(clone);
	front = makers & 4 ? (bio_split)(rest, 3, GFP_NOIO, &fs_bio_set)
			   : bio_split(rest, 3, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	expect_context(test, front, DUN);
	clone = clone_by(makers & 8, disk, rest, bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	bio_put(rest);
	expect_context(test, clone, DUN + 3ULL);
	bio_put(clone);
	bio_put(front);
	expect_context(test, src, DUN);
	test_put(src, true);
}

static void expect_no_clone(struct kunit *test, struct bio *src,
			    struct bio_set *bs)
{
	KUNIT_EXPECT_NULL(test, bio_clone_fast(src, GFP_NOIO, bs));
}

/*
 * No kernel does both to a bio: it warns of a clone that would, and there is
 * none.  The context that it had by then has to go, and so has the bio.
 */
static void crypt_with_integrity(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 16, 0);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *src;
	unsigned int i;
	long before;

	need_encryption(test);
	src = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio_integrity_alloc(src, GFP_NOIO, 1)));
	encrypt(src);
	before = contexts();
	test_splat_begin("bio-integrity.c");
	expect_no_clone(test, src, bs);
	test_splat_end();
	for (i = 0; i < MANY; i++)
		expect_no_clone(test, src, i & 1 ? bs : NULL);
	expect_no_more(test, before);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	expect_context(test, src, DUN);
	KUNIT_EXPECT_NOT_NULL(test, bio_integrity(src));
	test_put(src, true);
}

/* A disk of one page */
static void store(struct test_disk *disk, struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	void *mem, *at;

	bio_for_each_segment(bv, bio, iter) {
		mem = page_address(bv.bv_page) + bv.bv_offset;
		at = disk->priv + (iter.bi_sector << SECTOR_SHIFT);
		if (op_is_write(bio_op(bio)))
			memcpy(at, mem, bv.bv_len);
		else
			memcpy(mem, at, bv.bv_len);
	}
	bio_endio(bio);
}

static void io_ended(struct bio *bio)
{
	complete(bio->bi_private);
}

/* Waits for it, and puts it. */
static void do_io(struct kunit *test, struct bio *bio)
{
	struct completion *done = test_zalloc(test, sizeof(*done));

	init_completion(done);
	bio->bi_private = done;
	bio->bi_end_io = io_ended;
	test_submit_encrypted(bio);
	KUNIT_ASSERT_TRUE(test, test_within(done, TEST_LIMIT_MS));
	TEST_EXPECT_SAME(test, bio->bi_status, BLK_STS_OK);
	bio_put(bio);
}

/* A function of the kernel's that it exports to no module, or NULL. */
static void *kernel_symbol(const char *name)
{
	static const char find[] =
		"sed -n 's/^\\([0-9a-f]*\\) [tT] %s$/0x\\1/p' /proc/kallsyms";
	unsigned long address = 0;
	char text[24];

	if (!test_ask_shell(text, sizeof(text), find, name) ||
	    kstrtoul(text, 0, &address))
		return NULL;
	return (void *)address;
}

/* The kernel's own cipher, for disks that have none.  Nobody exports it. */
static void start_cipher(struct kunit *test)
{
	int (*start)(enum blk_crypto_mode_num mode) =
		kernel_symbol("blk_crypto_fallback_start_using_mode");

	KUNIT_ASSERT_NOT_NULL(test, start);
	KUNIT_ASSERT_EQ(test, start(key.crypto_cfg.crypto_mode), 0);
}

static void stop_cipher(void *unused)
{
	int (*evict)(const struct blk_crypto_key *key) =
		kernel_symbol("blk_crypto_fallback_evict_key");

	if (evict)
		evict(&key);
}

/* kmalloc() aligns it to a page. */
static void *whole_page(struct kunit *test, int byte)
{
	return memset(test_zalloc(test, PAGE_SIZE), byte, PAGE_SIZE);
}

static struct bio *encrypted(struct test_disk *disk, bset_opf_t opf, void *p)
{
	struct bio *bio = test_page_bio(disk, opf, virt_to_page(p));

	encrypt(bio);
	return bio;
}

/* A front, and a clone of the rest */
static void write_in_parts(struct kunit *test, struct test_disk *disk, void *p,
			   struct bio_set *bs)
{
	struct bio *bio = encrypted(disk, REQ_OP_WRITE, p);
	struct bio *part = bio_split(bio, 3, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, part);
	do_io(test, part);
	part = bio_alloc_clone(disk->bdev, bio, GFP_NOIO, bs);
	KUNIT_ASSERT_NOT_NULL(test, part);
	do_io(test, part);
	test_put(bio, true);
}

static void read_by_clone(struct kunit *test, struct test_disk *disk, void *p,
			  struct bio_set *bs)
{
	struct bio *bio = encrypted(disk, REQ_OP_READ, p);
	struct bio *clone = bio_alloc_clone(disk->bdev, bio, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_NULL(test, clone);
	do_io(test, clone);
	test_put(bio, true);
}

static unsigned int sectors_alike(const void *a, const void *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < PAGE_SIZE; i += SECTOR_SIZE)
		n += !memcmp(a + i, b + i, SECTOR_SIZE);
	return n;
}

/* What the disk gets is what it gets of a bio of the kernel's, written at once. */
static void crypt_io(struct kunit *test)
{
	void *plain = whole_page(test, 0x11), *back = whole_page(test, 0);
	void *ours = whole_page(test, 0), *kernels = whole_page(test, 0);
	struct test_disk *disk = test_disk(test, store, ours);
	struct test_disk *other = test_disk(test, store, kernels);
	struct bio_set *bs = test_set(test, 2, 16, 0);

	need_encryption(test);
	start_cipher(test);
	test_defer(test, stop_cipher, NULL);
	do_io(test, encrypted(other, REQ_OP_WRITE, plain));
	KUNIT_EXPECT_EQ(test, sectors_alike(kernels, plain), 0);

	write_in_parts(test, disk, plain, bs);
	KUNIT_EXPECT_EQ(test, sectors_alike(ours, kernels), SECTORS);
	read_by_clone(test, disk, back, bs);
	KUNIT_EXPECT_EQ(test, sectors_alike(back, plain), SECTORS);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static struct kunit_case crypt_cases[] = {
	KUNIT_CASE_PARAM(crypt_alloc, test_vecs_gen_params),
	KUNIT_CASE(crypt_clone),
	KUNIT_CASE(crypt_split),
	KUNIT_CASE_PARAM(crypt_of_clones, test_makers_gen_params),
	KUNIT_CASE(crypt_with_integrity),
	KUNIT_CASE(crypt_io),
	{},
};

struct kunit_suite bset_crypt_suite = {
	.name = "crypt",
	TEST_SUITE_HOOKS(crypt_start, test_drop_slabs),
	.test_cases = crypt_cases,
};
