// SPDX-License-Identifier: GPL-2.0
/*
 * What the code relies on, tried with real bios when the module is loaded
 *
 * The probes look at declarations; they cannot tell what the kernel does.  Here
 * its bio_init(), bio_put(), bio_alloc_bioset() and bio_split() meet a set whose
 * callbacks take notes.  A kernel on which one of the tries fails would corrupt
 * memory or hang later, so the module refuses to load and says what is
 * different; but for bio_init(), without whose shortcut there is the long way.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

static bool quick_init = true;
module_param(quick_init, bool, 0444);
MODULE_PARM_DESC(quick_init,
		 "set up bios by stores, not by bio_init() (default yes)");

/* A set, a bio and an array to try with, and what the callbacks saw. */
struct bset_try {
	struct bio_set bs;
	struct bio *bio;
	struct bio_vec *vecs;
	bool deny; /* allocations fail */
	unsigned int bio_allocs;
	unsigned int bio_frees;
	unsigned int vec_frees;
	bool vecs_before_bio;
};

/* For a slab that is not merged with another one. */
static void bset_try_ctor(void *obj)
{
}

static void *bset_try_alloc_bio(gfp_t gfp, void *data)
{
	struct bset_try *t = data;

	t->bio_allocs++;
	return t->deny ? NULL : t->bio;
}

static void bset_try_free_bio(void *elem, void *data)
{
	struct bset_try *t = data;

	t->bio_frees += elem == t->bio;
	t->vecs_before_bio = t->vec_frees;
}

static void *bset_try_alloc_vecs(gfp_t gfp, void *data)
{
	return NULL;
}

static void bset_try_free_vecs(void *elem, void *data)
{
	struct bset_try *t = data;

	t->vec_frees += elem == t->vecs;
}

static void bset_try_forget(struct bset_try *t)
{
	t->bio_allocs = 0;
	t->bio_frees = 0;
	t->vec_frees = 0;
	t->vecs_before_bio = false;
}

/*
 * Whether our stores leave the same in a bio as bio_init() does, in each byte
 * that bio_init() writes: one that is the same whatever was there before.  With
 * a table, so that a kernel which resets more than we think is found out.
 */
static bool bset_try_same_init(struct bio *bios, struct bio_vec *table)
{
	const unsigned long kind = table ? BSET_256 : BSET_INLINE;
	const u8 *kernel_a = (u8 *)&bios[0], *kernel_b = (u8 *)&bios[1];
	const u8 *ours_a = (u8 *)&bios[2], *ours_b = (u8 *)&bios[3];
	size_t i;

	for (i = 0; i < 4; i++)
		memset(&bios[i], i & 1 ? 0x5a : 0xa5, sizeof(struct bio));
	for (i = 0; i < 2; i++) {
		bset_bio_init_kernel(&bios[i], NULL, table,
				     table ? BIO_MAX_VECS : 0, REQ_OP_WRITE);
		bios[i].bi_flags |= bset_array_flags(kind);
		bset_set_array_kind(&bios[2 + i], kind);
		bios[2 + i].bi_io_vec = table;
		bios[2 + i].bi_pool = NULL;
		bset_bio_init_quick(&bios[2 + i], NULL, REQ_OP_WRITE, kind);
	}
	for (i = 0; i < sizeof(struct bio); i++)
		if (kernel_a[i] == kernel_b[i] &&
		    (ours_a[i] != kernel_a[i] || ours_b[i] != kernel_a[i]))
			return false;
	return true;
}

static int bset_try_init(struct bset_try *t)
{
	struct bio *bios = kcalloc(4, sizeof(*bios), GFP_KERNEL);

	if (!bios)
		return -ENOMEM;
	if (!bset_try_same_init(bios, NULL) ||
	    !bset_try_same_init(bios, t->vecs)) {
		pr_notice("using bio_init(): it does more than we know\n");
		quick_init = false;
	}
	kfree(bios);
	if (!quick_init)
		static_branch_disable(&bset_quick_init);
	return 0;
}

/* A bio of @kind as ours are: the array is the caller's. */
static void bset_try_make_bio(struct bset_try *t, unsigned long kind,
			      struct bio_vec *vecs, bset_opf_t opf)
{
	bset_try_forget(t);
	memset(t->bio, 0, sizeof(*t->bio));
	bset_set_array_kind(t->bio, kind);
	t->bio->bi_io_vec = vecs;
	bset_bio_init_quick(t->bio, NULL, opf, kind);
	t->bio->bi_pool = &t->bs;
}

/* The kernel's bio_put() gives the bio to us, and the array where it belongs. */
static int bset_try_put(struct bset_try *t, unsigned long kind)
{
	const bool own = kind == BSET_256;
	struct bio_vec *vecs = t->vecs;

	if (kind == BSET_16 || kind == BSET_64) {
		vecs = bset_kernel_array(kind, GFP_KERNEL);
		if (!vecs)
			return -ENOMEM;
	}
	bset_try_make_bio(t, kind, kind == BSET_INLINE ? NULL : vecs,
			  REQ_OP_WRITE);
	if (bset_array_kind(t->bio) != kind)
		goto unexpected;
	bio_put(t->bio);
	if (t->bio_frees == 1 && t->vec_frees == own &&
	    t->vecs_before_bio == own)
		return 0;
unexpected:
	pr_err("not loaded: this kernel's bio_put() does not give back a bio of %u vecs as expected\n",
	       bset_kind_vecs(kind));
	return -EOPNOTSUPP;
}

static int bset_try_puts(struct bset_try *t)
{
	unsigned long kind;
	int ret = 0;

	for (kind = BSET_INLINE; kind < BSET_NR_KINDS && !ret; kind++)
		ret = bset_try_put(t, kind);
	return ret;
}

/* A pool of a face holds nothing, and so do both after all these puts. */
static int bset_try_faces(struct bset_try *t)
{
	if (!t->bs.bio_pool.curr_nr && !t->bs.bvec_pool.curr_nr)
		return 0;
	pr_err("not loaded: this kernel's mempool keeps what is freed to an empty pool\n");
	return -EOPNOTSUPP;
}

/*
 * Two lists first: if there is but one, the counts behind it are 0 then, and
 * the bio is kept where the next attempt forgets it.  Where there is no cache at
 * all, the first attempt is as good as any.
 */
static int bset_try_cache(struct bset_try *t)
{
	unsigned int lists;

	for (lists = 2; lists; lists--) {
		bset_face_fill_cache(lists);
		bset_try_make_bio(t, BSET_INLINE, NULL, REQ_ALLOC_CACHE);
		bio_put(t->bio);
		if (t->bio_frees == 1)
			return 0;
	}
	pr_err("not loaded: this kernel's per-CPU cache of bios has another form\n");
	return -EOPNOTSUPP;
}

/*
 * The kernel's allocator takes a bio from us or from the slab that the set names,
 * and nowhere else.  It may do one for bios without and the other for bios with
 * an array.  Without %__GFP_DIRECT_RECLAIM, so that memory which is short does
 * not make it ask where it does not by itself.
 */
static int bset_try_alloc(struct bset_try *t, unsigned int nr_vecs)
{
	struct bio *bio;
	bool took, ours;

	bset_try_forget(t);
	bio = bset_kernel_alloc(NULL, nr_vecs, REQ_OP_WRITE, GFP_NOWAIT,
				&t->bs);
	if (!bio)
		return -ENOMEM;
	took = !t->bio_allocs;
	ours = bio == t->bio;
	if (ours == took || bio->bi_pool != &t->bs) {
		pr_err("not loaded: this kernel's bio_alloc_bioset() does not come to a set's mempool or slab\n");
		return -EOPNOTSUPP;
	}
	kfree(bio->bi_io_vec); /* NULL, or the kernel's */
	if (took)
		kmem_cache_free(t->bs.bio_slab, bio);
	bset_kernel_takes |= took;
	return 0;
}

/* As from the public half of a set: there is no per-CPU cache. */
static int bset_try_allocs(struct bset_try *t)
{
	int ret;

	bset_kernel_cache(&t->bs, NULL);
	ret = bset_try_alloc(t, 0);
	return ret ?: bset_try_alloc(t, 16);
}

/*
 * What bio_split() returns when it fails: because there is no memory, or, where
 * there are such (6.11), because an atomic write cannot be split.
 */
static int bset_try_split(struct bset_try *t)
{
	struct bio bio, *split;

	/* With data: one that did not fail would go through it. */
	bset_bio_init_kernel(&bio, NULL, t->vecs, BIO_MAX_VECS,
			     REQ_OP_WRITE | BSET_REQ_ATOMIC);
	t->vecs[0].bv_len = 2 * SECTOR_SIZE;
	bio.bi_iter.bi_size = 2 * SECTOR_SIZE;
	t->deny = true;
	split = bio_split(&bio, 1, GFP_NOWAIT, &t->bs);
	if (split && !IS_ERR(split)) {
		pr_err("not loaded: this kernel's bio_split() does not fail when it has to\n");
		return -EOPNOTSUPP;
	}
	bset_split_gives_err_ptr = split;
	return 0;
}

static int bset_try_all(struct bset_try *t)
{
	int ret = bset_try_init(t);

	bset_face_set_cache(&t->bs);
	if (!ret)
		ret = bset_face_pool_init(&t->bs.bio_pool, bset_try_alloc_bio,
					  bset_try_free_bio, t);
	if (!ret)
		ret = bset_face_pool_init(&t->bs.bvec_pool, bset_try_alloc_vecs,
					  bset_try_free_vecs, t);
	if (!ret)
		ret = bset_try_puts(t);
	if (!ret)
		ret = bset_try_faces(t);
	if (!ret)
		ret = bset_try_cache(t);
	if (!ret)
		ret = bset_try_allocs(t);
	if (!ret)
		ret = bset_try_clones(&t->bs, t->vecs);
	quick_init = static_key_enabled(&bset_quick_init);
	return ret ?: bset_try_split(t);
}

/**
 * bset_try_kernel() - find out whether this kernel does what we rely on
 *
 * Context: task context, module load, after bset_classes_start().
 * Return: 0; -ENOMEM; -EOPNOTSUPP if it does not, after a line in the log that
 * says what is different.
 */
int bset_try_kernel(void)
{
	struct bset_try *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!t)
		return ret;
	t->bio = kzalloc(sizeof(*t->bio), GFP_KERNEL);
	t->vecs = kcalloc(BIO_MAX_VECS, sizeof(*t->vecs), GFP_KERNEL);
	t->bs.bio_slab = kmem_cache_create("bset_try", sizeof(*t->bio), 0, 0,
					   bset_try_ctor);
	if (t->bio && t->vecs && t->bs.bio_slab)
		ret = bset_try_all(t);
	mempool_exit(&t->bs.bio_pool);
	mempool_exit(&t->bs.bvec_pool);
	kmem_cache_destroy(t->bs.bio_slab);
	kfree(t->vecs);
	kfree(t->bio);
	kfree(t);
	return ret;
}
