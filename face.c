// SPDX-License-Identifier: GPL-2.0
/*
 * Faces: the bio_sets that the kernel sees
 *
 * What depends on what a kernel does with a struct bio_set is here.  (try.c tries
 * it, on a set that it makes for that.)  A set has two.  The driver's own, the
 * public half, is what the kernel's functions are given: they allocate from it,
 * and what they take names it as bi_pool.  The other, its home, is the bi_pool of
 * the bios that the driver allocated from us: the kernel only puts to it.  So
 * the two sorts of bios are told apart whoever puts them.
 *
 *   bio_pool, bvec_pool  mempools that hold nothing and never will, so that
 *                        each allocation and each free comes to our callbacks.
 *                        This is what makes the count of bios in flight exact,
 *                        and it is why a late bio_put() is safe: once our
 *                        callback is called, mempool_free() touches the struct
 *                        no more.
 *   bio_slab             of the set's class: since 7.1 bio_alloc_bioset() takes
 *                        from it without asking us, and gives back what it took
 *                        by our callbacks.
 *   cache                home: a per-CPU cache, always empty and full at once,
 *                        so that no bio is ever kept in it (see below).  Public:
 *                        none, so that the kernel's allocator removes the flag
 *                        that asks for it, and its bioset_exit() has nothing to
 *                        undo.
 *   rescue_workqueue     none: before our callback sleeps it does what the
 *                        kernel's allocator does with one, and more
 *
 * And the NULL set, a face over kmalloc().
 */
#include <linux/mempool.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "internal.h"

/*
 * What the kernel's struct bio_alloc_cache looks like from outside: one or (6.2)
 * two lists, which are empty, and behind them counts, which say that it is full.
 * So bio_alloc_bioset() finds nothing in it, and bio_put() frees what has
 * REQ_ALLOC_CACHE instead of keeping it.  Bios get that flag by hand, by copying
 * bi_opf of one that has it (all small ones of fs_bio_set, since 7.0); without a
 * cache bio_put() would follow a NULL pointer.  One serves all sets.
 */
struct bset_full_cache {
	unsigned long words[4];
};

static DEFINE_PER_CPU_ALIGNED(struct bset_full_cache, bset_full_cache);

static void *bset_face_nothing(gfp_t gfp, void *data)
{
	return ZERO_SIZE_PTR;
}

static void bset_face_drop(void *elem, void *data)
{
}

/**
 * bset_face_pool_init() - make a mempool that holds nothing
 * @pool:	the mempool, zeroed
 * @alloc:	callback to allocate
 * @free:	callback to free
 * @data:	for the callbacks
 *
 * Since 6.17 one of min_nr 0 keeps an element all the same, which would be a bio
 * that never comes back to us; with a min_nr below 0, mempool_free() finds that
 * nothing is missing, on all kernels.
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bset_face_pool_init(mempool_t *pool, mempool_alloc_t *alloc,
			mempool_free_t *free, void *data)
{
	int ret;

	ret = mempool_init(pool, 0, bset_face_nothing, bset_face_drop, NULL);
	if (ret)
		return ret;
	pool->curr_nr = 0;
	pool->min_nr = -1;
	pool->alloc = alloc;
	pool->free = free;
	pool->pool_data = data;
	return 0;
}

static struct bio *bset_face_get(struct bset *set, gfp_t gfp)
{
	struct bio *bio = NULL;

	if (!static_branch_unlikely(&bset_slow))
		bio = bset_cache_pop(set->cpu, BSET_INLINE);
	if (unlikely(!bio))
		bio = bset_pool_get(&set->bio, gfp, 0);
	if (!bio) {
		atomic64_inc(&set->failed);
		return NULL;
	}
	/*
	 * The kernel gives it back as it is if it finds no array for it, and
	 * bset_release() must not take what was there for one.
	 */
	bset_set_array_kind(bio, BSET_INLINE);
	return bio;
}

/**
 * bset_home_alloc_bio() - callback of bio_pool: the kernel allocates a bio
 * @gfp:	as given to mempool_alloc()
 * @data:	the set
 *
 * Of a set's home, and so what tells bios of ours, see bset_is_home().  The
 * kernel does not say here which device the bio is for, so the tracepoints of a
 * wait do not either.
 *
 * Context: as for bset_pool_get().
 * Return: memory for a front_pad and a bio, or NULL.
 */
void *bset_home_alloc_bio(gfp_t gfp, void *data)
{
	struct bset *set = data;
	struct bio *bio;

	if (bset_tracked(set))
		bset_track_before(set, gfp);
	bio = bset_face_get(set, gfp);
	if (!bio)
		return NULL;
	bset_count_alloc(set);
	if (bset_tracked(set))
		bset_track_out(set, bio);
	return (void *)bio - set->bio.pad;
}
EXPORT_SYMBOL_BSET(bset_home_alloc_bio);

/**
 * bset_face_alloc_bio() - the same for a set's public half
 * @gfp:	as given to mempool_alloc()
 * @data:	the set
 *
 * Also what tells our sets from others', see bset_is_ours().
 *
 * Where the kernel takes bios without asking, nobody can tell at their put which
 * of them came from here: none is counted or tracked.
 *
 * Context: as for bset_pool_get().
 * Return: memory for a front_pad and a bio, or NULL.
 */
void *bset_face_alloc_bio(gfp_t gfp, void *data)
{
	struct bset *set = data;
	struct bio *bio;

	if (!bset_kernel_takes)
		return bset_home_alloc_bio(gfp, data);
	bio = bset_face_get(set, gfp);
	return bio ? (void *)bio - set->bio.pad : NULL;
}
EXPORT_SYMBOL_BSET(bset_face_alloc_bio);

static void *bset_face_alloc_vecs(gfp_t gfp, void *data)
{
	struct bset *set = data;

	return bset_pool_get(&set->vec, gfp, 0);
}

/*
 * Nothing: the array stays with its bio.  The kernel gives an array back in one
 * place only, bio_free(), which gives the bio back next; bset_release() then
 * has both, and can keep them together.
 */
static void bset_face_free_vecs(void *vecs, void *data)
{
}

static void bset_home_free_bio(void *elem, void *data)
{
	struct bset *set = data;

	bset_release(set, elem + set->bio.pad);
}

static void bset_face_free_bio(void *elem, void *data)
{
	struct bset *set = data;

	if (bset_kernel_takes)
		bset_release_uncounted(set, elem + set->bio.pad);
	else
		bset_release(set, elem + set->bio.pad);
}

/**
 * bset_face_set_cache() - keep the kernel's per-CPU cache out of a set
 * @bs:		what bios have as bi_pool
 *
 * Context: any.
 */
void bset_face_set_cache(struct bio_set *bs)
{
	bset_kernel_cache(bs, &bset_full_cache);
}

/**
 * bset_face_fill_cache() - say that the kernel's cache is full
 * @lists:	how many lists are before its counts, 1 or 2
 *
 * Context: task context, module load.
 */
void bset_face_fill_cache(unsigned int lists)
{
	/* Half of the range, because some kernels count up and down again. */
	const unsigned int counts[2] = { INT_MAX / 2, INT_MAX / 2 };
	struct bset_full_cache *c;
	int cpu;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&bset_full_cache, cpu);
		memset(c, 0, sizeof(*c));
		memcpy(&c->words[lists], counts, sizeof(counts));
	}
}

static int bset_face_make(struct bio_set *bs, struct bset *set,
			  mempool_alloc_t *alloc, mempool_free_t *free)
{
	int ret = 0;

	bs->front_pad = set->bio.pad;
	bs->bio_slab = set->bio.slab;
	bset_hide_slab(bs);
	if (set->max_vecs)
		ret = bset_face_pool_init(&bs->bvec_pool, bset_face_alloc_vecs,
					  bset_face_free_vecs, set);
	if (!ret)
		ret = bset_face_pool_init(&bs->bio_pool, alloc, free, set);
	return ret;
}

/**
 * bset_home_init() - make what a set's bios have as bi_pool
 * @set:	a set with its pools
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM; bset_face_exit() is right in both cases.
 */
int bset_home_init(struct bset *set)
{
	bset_face_set_cache(&set->home);
	return bset_face_make(&set->home, set, bset_home_alloc_bio,
			      bset_home_free_bio);
}

/**
 * bset_face_init() - make the public half of a set one that the kernel can use
 * @set:	a set with its pools; @set->bs is zeroed there
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM; bset_face_exit() is right in both cases.
 */
int bset_face_init(struct bset *set)
{
	return bset_face_make(set->bs, set, bset_face_alloc_bio,
			      bset_face_free_bio);
}

/*
 * Where the kernel takes bios without asking, one may still be out that nobody
 * knows of.  While the memory of @bs is there, its put finds here all that it
 * needs: the slab is kept, too (see class.c).
 */
static void bset_face_leave_callbacks(struct bio_set *bs, unsigned int pad)
{
	bs->front_pad = pad;
	bs->bio_pool.min_nr = -1;
	bs->bio_pool.free = mempool_kfree;
	bs->bvec_pool.min_nr = -1;
	bs->bvec_pool.free = mempool_kfree;
}

/**
 * bset_face_exit() - undo bset_face_init() or bset_home_init()
 * @bs:		the public half of a set, or its home; zeroed but for what a put
 *		needs that comes too late
 *
 * Harmless for one that the kernel's bioset_exit() has taken apart.
 *
 * Context: task context.
 */
void bset_face_exit(struct bio_set *bs)
{
	const unsigned int pad = bs->front_pad;

	mempool_exit(&bs->bio_pool);
	mempool_exit(&bs->bvec_pool);
	bset_integrity_exit(bs);
	memset(bs, 0, sizeof(*bs));
	if (bset_kernel_takes)
		bset_face_leave_callbacks(bs, pad);
}

/*
 * The NULL set: a face over kmalloc().  Each of its bios keeps the module
 * loaded, because its put needs our callback.
 */
struct bio_set bset_null;

static void *bset_null_alloc_bio(gfp_t gfp, void *data)
{
	struct bio *bio;

	bio = kmalloc(BSET_BIO_SIZE + BSET_INLINE_VECS * sizeof(struct bio_vec),
		      gfp);
	if (bio)
		__module_get(THIS_MODULE);
	return bio;
}

static void bset_null_free_bio(void *p, void *data)
{
	kfree(p);
	module_put(THIS_MODULE);
}

static void *bset_null_alloc_vecs(gfp_t gfp, void *data)
{
	return kmalloc_array(BIO_MAX_VECS, sizeof(struct bio_vec), gfp);
}

static void bset_null_free_vecs(void *p, void *data)
{
	kfree(p);
}

/**
 * bset_null_get() - get a bio by kmalloc()
 * @kind:	which array it is to have; it may get a larger one
 * @gfp:	as for kmalloc()
 *
 * Context: as for kmalloc().
 * Return: a bio with nothing set but its array, or NULL.
 */
struct bio *bset_null_get(enum bset_kind kind, gfp_t gfp)
{
	struct bio_vec *vecs = NULL;
	struct bio *bio;

	bio = bset_null_alloc_bio(gfp, NULL);
	if (!bio || kind == BSET_INLINE)
		return bio;
	if (kind != BSET_256)
		vecs = bset_kernel_array(kind, gfp);
	if (!vecs) {
		kind = BSET_256;
		vecs = bset_null_alloc_vecs(gfp, NULL);
	}
	if (!vecs) {
		bset_null_free_bio(bio, NULL);
		return NULL;
	}
	bset_set_array_kind(bio, kind);
	bio->bi_io_vec = vecs;
	return bio;
}

/**
 * bset_null_init() - make the NULL set usable
 *
 * Context: task context, module load.
 * Return: 0 or -ENOMEM; bset_null_exit() is right in both cases.
 */
int bset_null_init(void)
{
	int ret;

	bset_face_set_cache(&bset_null);
	ret = bset_face_pool_init(&bset_null.bvec_pool, bset_null_alloc_vecs,
				  bset_null_free_vecs, NULL);
	if (!ret)
		ret = bset_face_pool_init(&bset_null.bio_pool,
					  bset_null_alloc_bio,
					  bset_null_free_bio, NULL);
	return ret;
}

/**
 * bset_null_exit() - undo bset_null_init()
 *
 * Context: task context, module unload; none of its bios is out, since each
 * holds a reference on the module.
 */
void bset_null_exit(void)
{
	bset_face_exit(&bset_null);
}
