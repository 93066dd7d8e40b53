// SPDX-License-Identifier: GPL-2.0
/*
 * Sets and bios
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/bio.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

/* All live sets, for teardown checks and for reports. */
static DEFINE_MUTEX(sets_lock);
static LIST_HEAD(sets);
static unsigned int next_id;

/*
 * Whether setting up a bio by storing its fields gives what bio_init() gives.
 * Found out when the module is loaded, so that a kernel with a field that we
 * do not know costs speed and not correctness.
 */
static DEFINE_STATIC_KEY_TRUE(quick_init);

/*
 * Zeroes what bio_reset() zeroes, but for bi_bdev.  Plain stores, because a rep
 * stos costs more to start than these do in all.
 */
static __always_inline void zero_reset_bytes(struct bio *bio)
{
	const size_t words = BIO_RESET_BYTES / sizeof(unsigned long);
	const size_t bdev = offsetof(struct bio, bi_bdev) / sizeof(long);
	unsigned long *p = (unsigned long *)bio;
	size_t i;

#pragma GCC unroll 32
	for (i = 0; i < words; i++)
		if (i != bdev)
			WRITE_ONCE(p[i], 0);
	bio->bi_vcnt = 0; /* shares a word with bi_max_vecs */
}

static noinline struct bio *associate_blkg(struct bio *bio)
{
	bio_associate_blkg(bio);
	return bio;
}

static __always_inline struct bio *
bio_init_quick(struct bio *bio, struct block_device *bdev, blk_opf_t opf)
{
	zero_reset_bytes(bio);
	bio->bi_bdev = bdev;
	bio->bi_opf = opf;
	bio->bi_cookie = BLK_QC_T_NONE;
	atomic_set(&bio->__bi_remaining, 1);
	atomic_set(&bio->__bi_cnt, 1);
	return bdev ? associate_blkg(bio) : bio;
}

static noinline struct bio *
bio_init_by_kernel(struct bio *bio, struct block_device *bdev, blk_opf_t opf)
{
	struct bio_set *bs = bio->bi_pool;

	bio_init(bio, bdev, bio->bi_io_vec, bio->bi_max_vecs, opf);
	bio->bi_pool = bs;
	return bio;
}

/* Everything but the array: a bio from the cache has that already. */
static __always_inline struct bio *setup_bio(struct bio *bio,
					     struct block_device *bdev,
					     blk_opf_t opf, struct bio_set *bs)
{
	bio->bi_pool = bs;
	/* bio_put() of such a bio would look for the kernel's cache in bs. */
	opf &= ~REQ_ALLOC_CACHE;
	if (!static_branch_likely(&quick_init))
		return bio_init_by_kernel(bio, bdev, opf);
	return bio_init_quick(bio, bdev, opf);
}

/* A bio of 0…4 vecs: as the kernel does it, none or all of the inline ones. */
static __always_inline void set_inline_vecs(struct bio *bio,
					    unsigned int nr_vecs)
{
	bio->bi_io_vec = nr_vecs ? bio->bi_inline_vecs : NULL;
	bio->bi_max_vecs = nr_vecs ? BSET_INLINE_VECS : 0;
}

static struct bio *too_many_vecs(struct bio_set *bs, unsigned int nr_vecs)
{
	const struct bset *set = bset_of(bs);
	const char *name = set ? set->name : "bio_alloc_bioset";

	if (nr_vecs <= BIO_MAX_VECS)
		WARN_ONCE(1, "bioset: %s has no arrays, %u vecs asked for\n",
			  name, nr_vecs);
	else
		pr_warn_ratelimited("%s: %d vecs asked for, the most is %u\n",
				    name, nr_vecs, BIO_MAX_VECS);
	return NULL;
}

/*
 * 5…64 vecs: only the kernel can take an array from its slabs of that size.
 * It must not sleep in there; sleeping is bset_pool_get()'s, which punts and
 * can be watched.
 */
static struct bio *alloc_by_kernel(struct block_device *bdev,
				   unsigned int nr_vecs, blk_opf_t opf,
				   gfp_t gfp, struct bio_set *bs)
{
	gfp &= ~(BSET_GFP_BAD | __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_NOFAIL);
	return bio_alloc_bioset(bdev, nr_vecs, opf & ~REQ_ALLOC_CACHE,
				gfp | __GFP_NOWARN, bs);
}

static bool kernel_has_array(unsigned int nr_vecs)
{
	enum bset_kind kind = bset_kind(nr_vecs);

	return kind == BSET_16 || kind == BSET_64;
}

static struct bio *null_alloc(struct block_device *bdev, unsigned int nr_vecs,
			      blk_opf_t opf, gfp_t gfp)
{
	struct bio *bio;

	if (kernel_has_array(nr_vecs)) {
		bio = alloc_by_kernel(bdev, nr_vecs, opf, gfp, &bset_null);
		if (bio)
			return bio;
	}
	bio = bset_null.bio_pool.alloc(gfp, NULL);
	if (!bio)
		return NULL;
	if (nr_vecs <= BSET_INLINE_VECS) {
		set_inline_vecs(bio, nr_vecs);
		return setup_bio(bio, bdev, opf, &bset_null);
	}
	bio->bi_max_vecs = BIO_MAX_VECS;
	bio->bi_io_vec = bset_null.bvec_pool.alloc(gfp, NULL);
	if (!bio->bi_io_vec) {
		bset_null.bio_pool.free(bio, NULL);
		return NULL;
	}
	return setup_bio(bio, bdev, opf, &bset_null);
}

static gfp_t drop_bad_gfp(gfp_t gfp, const struct bset *set)
{
	WARN_ONCE(gfp & BSET_GFP_BAD,
		  "bioset: %s: gfp bits %#x make no sense for a bio, ignored\n",
		  set ? set->name : "NULL set",
		  (__force unsigned int)(gfp & BSET_GFP_BAD));
	return gfp & ~BSET_GFP_BAD;
}

static bool usable(const struct bio_set *bs)
{
	return !WARN_ONCE(!bs->bio_slab,
			  "bioset: set at %ps is not initialised\n", bs);
}

/* The NULL set, the kernel's own sets, and sets that are none. */
static noinline struct bio *alloc_foreign(struct block_device *bdev,
					  unsigned int nr_vecs, blk_opf_t opf,
					  gfp_t gfp, struct bio_set *bs)
{
	if (nr_vecs > BIO_MAX_VECS)
		return too_many_vecs(bs, nr_vecs);
	if (!bs)
		return null_alloc(bdev, nr_vecs, opf, drop_bad_gfp(gfp, NULL));
	if (!usable(bs))
		return NULL;
	return bio_alloc_bioset(bdev, nr_vecs, opf, gfp, bs);
}

/*
 * Counts a bio that has its array, or needs none but the inline one, and sets
 * all its fields.
 */
static __always_inline struct bio *
finish_alloc(struct bio *bio, struct block_device *bdev, unsigned int nr_vecs,
	     blk_opf_t opf, struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;

	this_cpu_inc(set->counts->allocs);
	if (nr_vecs <= BSET_INLINE_VECS)
		set_inline_vecs(bio, nr_vecs);
	return setup_bio(bio, bdev, opf, bs);
}

static __always_inline void *get_object(struct bset_pool *pool, gfp_t gfp,
					const bool reserve_only)
{
	return reserve_only ? bset_reserve_pop(pool) : bset_pool_get(pool, gfp);
}

/* Out of line, or the callers keep the pool at hand for it all the way. */
static noinline struct bio *give_back(struct bset *set, struct bio *bio)
{
	bset_pool_put(&set->bio, bio);
	return NULL;
}

/* A bio, with an array of ours if it has to have one; no other field is set. */
static __always_inline struct bio *get_bio(struct bset *set,
					   unsigned int nr_vecs, gfp_t gfp,
					   const bool reserve_only)
{
	struct bio *bio = get_object(&set->bio, gfp, reserve_only);

	if (!bio || nr_vecs <= BSET_INLINE_VECS)
		return bio;
	bio->bi_max_vecs = BIO_MAX_VECS;
	bio->bi_io_vec = get_object(&set->vec, gfp, reserve_only);
	return bio->bi_io_vec ? bio : give_back(set, bio);
}

static __always_inline struct bio *alloc_own(struct block_device *bdev,
					     unsigned int nr_vecs,
					     blk_opf_t opf, gfp_t gfp,
					     struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;
	struct bio *bio;

	bio = get_bio(set, nr_vecs, gfp & ~BSET_GFP_BAD, false);
	if (!bio)
		return NULL;
	if (bset_tracked(set))
		bset_track_out(set, bio);
	return finish_alloc(bio, bdev, nr_vecs, opf, bs);
}

/* An array of the kernel's if there is one, else one of ours. */
static struct bio *alloc_array(struct block_device *bdev, unsigned int nr_vecs,
			       blk_opf_t opf, gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio = alloc_by_kernel(bdev, nr_vecs, opf, gfp, bs);

	return bio ?: alloc_own(bdev, nr_vecs, opf, gfp, bs);
}

static noinline struct bio *alloc_slow(struct block_device *bdev,
				       unsigned int nr_vecs, blk_opf_t opf,
				       gfp_t gfp, struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;

	if (unlikely(nr_vecs > set->max_vecs))
		return too_many_vecs(bs, nr_vecs);
	if (unlikely(gfp & BSET_GFP_BAD))
		gfp = drop_bad_gfp(gfp, set);
	if (bset_tracked(set))
		bset_track_before(set, gfp);
	if (kernel_has_array(nr_vecs) && !READ_ONCE(set->starve))
		return alloc_array(bdev, nr_vecs, opf, gfp, bs);
	return alloc_own(bdev, nr_vecs, opf, gfp, bs);
}

/*
 * Some set is starved or tracked.  One that has nothing but its reserve takes
 * a short way there, so that a driver is not slower for being tested so.
 */
static noinline struct bio *alloc_watched(struct block_device *bdev,
					  unsigned int nr_vecs, blk_opf_t opf,
					  gfp_t gfp, struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;
	struct bio *bio;

	if (!READ_ONCE(set->reserve_only) ||
	    unlikely(nr_vecs > set->max_vecs) || unlikely(gfp & BSET_GFP_BAD))
		return alloc_slow(bdev, nr_vecs, opf, gfp, bs);
	bio = get_bio(set, nr_vecs, gfp, true);
	/* set->bs, because to keep bs as well would take one register more. */
	if (unlikely(!bio))
		return alloc_slow(bdev, nr_vecs, opf, gfp, set->bs);
	return finish_alloc(bio, bdev, nr_vecs, opf, set->bs);
}

/*
 * This CPU's list is empty, but there may be full ones.  If not, an array of
 * the kernel's is best asked for at once.
 */
static noinline struct bio *alloc_refill(struct block_device *bdev,
					 unsigned int nr_vecs, blk_opf_t opf,
					 gfp_t gfp, struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;
	const unsigned long kind = bset_kind(nr_vecs);
	struct bio *bio = NULL;

	if (bset_cache_has_lists(set->cpu, kind))
		bio = bset_cache_pop(set->cpu, kind);
	else if (kind == BSET_16 || kind == BSET_64)
		return alloc_array(bdev, nr_vecs, opf, gfp, bs);
	if (!bio)
		return alloc_slow(bdev, nr_vecs, opf, gfp, bs);
	return finish_alloc(bio, bdev, nr_vecs, opf, bs);
}

/**
 * bset_alloc() - allocate a bio
 * @bdev:	the device that it is for, or NULL
 * @nr_vecs:	vecs that it has room for, 0…256; bi_max_vecs may be larger
 * @opf:	operation and flags; REQ_ALLOC_CACHE is stripped
 * @gfp:	with %__GFP_DIRECT_RECLAIM (as in GFP_NOIO) an allocation from a
 *		set never fails, however long it takes.  Without it the reserve
 *		is used before NULL is returned.  Bits that make no sense
 *		(%__GFP_ZERO, %__GFP_COMP, a zone) are ignored, with a warning
 *		from the first allocation that no cache can serve.
 * @bs:		the set; NULL for kmalloc(), which can fail whatever @gfp is.  A
 *		set that the kernel made is handed to the kernel.
 *
 * A task must not hold a bio of @bs that it has not submitted while it calls
 * this with %__GFP_DIRECT_RECLAIM; it may deadlock under memory pressure.  In
 * a ->submit_bio() function, where bios start only when the function returns,
 * a bio counts as submitted once submit_bio() was called: before the
 * allocation sleeps, the bios of @bs that wait there go to the set's rescuer.
 * One set must not serve two levels of a stack of disks.  For memory that goes
 * with each bio use front_pad, not a second allocation.
 *
 * The form since 5.18; bset_alloc_4_6() takes the arguments of 4.6.
 *
 * Context: may sleep if @gfp has %__GFP_DIRECT_RECLAIM, else any but NMI (on
 * PREEMPT_RT not hard IRQ).  Takes the set's rescue_lock when it punts.
 * Return: the bio, with one reference; NULL if @nr_vecs is too large (a line
 * in the log says so), if @bs has no arrays but @nr_vecs is not 0 or @bs is not
 * initialised (both with a warning), or if there is no memory.
 */
struct bio *bset_alloc(struct block_device *bdev, unsigned int nr_vecs,
		       blk_opf_t opf, gfp_t gfp, struct bio_set *bs)
{
	struct bset_cpu_cache *c;
	struct bset *set;
	struct bio *bio;

	/* Each way off the fast path is a tail call, so that this function
	 * needs no stack frame.
	 */
	if (unlikely(!bset_is_ours(bs)))
		return alloc_foreign(bdev, nr_vecs, opf, gfp, bs);
	set = bs->bio_pool.pool_data;
	bset_might_alloc(gfp);
	if (static_branch_unlikely(&bset_slow))
		return alloc_watched(bdev, nr_vecs, opf, gfp, bs);
	if (unlikely(nr_vecs > set->max_vecs) ||
	    unlikely(!bset_cpu_claim(set->cpu, &c)))
		return alloc_slow(bdev, nr_vecs, opf, gfp, bs);

	bio = bset_list_pop(c, bset_kind(nr_vecs));
	if (unlikely(!bio)) {
		bset_cpu_release(c);
		return alloc_refill(bdev, nr_vecs, opf, gfp, bs);
	}
	bset_cpu_release(c);
	return finish_alloc(bio, bdev, nr_vecs, opf, bs);
}
EXPORT_SYMBOL_GPL(bset_alloc);

/*
 * The kind that a bio can be cached as, or BSET_NR_KINDS.  Where an array goes
 * is decided by bi_max_vecs, as in the kernel.
 */
static __always_inline unsigned long kind_to_cache(const struct bio *bio)
{
	const unsigned int max = bio->bi_max_vecs;

	if (likely(max <= BSET_INLINE_VECS))
		return BSET_INLINE;
	if (max == BIO_MAX_VECS)
		return BSET_256;
	if (max == 16)
		return BSET_16;
	return max == 64 ? BSET_64 : BSET_NR_KINDS;
}

/*
 * Past the cache.  An array of the kernel's goes back by the kernel's own
 * bio_put(), which calls our callback for the bio.
 */
static __always_inline void put_past_cache(struct bio *bio)
{
	const unsigned int kind = kind_to_cache(bio);

	if (kind == BSET_INLINE || kind == BSET_256) {
		if (unlikely(bset_bio_has_extras(bio)))
			bio_uninit(bio);
		bset_release(bio->bi_pool->bio_pool.pool_data, bio);
	} else {
		bio_clear_flag(bio, BIO_REFFED);
		bio->bi_opf &= ~REQ_ALLOC_CACHE;
		bio_put(bio);
	}
}

static noinline void put_slow(struct bio *bio)
{
	put_past_cache(bio);
}

/* This CPU's list is full: begin another one. */
static noinline void put_spill(struct bio *bio)
{
	struct bset *set = bset_of(bio->bi_pool);

	if (bset_cache_push(set->cpu, kind_to_cache(bio), bio))
		bset_count_put(set);
	else
		put_slow(bio);
}

static noinline void put_extras(struct bio *bio)
{
	bio_uninit(bio);
	put_spill(bio);
}

/* Drops one of several references; true if it was the last. */
static noinline bool put_ref(struct bio *bio)
{
	if (WARN_ON_ONCE(atomic_read(&bio->__bi_cnt) <= 0))
		return false;
	return atomic_dec_and_test(&bio->__bi_cnt);
}

static noinline void put_foreign(struct bio *bio)
{
	/* One that its owner embeds may have references, but no last put. */
	if (!bio->bi_pool && bio_flagged(bio, BIO_REFFED) && !put_ref(bio))
		return;
	if (WARN_ONCE(!bio->bi_pool,
		      "bioset: bio_put() of a bio that is of no set\n"))
		return;
	if (bio->bi_pool == &bset_null)
		bio->bi_opf &= ~REQ_ALLOC_CACHE; /* there is no cache */
	bio_put(bio);
}

/* The short way back to where it came from; false: nothing was done. */
static __always_inline bool put_to_reserve(struct bset *set, struct bio *bio)
{
	const unsigned int max = bio->bi_max_vecs;

	smp_rmb(); /* see bset_pool_put() */
	if (!bset_pool_short(&set->bio) || bset_bio_has_extras(bio) ||
	    bio_flagged(bio, BIO_REFFED))
		return false;
	if (max > BSET_INLINE_VECS) {
		if (max != BIO_MAX_VECS ||
		    !bset_reserve_push(&set->vec, bio->bi_io_vec))
			return false;
	}
	mempool_free(bio, &set->bio.reserve);
	bset_count_put(set);
	return true;
}

/* Some set is starved or tracked, maybe this one: nothing goes by the cache. */
static noinline void put_watched(struct bio *bio)
{
	struct bset *set = bio->bi_pool->bio_pool.pool_data;

	if (READ_ONCE(set->reserve_only) && put_to_reserve(set, bio))
		return;
	if (bset_tracked(set) && !bset_track_may_put(set, bio))
		return;
	if (bio_flagged(bio, BIO_REFFED) && !put_ref(bio))
		return;
	put_past_cache(bio);
}

/* Somebody held a second reference once, and maybe still does. */
static noinline void put_reffed(struct bio *bio)
{
	if (!put_ref(bio))
		return;
	bio_clear_flag(bio, BIO_REFFED);
	put_slow(bio);
}

/**
 * bset_put() - drop a reference to a bio, the last one frees it
 * @bio:	a bio of any set; not NULL.  The last put of a bio that no
 *		set allocated (its bi_pool is NULL) frees nothing, with a
 *		warning.
 *
 * bio_put() of this header.  The kernel's bio_put() does the same for our bios,
 * slower.  May be called after or during bioset_exit() of the bio's set.
 *
 * Context: any but NMI (on PREEMPT_RT not hard IRQ).  Does not sleep.
 */
void bset_put(struct bio *bio)
{
	struct bset_cpu_cache *c;
	struct bset *set;
	unsigned long kind;

	if (unlikely(!bset_is_ours(bio->bi_pool)))
		return put_foreign(bio);
	if (static_branch_unlikely(&bset_slow))
		return put_watched(bio);
	if (unlikely(bio_flagged(bio, BIO_REFFED)))
		return put_reffed(bio);

	set = bio->bi_pool->bio_pool.pool_data;
	kind = kind_to_cache(bio);
	smp_rmb(); /* see bset_pool_put() */
	if (unlikely(kind == BSET_NR_KINDS) || bset_pool_short(&set->bio) ||
	    (kind == BSET_256 && bset_pool_short(&set->vec)))
		return put_slow(bio);
	if (unlikely(bset_bio_has_extras(bio)))
		return put_extras(bio);
	if (unlikely(!bset_cpu_claim(set->cpu, &c)))
		return put_slow(bio);
	if (unlikely(!bset_list_has_room(c, kind))) {
		bset_cpu_release(c);
		return put_spill(bio);
	}
	bset_list_push(c, kind, bio);
	bset_cpu_release(c);
	bset_count_put(set);
}
EXPORT_SYMBOL_GPL(bset_put);

/*
 * Integrity and encryption data are cloned by functions that are not exported,
 * and come from a pool that is found through bi_pool: so the kernel has to
 * allocate the bio as well, from our set if it is one.
 */
static noinline struct bio *clone_by_kernel(struct block_device *bdev,
					    struct bio *src, gfp_t gfp,
					    struct bio_set *bs)
{
	if (!bs) {
		bs = &bset_null;
		/* It may fail, and the kernel would wait until it does not. */
		gfp &= ~__GFP_DIRECT_RECLAIM;
	}
	if (bs != &bset_null && !usable(bs))
		return NULL;
	return bio_alloc_clone(bdev, src, gfp & ~BSET_GFP_BAD, bs);
}

/**
 * bset_clone() - allocate a bio that shares another one's array
 * @bdev:	the device that the clone is for, or NULL
 * @src:	the bio to clone; its array must outlive the clone
 * @gfp:	see bset_alloc()
 * @bs:		see bset_alloc(); needs no arrays
 *
 * bio_alloc_clone() and bio_clone_fast() of this header.
 *
 * Context: see bset_alloc().
 * Return: the clone, or NULL as for bset_alloc() and if there is no memory for
 * @src's integrity or encryption data, which come from elsewhere.
 */
struct bio *bset_clone(struct block_device *bdev, struct bio *src, gfp_t gfp,
		       struct bio_set *bs)
{
	struct bio *bio;

	if (unlikely(bs && !bset_is_ours(bs)) ||
	    unlikely(bset_bio_has_payload(src)))
		return clone_by_kernel(bdev, src, gfp, bs);

	bio = bset_alloc(NULL, 0, src->bi_opf, gfp, bs);
	if (unlikely(!bio))
		return NULL;
	bio_set_flag(bio, BIO_CLONED);
	bio->bi_ioprio = src->bi_ioprio;
	bio->bi_iter = src->bi_iter;
	bio->bi_io_vec = src->bi_io_vec;
	if (bdev) {
		bio->bi_bdev = bdev;
		if (bdev == src->bi_bdev && bio_flagged(src, BIO_REMAPPED))
			bio_set_flag(bio, BIO_REMAPPED);
		bset_clone_blkg(bio, src);
	}
	return bio;
}
EXPORT_SYMBOL_GPL(bset_clone);

/**
 * bset_split() - cut the front off a bio
 * @bio:	the bio; what is left of it starts after @sectors
 * @sectors:	length of the front, in units of 512 bytes, more than 0 and less
 *		than the bio has
 * @gfp:	see bset_alloc()
 * @bs:		see bset_alloc(); needs no arrays
 *
 * bio_split() of this header.  @bio must not be freed before the new bio, with
 * which it shares its array.
 *
 * Context: see bset_alloc().
 * Return: a bio for the front; NULL as for bset_clone(), or with a warning if
 * @sectors is out of range or @bio appends to a zone (@bio is as it was then).
 */
struct bio *bset_split(struct bio *bio, int sectors, gfp_t gfp,
		       struct bio_set *bs)
{
	struct bio *split;

	if (WARN_ONCE(sectors <= 0 || sectors >= bio_sectors(bio),
		      "bioset: cannot split %d of %u sectors\n", sectors,
		      bio_sectors(bio)) ||
	    WARN_ON_ONCE(bio_op(bio) == REQ_OP_ZONE_APPEND))
		return NULL;

	if (bs && !bset_is_ours(bs))
		return usable(bs) ? bio_split(bio, sectors, gfp, bs) : NULL;

	split = bset_clone(bio->bi_bdev, bio, gfp, bs);
	if (!split)
		return NULL;
	split->bi_iter.bi_size = sectors << SECTOR_SHIFT;
	if (bio_integrity(split))
		bio_integrity_trim(split);
	bio_advance(bio, split->bi_iter.bi_size);
	/* As the kernel does, so that blktrace sees the bio queued once; but
	 * track.c has to see the front submitted.
	 */
	if (bio_flagged(bio, BIO_TRACE_COMPLETION) &&
	    !static_branch_unlikely(&bset_slow))
		bio_set_flag(split, BIO_TRACE_COMPLETION);
	return split;
}
EXPORT_SYMBOL_GPL(bset_split);

/*
 * Bios of @set that are out.  Puts are read first: an alloc is counted before
 * its put, so the difference is never negative.  When nobody allocates any
 * more the puts can only be behind, so a result of 0 is final.
 */
unsigned long bset_in_flight(struct bset *set, unsigned long *allocs,
			     unsigned long *puts)
{
	unsigned long a = 0, p = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		p += READ_ONCE(per_cpu_ptr(set->counts, cpu)->puts);
	smp_mb(); /* pairs with smp_mb__before_atomic() before each put */
	for_each_possible_cpu(cpu)
		a += READ_ONCE(per_cpu_ptr(set->counts, cpu)->allocs);
	*allocs = a;
	*puts = p;
	return a - p;
}

/*
 * Polls, because a put that could wake us would cost every put.  Starts with
 * short sleeps: the last bios are usually on their way.
 */
static void wait_for_bios(struct bset *set)
{
	unsigned long next = jiffies + 10 * HZ, since = jiffies;
	unsigned long allocs, puts, n;
	unsigned int ms = 1;

	while ((n = bset_in_flight(set, &allocs, &puts))) {
		if (time_after(jiffies, next)) {
			pr_warn("%s (%s): bioset_exit() has waited %lu s for %lu bios in flight\n",
				set->name, set->owner, (jiffies - since) / HZ,
				n);
			bset_track_oldest(set);
			atomic64_inc(&set->stalls);
			next += 10 * HZ;
		}
		msleep(ms);
		ms = min(2 * ms, 100U);
	}
}

static bool set_is_listed(struct bio_set *bs)
{
	struct bset *set;
	bool found = false;

	mutex_lock(&sets_lock);
	list_for_each_entry(set, &sets, all)
		found |= set->bs == bs;
	mutex_unlock(&sets_lock);
	return found;
}

/*
 * <module>.<last word of the expression>.<number>: what a reader recognises,
 * and a file name.
 */
static void name_set(struct bset *set, struct module *owner, const char *expr)
{
	char word[24];
	size_t n = 0;
	const char *p;

	for (p = expr; *p; p++) {
		if (isalnum(*p) || *p == '_') {
			if (n < sizeof(word) - 1)
				word[n++] = *p;
		} else if (*p == '.' || *p == '>') {
			n = 0;
		}
	}
	word[n] = '\0';
	strscpy(set->owner, owner ? owner->name : "kernel", sizeof(set->owner));

	mutex_lock(&sets_lock);
	snprintf(set->name, sizeof(set->name), "%.24s.%s.%u", set->owner, word,
		 next_id++);
	mutex_unlock(&sets_lock);
}

static struct bset *new_set(struct bio_set *bs, unsigned int pool_size,
			    bool vecs, struct module *owner, const char *name)
{
	struct bset *set = kzalloc(sizeof(*set), GFP_KERNEL);

	if (!set)
		return NULL;
	set->counts = alloc_percpu(struct bset_counts);
	if (!set->counts) {
		kfree(set);
		return NULL;
	}
	set->bs = bs;
	set->pool_size = max(pool_size, 1U);
	set->max_vecs = vecs ? BIO_MAX_VECS : 0;
	name_set(set, owner, name);
	return set;
}

/* The one destructor; right for a set that was only half made, too. */
static void destroy_set(struct bset *set)
{
	struct bio_set *bs = set->bs;

	bset_rescuer_exit(set);
	bset_track_exit(set);
	bset_face_exit(bs);
	bset_pools_exit(set);
	free_percpu(set->counts);
	kfree(set);
}

static int check_args(const struct bio_set *bs, unsigned int pool_size,
		      unsigned int front_pad, int flags, const char *name)
{
	const int known = BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER |
			  BIOSET_PERCPU_CACHE | BSET_NO_RESCUER;
	const unsigned int max_pool = KMALLOC_MAX_SIZE / sizeof(void *);

	if (!bs)
		pr_err("%s: no set to initialise: NULL\n", name);
	else if (pool_size > max_pool)
		pr_err("%s: pool_size %u is more than %u\n", name, pool_size,
		       max_pool);
	else if (front_pad > BSET_MAX_FRONT_PAD)
		pr_err("%s: front_pad %u is more than %u\n", name, front_pad,
		       BSET_MAX_FRONT_PAD);
	else if (flags & ~known)
		pr_err("%s: unknown flags %#x\n", name, flags & ~known);
	else if ((flags & BSET_NO_RESCUER) && (flags & BIOSET_NEED_RESCUER))
		pr_err("%s: flags ask for a rescuer and for none\n", name);
	else
		return 0;
	return -EINVAL;
}

static int build_set(struct bset *set, unsigned int front_pad, int flags)
{
	const bool vecs = flags & BIOSET_NEED_BVECS;
	int ret;

	bset_rescuer_prepare(set->bs);
	ret = bset_pools_init(set, front_pad, vecs);
	if (!ret && !(flags & BSET_NO_RESCUER))
		ret = bset_rescuer_init(set);
	if (!ret)
		ret = bset_track_init(set);
	return ret ?: bset_face_init(set, front_pad, vecs);
}

/**
 * __bset_init() - what bset_init() expands to
 * @bs:		see bset_init()
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 * @flags:	see bset_init()
 * @owner:	the calling module
 * @name:	the expression that was given for @bs
 *
 * Context: task context, may sleep.
 * Return: see bset_init().
 */
int __bset_init(struct bio_set *bs, unsigned int pool_size,
		unsigned int front_pad, int flags, struct module *owner,
		const char *name)
{
	struct bset *set;
	int ret;

	ret = check_args(bs, pool_size, front_pad, flags, name);
	if (ret)
		return ret;
	if (WARN_ONCE(set_is_listed(bs), "bioset: %s: is in use already\n",
		      name))
		return -EBUSY;

	memset(bs, 0, sizeof(*bs));
	set = new_set(bs, pool_size, flags & BIOSET_NEED_BVECS, owner, name);
	if (!set)
		return -ENOMEM;
	ret = build_set(set, ALIGN(front_pad, __alignof__(struct bio)), flags);
	if (ret) {
		pr_err("%s (%s): no memory for a reserve of %u bios\n",
		       set->name, set->owner, set->pool_size);
		destroy_set(set);
		return ret;
	}
	mutex_lock(&sets_lock);
	list_add_tail(&set->all, &sets);
	mutex_unlock(&sets_lock);
	bset_stats_add(set);
	return 0;
}
EXPORT_SYMBOL_GPL(__bset_init);

/**
 * bset_exit() - unmake a set that bset_init() made
 * @bs:		the set; zeroed memory and a set that was exited already are
 *		fine, a set that the kernel made is handed to the kernel
 *
 * Waits for the bios that are still out, and says so every 10 seconds.  No
 * memory that one of them needs is freed before its last bio_put().
 *
 * Context: task context, may sleep.  Nobody may allocate from @bs any more.
 */
void bset_exit(struct bio_set *bs)
{
	struct bset *set = bset_of(bs);

	if (!bs)
		return;
	if (!set) {
		bioset_exit(bs);
		return;
	}
	wait_for_bios(set);
	bset_stats_del(set);
	mutex_lock(&sets_lock);
	bset_set_starve(set, 0);
	list_del(&set->all);
	mutex_unlock(&sets_lock);
	destroy_set(set);
}
EXPORT_SYMBOL_GPL(bset_exit);

/**
 * __bset_create() - what bset_create() and bset_create_nobvec() expand to
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 * @flags:	see bset_init()
 * @owner:	the calling module
 * @name:	a word for the set's name
 *
 * Context: task context, may sleep.
 * Return: the set, or NULL.
 */
struct bio_set *__bset_create(unsigned int pool_size, unsigned int front_pad,
			      int flags, struct module *owner, const char *name)
{
	struct bio_set *bs = kzalloc(sizeof(*bs), GFP_KERNEL);

	if (!bs)
		return NULL;
	if (__bset_init(bs, pool_size, front_pad, flags, owner, name)) {
		kfree(bs);
		return NULL;
	}
	bset_of(bs)->owns_bs = true;
	return bs;
}
EXPORT_SYMBOL_GPL(__bset_create);

/**
 * bset_free() - unmake a set that bset_create() made
 * @bs:		the set, or NULL.  One that bset_init() made is exited, with a
 *		warning, and its memory left to whom it belongs.
 *
 * Context: task context, may sleep; see bset_exit().
 */
void bset_free(struct bio_set *bs)
{
	struct bset *set = bset_of(bs);
	bool owns;

	if (!bs)
		return;
	if (WARN_ONCE(!set, "bioset: bioset_free() of a foreign set\n"))
		return;
	owns = set->owns_bs;
	WARN_ONCE(!owns, "bioset: %s: bioset_free() of an embedded set\n",
		  set->name);
	bset_exit(bs);
	if (owns)
		kfree(bs);
}
EXPORT_SYMBOL_GPL(bset_free);

void bset_read_stats(struct bset *set, struct bioset_stats *stats)
{
	unsigned long longest = atomic64_read(&set->longest_wait);
	unsigned long allocs, puts;

	stats->in_flight = bset_in_flight(set, &allocs, &puts);
	stats->allocs = allocs;
	stats->puts = puts;
	stats->pool_size = set->pool_size;
	/* Numbers for people: they may be off by what moves meanwhile. */
	stats->reserve = data_race(set->bio.reserve.curr_nr);
	/* likewise */
	stats->vec_reserve = data_race(set->vec.reserve.curr_nr);
	stats->cached = bset_class_cached(set);
	stats->punted = atomic64_read(&set->punted);
	stats->rescued = atomic64_read(&set->rescued);
	stats->waits = atomic64_read(&set->waits);
	stats->stalls = atomic64_read(&set->stalls);
	stats->misuses = atomic64_read(&set->misuses);
	stats->longest_wait_ms = jiffies_to_msecs(longest);
}

/**
 * bset_get_stats() - what a set holds and what it did
 * @bs:		the set
 * @stats:	filled in
 *
 * Context: any; @bs must not be exited meanwhile.
 * Return: 0, or -EINVAL if @bs is not one of ours.
 */
int bset_get_stats(struct bio_set *bs, struct bioset_stats *stats)
{
	struct bset *set = bset_of(bs);

	if (!set)
		return -EINVAL;
	bset_read_stats(set, stats);
	return 0;
}
EXPORT_SYMBOL_GPL(bset_get_stats);

/**
 * bset_starve() - leave a set nothing but its reserve, for testing
 * @bs:		the set
 * @nth:	fail each Nth attempt to get memory for the set from the slab or
 *		a cache; 1 fails all of them, 0 none
 *
 * Also /sys/kernel/debug/bioset/<set>/starve.
 *
 * Context: task context, may sleep; @bs must not be exited meanwhile.
 * Return: 0, or -EINVAL if @bs is not one of ours.
 */
int bset_starve(struct bio_set *bs, unsigned int nth)
{
	struct bset *set = bset_of(bs);

	if (!set)
		return -EINVAL;
	mutex_lock(&sets_lock);
	bset_set_starve(set, nth);
	mutex_unlock(&sets_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(bset_starve);

/**
 * bset_track() - watch who has which bio of a set, for debugging
 * @bs:		the set
 * @on:		whether to
 *
 * While it is on, reports name the owners of bios, and misuse (a second bio
 * allocated while one is held, a double put, a write into the front_pad of a
 * freed bio) is reported with the stacks that led to it.  Every allocation and
 * put of every set is slower meanwhile.
 *
 * Also /sys/kernel/debug/bioset/<set>/track, and the module parameter track=1
 * for all sets from their start, which alone can tell each double put.
 *
 * Context: task context, may sleep; @bs must not be exited meanwhile.
 * Return: 0, -EINVAL if @bs is not one of ours, or -ENOMEM.
 */
int bset_track(struct bio_set *bs, bool on)
{
	struct bset *set = bset_of(bs);
	int ret;

	if (!set)
		return -EINVAL;
	mutex_lock(&sets_lock);
	ret = bset_track_switch(set, on, false);
	mutex_unlock(&sets_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(bset_track);

/*
 * Whether our stores leave the same in a bio as bio_init() does, in each byte
 * that bio_init() writes: one that is the same whatever was there before.
 */
static bool __init quick_init_is_right(struct bio *bios)
{
	u8 *kernel_a = (u8 *)&bios[0], *kernel_b = (u8 *)&bios[1];
	u8 *ours_a = (u8 *)&bios[2], *ours_b = (u8 *)&bios[3];
	size_t i;

	memset(kernel_a, 0xa5, sizeof(struct bio));
	memset(kernel_b, 0x5a, sizeof(struct bio));
	memset(ours_a, 0xa5, sizeof(struct bio));
	memset(ours_b, 0x5a, sizeof(struct bio));
	for (i = 0; i < 2; i++) {
		bio_init(&bios[i], NULL, NULL, 0, REQ_OP_WRITE);
		bio_init_quick(&bios[2 + i], NULL, REQ_OP_WRITE);
		set_inline_vecs(&bios[2 + i], 0);
		bios[2 + i].bi_pool = NULL;
	}
	for (i = 0; i < sizeof(struct bio); i++)
		if (kernel_a[i] == kernel_b[i] &&
		    (ours_a[i] != kernel_a[i] || ours_b[i] != kernel_a[i]))
			return false;
	return true;
}

static int __init check_quick_init(void)
{
	struct bio *bios = kcalloc(4, sizeof(*bios), GFP_KERNEL);

	if (!bios)
		return -ENOMEM;
	if (!quick_init_is_right(bios)) {
		pr_notice("using bio_init(): it does more than we know\n");
		static_branch_disable(&quick_init);
	}
	kfree(bios);
	return 0;
}

static int __init bioset_module_init(void)
{
	int ret;

	ret = check_quick_init();
	if (ret)
		return ret;
	ret = bset_caches_start();
	if (ret)
		return ret;
	ret = bset_null_init();
	if (ret) {
		bset_null_exit();
		bset_caches_stop();
		return ret;
	}
	bset_stats_start();
	return 0;
}

static void __exit bioset_module_exit(void)
{
	struct bset *set;

	/* Their driver is gone, and so may be the memory that they live in. */
	list_for_each_entry(set, &sets, all)
		pr_err("%s: %s was unloaded without freeing it\n", set->name,
		       set->owner);
	bset_stats_stop();
	bset_null_exit();
	bset_caches_stop();
	bset_wait_for_dying_slabs();
	/* The last put of a set's last bio may still be on its way out of our
	 * callback: in a task that was preempted there, or in an interrupt.
	 */
	synchronize_rcu_tasks();
	synchronize_rcu();
}

module_init(bioset_module_init);
module_exit(bioset_module_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("bio_alloc_bioset() with the contract of Linux 4.6");
