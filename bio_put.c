// SPDX-License-Identifier: GPL-2.0
/*
 * bio_put()
 *
 * The ways of a bio that is put here:
 *
 *   bset_put() -- last reference? -- this CPU's list has room -----> list
 *      |               |                     | full
 *      |               |                     +-> bset_put_spill() -> depot
 *      |               | a reserve is short, 128 vecs, an interrupt
 *      |               +-> bset_put_slow() -> bset_release(): reserve, cache,
 *      |                      |               slab
 *      |                      +- array of the kernel's: its bio_put(), which
 *      |                         frees the array and comes back by the face
 *      +- some set is starved or tracked: bset_put_watched() -> bset_put_slow()
 *      +- references were taken: bset_put_reffed() -> bset_put_slow()
 *      +- not ours, the NULL set, of no set: bset_put_foreign() -> the kernel's
 *      +- the kernel took it from a set of ours: bset_put_foreign(), as above
 *
 * Three noinline keep bset_put() a function without a stack frame: without them
 * bset_alloc() and it take 119 instructions together, with them 116.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/bio.h>

#include "internal.h"

/* Past this CPU's list. */
static void bset_put_slow(struct bio *bio)
{
	const unsigned long kind = bset_array_kind(bio);

	if (kind == BSET_INLINE || kind == BSET_256) {
		if (unlikely(bset_bio_has_extras(bio)))
			bio_uninit(bio);
		bset_release(bio->bi_pool->bio_pool.pool_data, bio);
	} else {
		bio_clear_flag(bio, BIO_REFFED);
		bio->bi_opf &= ~REQ_ALLOC_CACHE; /* 6.1 warns in interrupts */
		bio_put(bio);
	}
}

/* This CPU's list is full: begin another one.  Or it has the bio already. */
static void bset_put_spill(struct bio *bio)
{
	struct bset *set = bset_of_home(bio->bi_pool);

	switch (bset_cache_push(set->cpu, bset_array_kind(bio), bio)) {
	case BSET_PUSHED:
		bset_count_put(set);
		break;
	case BSET_NO_ROOM:
		bset_put_slow(bio);
		break;
	case BSET_WAS_FREE: /* it was counted before */
		bset_complain_free(set, bio);
		break;
	}
}

/* Something hangs on the bio, as on each that was submitted. */
static noinline void bset_put_extras(struct bio *bio)
{
	bio_uninit(bio);
	bset_put_spill(bio);
}

/* Drops one of several references; true if it was the last. */
static bool bset_put_ref(struct bio *bio)
{
	struct bset *set = bset_of(bio->bi_pool);

	if (atomic_read(&bio->__bi_cnt) <= 0) {
		bset_complain(set, BSET_NO_REFS,
			      "%s: bio_put() of a bio without references",
			      set ? set->name : "no set");
		return false;
	}
	return atomic_dec_and_test(&bio->__bi_cnt);
}

/* One that no set allocated: its owner embeds it, and there is no last put. */
static bool bset_put_unpooled(struct bio *bio)
{
	if (bio->bi_pool || bset_kernel_frees_unpooled())
		return false;
	if (bio_flagged(bio, BIO_REFFED) && !bset_put_ref(bio))
		return true;
	bset_complain(NULL, BSET_OF_NO_SET,
		      "bio_put() of a bio that is of no set");
	return true;
}

/* Some set is starved or tracked, maybe this one: nothing goes by the list. */
static noinline void bset_put_watched(struct bio *bio)
{
	struct bset *set = bio->bi_pool->bio_pool.pool_data;

	if (bset_tracked(set) && !bset_track_may_put(set, bio))
		return;
	if (bio_flagged(bio, BIO_REFFED) && !bset_put_ref(bio))
		return;
	bset_put_slow(bio);
}

/*
 * Not one that bset_alloc() gave out: for the kernel's bio_put(), if for anybody's.
 * One that the kernel took from a set of ours may be as good as ours.
 */
static void bset_put_foreign(struct bio *bio)
{
	const bool ours = bset_is_ours(bio->bi_pool);

	if (bset_put_unpooled(bio))
		return;
	if (ours && !bset_kernel_takes)
		return bset_put_watched(bio);
	if (ours || bio->bi_pool == &bset_null)
		bio->bi_opf &= ~REQ_ALLOC_CACHE; /* 6.1 warns in interrupts */
	bio_put(bio);
}

/* Somebody held a second reference once, and maybe still does. */
static noinline void bset_put_reffed(struct bio *bio)
{
	if (!bset_put_ref(bio))
		return;
	bio_clear_flag(bio, BIO_REFFED);
	bset_put_slow(bio);
}

/**
 * bset_put() - drop a reference to a bio, the last one frees it
 * @bio:	a bio of any set; not NULL.  The last put of a bio that no
 *		set allocated (its bi_pool is NULL) frees nothing, with a
 *		warning; before 5.19, where the kernel's bio_put() frees it as
 *		one of bio_kmalloc(), so does this.
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

	if (unlikely(!bset_is_home(bio->bi_pool)))
		return bset_put_foreign(bio);
	if (static_branch_unlikely(&bset_slow))
		return bset_put_watched(bio);
	if (unlikely(bio_flagged(bio, BIO_REFFED)))
		return bset_put_reffed(bio);

	set = bset_of_home(bio->bi_pool);
	kind = bset_array_kind(bio);
	smp_rmb(); /* see struct bset_pool */
	if (unlikely(kind == BSET_NR_KINDS) || bset_pool_short(&set->bio) ||
	    (kind == BSET_256 && bset_pool_short(&set->vec)))
		return bset_put_slow(bio);
	if (unlikely(bset_bio_has_extras(bio)))
		return bset_put_extras(bio);
	if (unlikely(!bset_cpu_claim(set->cpu, &c)))
		return bset_put_slow(bio);
	if (unlikely(!bset_list_has_room(c, kind) ||
		     bset_list_has(c, kind, bio))) {
		bset_cpu_release(c);
		return bset_put_spill(bio);
	}
	bset_list_push(c, kind, bio);
	bset_cpu_release(c);
	bset_count_put(set);
}
EXPORT_SYMBOL_GPL(bset_put);
