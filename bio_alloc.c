// SPDX-License-Identifier: GPL-2.0
/*
 * bio_alloc_bioset(), bio_alloc_clone(), bio_split()
 *
 * The ways of an allocation, first to last:
 *
 *   bset_alloc() -- this CPU's list ------------------------> bio with array
 *      |               | empty
 *      |               +-> bset_alloc_refill(): another list of this CPU or of
 *      |                      | none            the depot -> bio with array
 *      |                      v
 *      +-------------> bset_alloc_slow(): the parts, each from its pool
 *      |  an interrupt,       |  (mempool_glue.c): slab, reserve, punt, wait;
 *      |  a starved or        |  arrays of 16 and 64 from the kernel's slabs,
 *      |  tracked set,        |  else one of 256 from the set's pool
 *      |  bad arguments       +-> bio
 *      +- not one of ours: bset_alloc_foreign() -+- NULL: kmalloc()
 *                                                +- the kernel's own function
 *
 * A bio from a cache has its array and keeps the fields that say so; all others
 * are set by bset_alloc_setup(), on each way.  Those of our sets come to it by
 * bset_alloc_finish(), which counts them.
 *
 * Three noinline keep bset_alloc() a function without a stack frame: without
 * them it and bset_put() take 133 instructions together, with them 116.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/bio.h>
#include <linux/blk-cgroup.h>

#include "internal.h"
#include "trace.h"

/*
 * Whether setting up a bio by storing its fields gives what bio_init() gives, and
 * a clone what bio_init_clone() gives.  Found out when the module is loaded, so
 * that a kernel with a field that we do not know costs speed and not correctness.
 */
DEFINE_STATIC_KEY_TRUE(bset_quick_init);

/* See layout.h and tryclone.c. */
bool bset_shares_integrity __read_mostly;

/* What this kernel's bio_split() returns on failure; see try.c. */
bool bset_split_gives_err_ptr __read_mostly;

static noinline struct bio *bset_init_by_kernel(struct bio *bio,
						struct block_device *bdev,
						bset_opf_t opf,
						unsigned long kind)
{
	struct bio_set *bs = bio->bi_pool;

	bset_bio_init_kernel(bio, bdev, bio->bi_io_vec, bio->bi_max_vecs, opf);
	bio->bi_flags |= bset_array_flags(kind);
	bio->bi_pool = bs;
	return bio;
}

/* Sets all fields of a bio that has its array, or needs but the inline one. */
static inline struct bio *bset_alloc_setup(struct bio *bio,
					   struct block_device *bdev,
					   unsigned int nr_vecs,
					   unsigned long kind, bset_opf_t opf,
					   struct bio_set *home)
{
	if (nr_vecs <= BSET_INLINE_VECS)
		bset_set_inline_vecs(bio, nr_vecs);
	else
		bset_renew_array(bio, kind);
	bio->bi_pool = home;
	/* Nothing is ever in the kernel's cache of a set of ours. */
	opf &= ~REQ_ALLOC_CACHE;
	if (!static_branch_likely(&bset_quick_init))
		return bset_init_by_kernel(bio, bdev, opf, kind);
	return bset_bio_init_quick(bio, bdev, opf, kind);
}

static struct bio *bset_alloc_too_many(struct bset *set, unsigned int nr_vecs)
{
	const char *name = set ? set->name : "bio_alloc_bioset";

	if (nr_vecs <= BIO_MAX_VECS)
		bset_complain(set, BSET_NO_ARRAYS,
			      "%s has no arrays, %u vecs asked for", name,
			      nr_vecs);
	else
		pr_warn_ratelimited("%s: %d vecs asked for, the most is %u\n",
				    name, nr_vecs, (unsigned int)BIO_MAX_VECS);
	return NULL;
}

static gfp_t bset_alloc_gfp(gfp_t gfp, struct bset *set)
{
	if (gfp & BSET_GFP_BAD)
		bset_complain(set, BSET_BAD_GFP,
			      "%s: gfp bits %#x make no sense for a bio, ignored",
			      set ? set->name : "NULL set",
			      (__force unsigned int)(gfp & BSET_GFP_BAD));
	return gfp & ~BSET_GFP_BAD;
}

static bool bset_is_initialised(struct bio_set *bs)
{
	if (bioset_initialized(bs))
		return true;
	bset_complain(NULL, BSET_NOT_INITIALISED,
		      "set at %p is not initialised", bs);
	return false;
}

/* The NULL set. */
static struct bio *bset_alloc_null(struct block_device *bdev,
				   unsigned int nr_vecs, bset_opf_t opf,
				   gfp_t gfp)
{
	struct bio *bio;
	unsigned long kind;

	bio = bset_null_get(bset_kind(nr_vecs), bset_alloc_gfp(gfp, NULL));
	if (!bio)
		return NULL;
	kind = nr_vecs <= BSET_INLINE_VECS ? BSET_INLINE : bset_array_kind(bio);
	return bset_alloc_setup(bio, bdev, nr_vecs, kind, opf, &bset_null);
}

/* Counts a bio of ours that has its array, and sets all its fields. */
static inline struct bio *bset_alloc_finish(struct bio *bio,
					    struct block_device *bdev,
					    unsigned int nr_vecs,
					    unsigned long kind, bset_opf_t opf,
					    struct bset *set)
{
	bset_count_alloc(set);
	return bset_alloc_setup(bio, bdev, nr_vecs, kind, opf, &set->home);
}

/* An array for @bio: one of the kernel's if there is one, else one of ours. */
static bool bset_alloc_array(struct bset *set, struct bio *bio,
			     unsigned long kind, gfp_t gfp, dev_t dev)
{
	struct bio_vec *vecs = NULL;

	if (kind != BSET_256 && !READ_ONCE(set->starve))
		vecs = bset_kernel_array(kind, gfp);
	if (!vecs) {
		kind = BSET_256;
		vecs = bset_pool_get(&set->vec, gfp, dev);
	}
	bset_set_array_kind(bio, vecs ? kind : BSET_INLINE);
	bio->bi_io_vec = vecs;
	return vecs;
}

/*
 * The bio always comes before its array, so who waits for an array holds
 * nothing that others who wait for one need: see docs/forward-progress.md.
 */
static struct bio *bset_alloc_parts(struct bset *set, unsigned long kind,
				    gfp_t gfp, dev_t dev)
{
	struct bio *bio = bset_pool_get(&set->bio, gfp, dev);

	if (!bio)
		return NULL;
	if (kind != BSET_INLINE &&
	    !bset_alloc_array(set, bio, kind, gfp, dev)) {
		bset_pool_put(&set->bio, bio);
		return NULL;
	}
	return bio;
}

static struct bio *bset_alloc_failed(struct bset *set, unsigned int nr_vecs,
				     gfp_t gfp, dev_t dev)
{
	atomic64_inc(&set->failed);
	trace_bioset_alloc_failed(set, nr_vecs, gfp, dev);
	return NULL;
}

static struct bio *bset_alloc_slow(struct block_device *bdev,
				   unsigned int nr_vecs, bset_opf_t opf,
				   gfp_t gfp, struct bio_set *bs)
{
	const dev_t dev = bdev ? bdev->bd_dev : 0;
	struct bset *set = bs->bio_pool.pool_data;
	unsigned long kind;
	struct bio *bio;

	if (unlikely(nr_vecs > set->max_vecs)) {
		bset_alloc_too_many(set, nr_vecs);
		return bset_alloc_failed(set, nr_vecs, gfp, dev);
	}
	kind = bset_kind(nr_vecs);
	if (unlikely(gfp & BSET_GFP_BAD))
		gfp = bset_alloc_gfp(gfp, set);
	if (bset_tracked(set))
		bset_track_before(set, gfp);
	bio = bset_alloc_parts(set, kind, gfp, dev);
	if (!bio)
		return bset_alloc_failed(set, nr_vecs, gfp, dev);
	if (bset_tracked(set))
		bset_track_out(set, bio);
	if (kind != BSET_INLINE)
		kind = bset_array_kind(bio);
	return bset_alloc_finish(bio, bdev, nr_vecs, kind, opf, set);
}

/* The NULL set, a bio's bi_pool, the kernel's own sets, and sets that are none. */
static noinline struct bio *bset_alloc_foreign(struct block_device *bdev,
					       unsigned int nr_vecs,
					       bset_opf_t opf, gfp_t gfp,
					       struct bio_set *bs)
{
	if (nr_vecs > BIO_MAX_VECS)
		return bset_alloc_too_many(NULL, nr_vecs);
	if (!bs)
		return bset_alloc_null(bdev, nr_vecs, opf, gfp);
	if (bset_is_home(bs))
		return bset_alloc_slow(bdev, nr_vecs, opf, gfp, bs);
	if (!bset_is_initialised(bs))
		return NULL;
	return bset_kernel_alloc(bdev, nr_vecs, opf, gfp, bs);
}

/*
 * This CPU's list is empty, but there may be full ones.  Takes bset_alloc()'s own
 * arguments, so that bset_alloc() can end in it: one that took the set and the
 * kind, and came back, would cost 11 of the 116 instructions, since then the
 * arguments have to be kept in a stack frame.
 */
static noinline struct bio *bset_alloc_refill(struct block_device *bdev,
					      unsigned int nr_vecs,
					      bset_opf_t opf, gfp_t gfp,
					      struct bio_set *bs)
{
	struct bset *set = bs->bio_pool.pool_data;
	const unsigned long kind = bset_kind(nr_vecs);
	struct bio *bio = NULL;

	if (bset_cache_has_lists(set->cpu, kind))
		bio = bset_cache_pop(set->cpu, kind);
	if (!bio)
		return bset_alloc_slow(bdev, nr_vecs, opf, gfp, bs);
	return bset_alloc_finish(bio, bdev, nr_vecs, kind, opf, set);
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
 * allocation sleeps, the bios of our sets that wait there go to their rescuers.
 * One set must not serve two levels of a stack of disks.  For memory that goes
 * with each bio use front_pad, not a second allocation.
 *
 * The form since 5.18; bset_alloc_4_6() takes the arguments of 4.6.
 *
 * Context: may sleep if @gfp has %__GFP_DIRECT_RECLAIM, else any but NMI (on
 * PREEMPT_RT not hard IRQ).  Takes the rescue_lock of sets when it punts.
 * Return: the bio, with one reference; NULL if @nr_vecs is too large (a line
 * in the log says so), if @bs has no arrays but @nr_vecs is not 0 or @bs is not
 * initialised (both with a warning), or if there is no memory.
 */
struct bio *bset_alloc(struct block_device *bdev, unsigned int nr_vecs,
		       bset_opf_t opf, gfp_t gfp, struct bio_set *bs)
{
	struct bset_cpu_cache *c;
	unsigned long kind;
	struct bset *set;
	struct bio *bio;

	if (unlikely(!bset_is_ours(bs)))
		return bset_alloc_foreign(bdev, nr_vecs, opf, gfp, bs);
	set = bs->bio_pool.pool_data;
	bset_might_alloc(gfp);
	if (static_branch_unlikely(&bset_slow) ||
	    unlikely(nr_vecs > set->max_vecs) ||
	    unlikely(!bset_cpu_claim(set->cpu, &c)))
		return bset_alloc_slow(bdev, nr_vecs, opf, gfp, bs);

	kind = bset_kind(nr_vecs);
	bio = bset_list_pop(c, kind);
	/*
	 * Released on both ways, so that an empty list is tested for once: 6
	 * of the 116 instructions.
	 */
	if (unlikely(!bio)) {
		bset_cpu_release(c);
		return bset_alloc_refill(bdev, nr_vecs, opf, gfp, bs);
	}
	bset_cpu_release(c);
	return bset_alloc_finish(bio, bdev, nr_vecs, kind, opf, set);
}
EXPORT_SYMBOL_GPL(bset_alloc);

/* A clone whose source has integrity or encryption data, or by the kernel. */
static struct bio *bset_clone_payload(struct block_device *bdev,
				      struct bio *src, gfp_t gfp,
				      struct bio_set *bs)
{
	struct bio *bio = bset_alloc(NULL, 0, 0, gfp, bs);

	if (!bio)
		return NULL;
	bio->bi_opf = src->bi_opf & ~REQ_ALLOC_CACHE;
	if (!bset_clone_with_payload(bio, src, bdev, gfp & ~BSET_GFP_BAD))
		return bio;
	bset_put(bio);
	return NULL;
}

/* Without @bdev: for no device, or before 5.18 for that of @src. */
static struct bio *bset_clone_bio(struct block_device *bdev, struct bio *src,
				  gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio;

	if (unlikely(!src)) {
		bset_complain(bset_of(bs), BSET_NO_SOURCE,
			      "no bio to clone or split: NULL");
		return NULL;
	}
	if (unlikely(bs && !bset_of(bs)))
		return bset_is_initialised(bs)
			       ? bset_kernel_clone(bdev, src, gfp, bs)
			       : NULL;
	if (unlikely(bset_bio_has_payload(src)) ||
	    !static_branch_likely(&bset_quick_init))
		return bset_clone_payload(bdev, src, gfp, bs);

	bio = bset_alloc(NULL, 0, src->bi_opf, gfp, bs);
	if (unlikely(!bio))
		return NULL;
	bset_clone_fields(bio, src, bdev);
	return bio;
}

/**
 * bset_clone() - allocate a bio that shares another one's array
 * @bdev:	the device that the clone is for, or NULL
 * @src:	the bio to clone; its array must outlive the clone
 * @gfp:	see bset_alloc()
 * @bs:		see bset_alloc(); needs no arrays
 *
 * bio_alloc_clone() of this header.
 *
 * Context: see bset_alloc().
 * Return: the clone, or NULL as for bset_alloc() and if there is no memory for
 * @src's integrity or encryption data, which come from elsewhere; also if @src
 * has both, with the kernel's warning: no kernel supports that; or, with a warning,
 * if @src is NULL.
 */
struct bio *bset_clone(struct block_device *bdev, struct bio *src, gfp_t gfp,
		       struct bio_set *bs)
{
	struct bio *bio = bset_clone_bio(bdev, src, gfp, bs);

	if (bio && !bdev)
		bset_clone_for_none(bio);
	return bio;
}
EXPORT_SYMBOL_GPL(bset_clone);

/**
 * bset_clone_4_6() - bset_clone() with the arguments of 4.6
 * @src:	see bset_clone(); the clone is for the same device
 * @gfp:	see bset_clone()
 * @bs:		see bset_clone()
 *
 * bio_clone_fast() of this header.
 *
 * Context: see bset_clone().
 * Return: see bset_clone().
 */
struct bio *bset_clone_4_6(struct bio *src, gfp_t gfp, struct bio_set *bs)
{
	return bset_clone_bio(src ? bset_clone_dev(src) : NULL, src, gfp, bs);
}
EXPORT_SYMBOL_GPL(bset_clone_4_6);

/* Callers test for what their kernel's bio_split() returns when it fails. */
static struct bio *bset_split_error(int err)
{
	return bset_split_gives_err_ptr ? ERR_PTR(err) : NULL;
}

static bool bset_can_split(struct bio *bio, int sectors, struct bio_set *bs)
{
	if (!bio)
		bset_complain(bset_of(bs), BSET_NO_SOURCE,
			      "no bio to clone or split: NULL");
	else if (sectors <= 0 || sectors >= bio_sectors(bio))
		bset_complain(bset_of(bs), BSET_BAD_SPLIT,
			      "cannot split %d of %u sectors", sectors,
			      bio_sectors(bio));
	else if (bio_op(bio) == REQ_OP_ZONE_APPEND)
		bset_complain(bset_of(bs), BSET_SPLIT_APPEND,
			      "cannot split a zone append");
	else
		return !(bio->bi_opf & BSET_REQ_ATOMIC);
	return false;
}

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
 * Return: a bio for the front.  When it fails, @bio is as it was and this
 * returns what the kernel's bio_split() returns then: NULL, or since 6.13 an
 * error pointer: -ENOMEM as for bset_clone(); -EINVAL if @bio is an atomic
 * write, or, with a warning, if @sectors is out of range, @bio appends to a zone
 * or is NULL.
 */
struct bio *bset_split(struct bio *bio, int sectors, gfp_t gfp,
		       struct bio_set *bs)
{
	struct bio *split;

	if (!bset_can_split(bio, sectors, bs))
		return bset_split_error(-EINVAL);
	split = bset_clone_4_6(bio, gfp, bs);
	if (!split)
		return bset_split_error(-ENOMEM);
	bset_split_fields(split, bio, sectors);
	/*
	 * As the kernel does, so that blktrace sees the bio queued once; but
	 * track.c has to see the front submitted.
	 */
	if (bio_flagged(bio, BIO_TRACE_COMPLETION) &&
	    !static_branch_unlikely(&bset_slow))
		bio_set_flag(split, BIO_TRACE_COMPLETION);
	return split;
}
EXPORT_SYMBOL_GPL(bset_split);
