/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of bioset_core share
 *
 * The files stand on floors, and every call goes down:
 *
 *   bioset.c           sets: make, unmake, names, the list; the module
 *   try.c tryclone.c   what the code relies on, tried when the module loads
 *   debugfs.c          the files under /sys/kernel/debug/bioset
 *   forward.c          kernel functions that are given a set, done with ours
 *   bio_alloc.c        alloc, clone, split
 *   bio_put.c          put
 *   face.c             the two bio_sets that the kernel sees; the NULL set
 *   release.c          a bio that comes back
 *   mempool_glue.c     reserves: get, put, wait
 *   class.c            slabs and caches that sets of one layout share
 *   stall.c            reports of long waits
 *   track.c            who has which bio
 *   rescuer.c          resubmits bios that wait behind an allocation
 *   starve.c           takes memory away for a test; the key of the slow paths
 *   trace.h            tracepoints
 *   stats.c            counts
 *   cache.c            per-CPU lists
 *   complain.c         says what a caller does wrong
 *   layout.h compat.h  what differs between kernels
 *
 * The structs below are everybody's to look at: stats.c reads how much is in a
 * reserve, track.c whether it is short.  Who changes one is the file that the map
 * names for it.
 */
#ifndef BSET_INTERNAL_H
#define BSET_INTERNAL_H

#include <linux/bio.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/percpu.h>

#include "bioset.h"
#include "cache.h"
#include "compat.h"
#include "layout.h"
#include "track.h"

#define BSET_NAME_LEN 72

/* Of the histogram of waits: 0, 1, 2…3, 4…7 µs, and so on; the last is open. */
#define BSET_WAIT_BUCKETS 32

/* Bits that no bio can be allocated with; see bset_alloc(). */
#define BSET_GFP_BAD (__GFP_ZERO | __GFP_COMP | GFP_ZONEMASK | ~__GFP_BITS_MASK)

/*
 * The part of a pool that waits: a reserve of objects that have already been
 * taken from the slab.  An object is a bio or an array, whatever precedes it
 * in its slab.
 *
 * The barriers, once for all that follow.  A put has to refill a reserve that
 * is short, and looks without a lock whether it is.  For an object that came
 * from the reserve the order is:
 *
 *   1. The task that takes it lowers curr_nr.  Then mempool_alloc() runs
 *      smp_wmb().
 *   2. The same task stores a pointer to the object, by which others find it.
 *   3. The task that puts the object reads this pointer.  Then it runs smp_rmb()
 *      and reads curr_nr.
 *
 * Since 3 saw the store of 2, it sees the lower number of 1 as well, unless the
 * reserve has been whole again since.  A put of an object from elsewhere may see
 * an old number.  That is harmless: somebody waits only while all objects of the
 * reserve are out, and each of them is put some day.
 *
 * Hence the rule: smp_rmb() between reading a pointer to a bio that is to be put
 * and the first bset_pool_short() or bset_reserve_push() for it.
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
	unsigned long from_reserve;
};

struct bset_class;
struct bset_tracking;

/*
 * The private half of a set.  The public half is the driver's bio_set, and leads
 * here by bio_pool.pool_data.
 */
struct bset {
	/*
	 * The bi_pool of each bio that bset_alloc() gives out, so that nobody
	 * takes such bios for those that the kernel's own functions took from
	 * the public half.  First, because then its address is the set's: the
	 * fast paths have nothing to add.
	 */
	struct bio_set home;
	/*
	 * Read by every allocation and put, written only while the set is made
	 * and by whoever takes from the reserves.
	 */
	struct bset_cpu_cache __percpu *cpu;
	struct bset_counts __percpu *counts;
	unsigned int max_vecs; /* 256, or 0 for a set without arrays */
	struct bset_pool bio;
	struct bset_pool vec;

	/*
	 * The driver's.  Nobody but what the driver calls may follow it: a driver
	 * that forgets bioset_exit() takes its memory along.
	 */
	struct bio_set *bs;
	struct bset_class *class;
	bool owns_bs; /* made by bset_create() */
	unsigned int pool_size;

	/*
	 * Written on slow paths only.  starve and tracking are knobs: set under
	 * @knobs and read without, since an allocation that still sees the old
	 * value is one that came before.
	 */
	struct mutex knobs;
	unsigned int starve;
	atomic_t attempts; /* under starvation, to find each Nth */
	atomic64_t punted;
	atomic64_t rescued;
	atomic64_t failed;
	atomic64_t waits;
	atomic_t waiting; /* tasks that sleep now */
	atomic64_t stalls;
	atomic64_t misuses;
	atomic64_t longest_wait; /* ns */
	atomic_t wait_us_log2[BSET_WAIT_BUCKETS];
	unsigned long last_stall; /* jiffies, 0 = none */
	struct bset_tracking *tracking; /* NULL until it is first switched on */
	unsigned long complained; /* a bit for each enum bset_mistake */

	struct workqueue_struct *rescue_workqueue; /* NULL: no rescuer */
	struct work_struct rescue_work;
	spinlock_t rescue_lock; /* of rescue_list */
	struct bio_list rescue_list;

	struct list_head all;
	struct hlist_node by_address; /* of bs */
	struct list_head shown; /* debugfs.c */
	struct dentry *dir;
	const struct module *module; /* compared only */
	char owner[MODULE_NAME_LEN];
	char name[BSET_NAME_LEN];
};

/* debugfs.c */
void bset_debugfs_start(void);
void bset_debugfs_stop(void);
void bset_debugfs_add(struct bset *set);
void bset_debugfs_del(struct bset *set);

/* try.c */
int bset_try_kernel(void);

/* tryclone.c */
int bset_try_clones(struct bio_set *bs, struct bio_vec *vecs);

/* bio_alloc.c */
extern bool bset_split_gives_err_ptr;

DECLARE_STATIC_KEY_TRUE(bset_quick_init);

/* face.c */
void *bset_face_alloc_bio(gfp_t gfp, void *data);
void *bset_home_alloc_bio(gfp_t gfp, void *data);
int bset_face_init(struct bset *set);
int bset_home_init(struct bset *set);
void bset_face_exit(struct bio_set *bs);
int bset_null_init(void);
void bset_null_exit(void);
struct bio *bset_null_get(enum bset_kind kind, gfp_t gfp);
int bset_face_pool_init(mempool_t *pool, mempool_alloc_t *alloc,
			mempool_free_t *free, void *data);
void bset_face_set_cache(struct bio_set *bs);
void bset_face_fill_cache(unsigned int lists);
extern struct bio_set bset_null;

/* release.c */
void bset_release(struct bset *set, struct bio *bio);
void bset_release_uncounted(struct bset *set, struct bio *bio);
int bset_set_track(struct bset *set, bool on, bool exact);
void bset_track_stop(struct bset *set);

/* mempool_glue.c */
int bset_pools_init(struct bset *set, unsigned int front_pad, bool vecs);
void bset_pools_exit(struct bset *set);
void bset_pools_starve(struct bset *set, unsigned int nth);
void *bset_pool_get(struct bset_pool *pool, gfp_t gfp, dev_t dev);
void bset_pool_put(struct bset_pool *pool, void *obj);

/* class.c */
extern bool bset_kernel_takes;
int bset_classes_start(void);
void bset_classes_stop(void);
int bset_classes_get(struct bset *set, unsigned int front_pad, bool vecs);
void bset_classes_put(struct bset *set);
struct bio_vec *bset_kernel_array(enum bset_kind kind, gfp_t gfp);
void *bset_slab_get(struct bset_pool *pool, gfp_t gfp);
void bset_slab_put(struct bset_pool *pool, void *obj);

/* stall.c */
extern unsigned int bset_second_ms;
void bset_stall_check(struct bset_pool *pool, gfp_t gfp, dev_t dev,
		      unsigned long since, unsigned long *next);

/* rescuer.c */
void bset_rescuer_prepare(struct bset *set);
int bset_rescuer_init(struct bset *set);
void bset_rescuer_exit(struct bset *set);
bool bset_has_rescuer(const struct bset *set);
void bset_rescue_punt(void);
unsigned int bset_rescue_pending(struct bset *set);

/* starve.c; the key bset_slow is declared in bioset.h */
void bset_slow_get(void);
void bset_slow_put(void);
bool bset_starved(struct bset *set);
void bset_set_starve(struct bset *set, unsigned int nth);

/* complain.c */
enum bset_mistake {
	BSET_NO_ARRAYS,
	BSET_BAD_GFP,
	BSET_IN_USE,
	BSET_EMBEDDED,
	BSET_FOREIGN,
	BSET_PUT_TWICE,
	BSET_NO_REFS,
	BSET_BAD_SPLIT,
	BSET_SPLIT_APPEND,
	BSET_NOT_INITIALISED,
	BSET_OF_NO_SET,
	BSET_NO_SOURCE,
};

void __printf(3, 4) bset_complain(struct bset *set, enum bset_mistake mistake,
				  const char *fmt, ...);
void bset_complain_free(struct bset *set, const void *obj);

/* stats.c */
unsigned long bset_in_flight(struct bset *set, unsigned long *allocs,
			     unsigned long *puts);
void bset_read_stats(struct bset *set, struct bioset_stats *stats);
void bset_note_wait(struct bset *set, u64 ns);

/* In jiffies, for whoever waits: tests make it shorter or longer. */
static inline unsigned long bset_second(void)
{
	return msecs_to_jiffies(READ_ONCE(bset_second_ms));
}

/* Whether @bs is the public half of a set: nobody else can have our callback. */
static inline bool bset_is_ours(const struct bio_set *bs)
{
	return likely(bs && bs->bio_pool.alloc == bset_face_alloc_bio);
}

/* Whether @bs is what bios of ours have as bi_pool. */
static inline bool bset_is_home(const struct bio_set *bs)
{
	return likely(bs && bs->bio_pool.alloc == bset_home_alloc_bio);
}

static inline struct bset *bset_of_home(struct bio_set *home)
{
	return container_of(home, struct bset, home);
}

/* The set that @bs is the public half or the home of, or NULL if of none. */
static inline struct bset *bset_of(const struct bio_set *bs)
{
	return bset_is_ours(bs) || bset_is_home(bs) ? bs->bio_pool.pool_data
						    : NULL;
}

/* Whether a put has to refill a reserve of @pool; see struct bset_pool. */
static inline bool bset_pool_short(const struct bset_pool *pool)
{
	/* Read without the lock on purpose, see there. */
	return unlikely(data_race(pool->reserve.curr_nr) <
			pool->reserve.min_nr);
}

/*
 * A set that was ever tracked.  Asked first, so that one that is only starved
 * does not pay for the other's records.
 */
static inline bool bset_tracked(const struct bset *set)
{
	return static_branch_unlikely(&bset_slow) && READ_ONCE(set->tracking);
}

static inline void bset_count_alloc(struct bset *set)
{
	this_cpu_inc(set->counts->allocs);
}

/*
 * A bio is back.  The caller's last access to the set: bset_exit() frees it
 * when the sum is right.
 */
static inline void bset_count_put(struct bset *set)
{
	bset_mb_before_inc(); /* pairs with smp_mb() in bset_in_flight() */
	this_cpu_inc(set->counts->puts);
}

#endif /* BSET_INTERNAL_H */
