// SPDX-License-Identifier: GPL-2.0
/*
 * What a clone and the halves of a split take over, compared with the kernel's
 *
 * The kernel adds a field to struct bio now and then, and with it a line to its
 * functions for clones and splits.  Who stores fields one by one does not notice.
 * So when the module is loaded both clone and split the same bio, and the results
 * are compared byte by byte.  If ours lacks something, clones are left to the
 * kernel; if it lacks something even so, the module does not load.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/blk_types.h>
#include <linux/slab.h>

#include "internal.h"

/* Bios to try with */
enum {
	MARK_A, /* set up by bio_init(), over two different backgrounds: */
	MARK_B, /* a byte that differs is none that a bio consists of */
	KERNELS_SRC,
	OUR_SRC,
	KERNELS,
	OURS,
	NR_BIOS
};

static void bset_try_marks(struct bio *bios)
{
	memset(&bios[MARK_A], 0xa5, sizeof(struct bio));
	memset(&bios[MARK_B], 0x5a, sizeof(struct bio));
	bset_bio_init_kernel(&bios[MARK_A], NULL, NULL, 0, 0);
	bset_bio_init_kernel(&bios[MARK_B], NULL, NULL, 0, 0);
}

static bool bset_try_alike(const struct bio *bios, unsigned int a,
			   unsigned int b)
{
	const u8 *mark_a = (const u8 *)&bios[MARK_A];
	const u8 *mark_b = (const u8 *)&bios[MARK_B];
	const u8 *pa = (const u8 *)&bios[a], *pb = (const u8 *)&bios[b];
	size_t i;

	for (i = 0; i < sizeof(struct bio); i++)
		if (mark_a[i] == mark_b[i] && pa[i] != pb[i])
			return false;
	return true;
}

/*
 * Two sectors and, in the small fields behind bi_opf, values that a bio never
 * has by itself: that is where new ones are put.  What may be a pointer is left
 * alone, because the kernel may follow it.
 */
static void bset_try_source(struct bio *bio, struct bio_vec *vecs)
{
	const size_t from = offsetofend(struct bio, bi_opf);
	const size_t to = offsetof(struct bio, __bi_remaining);

	bset_bio_init_kernel(bio, NULL, vecs, BIO_MAX_VECS,
			     REQ_OP_WRITE | REQ_SYNC);
	memset((void *)bio + from, 0x5a, to - from);
	bio->bi_flags = bset_array_flags(BSET_256);
	bio->bi_private = bio->bi_io_vec;
	bio->bi_iter.bi_sector = 8;
	bio->bi_iter.bi_size = 2 * SECTOR_SIZE;
	vecs[0].bv_len = 2 * SECTOR_SIZE;
}

/*
 * Nothing hangs on it that would have to be released.  That it would go to a
 * per-CPU cache (7.1) is a matter of the set.
 */
static bool bset_try_kernels(struct bio *bios, struct bio_set *bs, int sectors)
{
	struct bio *src = &bios[KERNELS_SRC], *bio;

	bio = sectors ? bio_split(src, sectors, GFP_KERNEL, bs)
		      : bset_kernel_clone(NULL, src, GFP_KERNEL, bs);
	if (IS_ERR_OR_NULL(bio))
		return false;
	bios[KERNELS] = *bio;
	bios[KERNELS].bi_opf &= ~REQ_ALLOC_CACHE;
	bset_clear_time(&bios[KERNELS]);
	if (bset_kernel_takes)
		kmem_cache_free(bs->bio_slab, bio);
	return true;
}

/* As bset_clone() and bset_split() do it */
static bool bset_try_ours(struct bio *bios, struct bio_set *bs, int sectors)
{
	struct bio *bio = &bios[OURS], *src = &bios[OUR_SRC];

	bset_bio_init_kernel(bio, NULL, NULL, 0, src->bi_opf);
	bio->bi_pool = bs;
	if (static_key_enabled(&bset_quick_init))
		bset_clone_fields(bio, src, NULL);
	else if (bset_clone_with_payload(bio, src, NULL, GFP_KERNEL))
		return false;
	if (sectors)
		bset_split_fields(bio, src, sectors);
	bset_clear_time(bio);
	return true;
}

/* The front of a split, and what is left; without @sectors a clone */
static bool bset_try_same(struct bio *bios, struct bio_set *bs,
			  struct bio_vec *vecs, int sectors)
{
	bset_try_source(&bios[KERNELS_SRC], vecs);
	bset_try_source(&bios[OUR_SRC], vecs);
	return bset_try_kernels(bios, bs, sectors) &&
	       bset_try_ours(bios, bs, sectors) &&
	       bset_try_alike(bios, KERNELS, OURS) &&
	       bset_try_alike(bios, KERNELS_SRC, OUR_SRC);
}

static void bset_try_clone(struct bio *bios, struct bio_set *bs,
			   struct bio_vec *vecs)
{
	if (bset_try_same(bios, bs, vecs, 0))
		return;
	pr_notice("using bio_init_clone(): it takes over more than we do\n");
	static_branch_disable(&bset_quick_init);
}

static int bset_try_fields(struct bio *bios, struct bio_set *bs,
			   struct bio_vec *vecs)
{
	bset_try_marks(bios);
	bset_try_clone(bios, bs, vecs);
	if (bset_try_same(bios, bs, vecs, 0) &&
	    bset_try_same(bios, bs, vecs, 1))
		return 0;
	pr_err("not loaded: this kernel's bio_split() leaves something else in a bio than expected\n");
	return -EOPNOTSUPP;
}

/**
 * bset_try_clones() - compare clones and splits with the kernel's
 * @bs:		a set that the kernel can allocate from, of which nothing is kept
 * @vecs:	an array of 256
 *
 * Context: task context, module load; bset_kernel_takes is known.
 * Return: 0, -ENOMEM or, after a line in the log, -EOPNOTSUPP.
 */
int bset_try_clones(struct bio_set *bs, struct bio_vec *vecs)
{
	struct bio *bios = kcalloc(NR_BIOS, sizeof(*bios), GFP_KERNEL);
	int ret;

	if (!bios)
		return -ENOMEM;
	ret = bset_try_fields(bios, bs, vecs);
	if (!ret) {
		bset_try_source(&bios[OUR_SRC], vecs);
		ret = bset_try_integrity(&bios[OUR_SRC], &bios[OURS]);
	}
	kfree(bios);
	return ret;
}
