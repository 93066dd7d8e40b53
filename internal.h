/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of bioset_core share
 */
#ifndef BSET_INTERNAL_H
#define BSET_INTERNAL_H

/* Inside the module the documented names mean the kernel's functions. */
#define BIOSET_NO_DOCUMENTED_NAMES

#include <linux/bio.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/percpu.h>

#include "bioset.h"
#include "cache.h"
#include "compat.h"

#define BSET_NAME_LEN 64

/*
 * Kinds of bios in a class's cache.  The sizes of the arrays are the kernel's:
 * its bio_put() knows by bi_max_vecs where an array goes.
 */
enum bset_kind {
	BSET_INLINE, /* 0…4 vecs, behind the bio */
	BSET_16, /* 5…16, an array of the kernel's biovec slab */
	BSET_64, /* 17…64, likewise */
	BSET_256, /* 65…256, an array of ours */
	BSET_NR_KINDS
};

/* Bits that no bio can be allocated with; see bset_alloc(). */
#define BSET_GFP_BAD (__GFP_ZERO | __GFP_COMP | GFP_ZONEMASK | ~__GFP_BITS_MASK)

/*
 * The part of a pool that waits: a reserve of objects that have already been
 * taken from the slab.  An object is a bio or an array, whatever precedes it
 * in its slab.
 */
struct bset_pool {
	mempool_t reserve;
	struct bset *set;
	struct kmem_cache *slab;
	struct bset_cache *cache;
	unsigned int pad; /* bytes of the slab's object before ours */
	bool filled;
};

/* Each CPU's share; their sums are right whichever CPU counted. */
struct bset_counts {
	unsigned long allocs;
	unsigned long puts;
};

struct bset_class;
struct bset_tracking;
struct seq_file;

/* The private half of a set; bio_pool.pool_data of the public half leads here. */
struct bset {
	/* Read by every allocation and put, written only while the set is made
	 * and by whoever takes from the reserves.
	 */
	struct bset_cpu_cache __percpu *cpu;
	struct bset_counts __percpu *counts;
	unsigned int max_vecs; /* 256, or 0 for a set without arrays */
	bool reserve_only; /* starve is 1, and it was never tracked */
	struct bset_pool bio;
	struct bset_pool vec;

	struct bio_set *bs;
	struct bset_class *class;
	bool owns_bs; /* made by bset_create() */
	unsigned int pool_size;

	/* Written on slow paths only.  starve and reserve_only are knobs: set
	 * under sets_lock and read without, since an allocation that still
	 * sees the old value is one that came before.
	 */
	unsigned int starve;
	atomic_t attempts; /* under starvation, to find each Nth */
	atomic64_t punted;
	atomic64_t rescued;
	atomic64_t waits;
	atomic64_t stalls;
	atomic64_t misuses;
	atomic64_t longest_wait; /* jiffies */
	unsigned long last_stall; /* jiffies, 0 = none */
	struct bset_tracking *tracking; /* NULL until it is first switched on */

	struct list_head all;
	struct dentry *dir;
	char owner[MODULE_NAME_LEN];
	char name[BSET_NAME_LEN];
};

/* On when any set is starved or tracked: every allocation and put then takes
 * the slow path, where these are looked at.
 */
DECLARE_STATIC_KEY_FALSE(bset_slow);

/* bioset.c */
unsigned long bset_in_flight(struct bset *set, unsigned long *allocs,
			     unsigned long *puts);
void bset_read_stats(struct bset *set, struct bioset_stats *stats);

/* mempool_glue.c */
int bset_pools_init(struct bset *set, unsigned int front_pad, bool vecs);
void bset_pools_exit(struct bset *set);
void *bset_pool_get(struct bset_pool *pool, gfp_t gfp);
void bset_pool_put(struct bset_pool *pool, void *obj);
void bset_release(struct bset *set, struct bio *bio);
void bset_release_parts(struct bset *set, struct bio *bio);
unsigned long bset_class_cached(struct bset *set);
void *bset_face_alloc_bio(gfp_t gfp, void *data);
int bset_face_init(struct bset *set, unsigned int front_pad, bool vecs);
void bset_face_exit(struct bio_set *bs);
void bset_set_starve(struct bset *set, unsigned int nth);
int bset_null_init(void);
void bset_null_exit(void);
extern struct bio_set bset_null;

/* rescuer.c */
void bset_rescuer_prepare(struct bio_set *bs);
int bset_rescuer_init(struct bset *set);
void bset_rescuer_exit(struct bset *set);
void bset_rescue_punt(struct bset *set);
unsigned int bset_rescue_pending(struct bset *set);

/* stall.c */
void bset_stall_check(struct bset_pool *pool, unsigned long since,
		      unsigned long *next);

/* track.c; all but switch, init and exit expect bset_slow to be on */
enum bset_back {
	BSET_BACK_PUT, /* put it, as if nothing was tracked */
	BSET_BACK_KEPT, /* it is back, and track.c has it */
	BSET_BACK_REFUSED, /* it was not out: leave it alone */
};

int bset_track_init(struct bset *set);
void bset_track_exit(struct bset *set);
int bset_track_switch(struct bset *set, bool on, bool exact);
bool bset_track_is_on(const struct bset *set);
void bset_track_before(struct bset *set, gfp_t gfp);
void bset_track_out(struct bset *set, struct bio *bio);
bool bset_track_may_put(struct bset *set, struct bio *bio);
enum bset_back bset_track_back(struct bset *set, struct bio *bio);
unsigned int bset_track_held(struct bset *set);
void bset_track_oldest(struct bset *set);
void bset_track_show(struct seq_file *m, struct bset *set);

/* stats.c */
void bset_stats_start(void);
void bset_stats_stop(void);
void bset_stats_add(struct bset *set);
void bset_stats_del(struct bset *set);

/* Nobody else can have our callback. */
static __always_inline bool bset_is_ours(const struct bio_set *bs)
{
	return likely(bs && bs->bio_pool.alloc == bset_face_alloc_bio);
}

/* The private half of @bs, or NULL if it is not one of ours. */
static __always_inline struct bset *bset_of(const struct bio_set *bs)
{
	return bset_is_ours(bs) ? bs->bio_pool.pool_data : NULL;
}

/* Which kind holds @nr_vecs, 0…256. */
static __always_inline unsigned long bset_kind(unsigned int nr_vecs)
{
	if (nr_vecs <= BSET_INLINE_VECS)
		return BSET_INLINE;
	/* Each kind is four times the one before: 4, 16, 64, 256. */
	return __fls(nr_vecs - 1) / 2;
}

/*
 * Whether a put has to refill a reserve of @pool.
 *
 * For what makes this check without the lock sufficient see bset_pool_put().
 */
static __always_inline bool bset_pool_short(const struct bset_pool *pool)
{
	/* Read without the lock on purpose, see there. */
	return unlikely(data_race(pool->reserve.curr_nr) <
			pool->reserve.min_nr);
}

/*
 * From the reserve, or NULL.  What the mempool tries first, its callback, finds
 * nothing whatever the gfp mask; without %__GFP_DIRECT_RECLAIM it does not
 * sleep.
 */
static __always_inline void *bset_reserve_pop(struct bset_pool *pool)
{
	return mempool_alloc(&pool->reserve, GFP_NOWAIT | __GFP_NOWARN);
}

/* To the reserve, if it is short; the caller has seen smp_rmb() since it got
 * hold of @obj.
 */
static __always_inline bool bset_reserve_push(struct bset_pool *pool, void *obj)
{
	if (!bset_pool_short(pool))
		return false;
	mempool_free(obj, &pool->reserve);
	return true;
}

/* A set that was ever tracked.  Asked first, so that one that is only starved
 * does not pay for the other's records.
 */
static __always_inline bool bset_tracked(const struct bset *set)
{
	return static_branch_unlikely(&bset_slow) && READ_ONCE(set->tracking);
}

/* A bio leaves the set, on a path that is not the fast one. */
static inline void bset_count_alloc(struct bset *set, struct bio *bio)
{
	this_cpu_inc(set->counts->allocs);
	if (bset_tracked(set))
		bset_track_out(set, bio);
}

/* A bio is back.  The caller's last access to the set: bset_exit() frees it
 * when the sum is right.
 */
static __always_inline void bset_count_put(struct bset *set)
{
	smp_mb__before_atomic(); /* pairs with smp_mb() in bset_in_flight() */
	this_cpu_inc(set->counts->puts);
}

#endif /* BSET_INTERNAL_H */
