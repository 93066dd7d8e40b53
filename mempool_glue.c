// SPDX-License-Identifier: GPL-2.0
/*
 * Reserves: what a set falls back on when there is no memory
 *
 * A set has a pool for its bios and, if these have vecs, one for 256-entry
 * arrays.  A pool is a mempool filled when the set is made, and the way to and
 * from the class's cache and slab.  Here allocations wait.
 */
#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"
#include "trace.h"

/*
 * What mempool does too: never dip into the emergency reserves of the page
 * allocator, never loop there, do not warn.  We have a reserve of our own.
 */
static gfp_t bset_pool_gfp(gfp_t gfp)
{
	return (gfp & ~__GFP_NOFAIL) | __GFP_NOMEMALLOC | __GFP_NORETRY |
	       __GFP_NOWARN;
}

/* The first attempt neither sleeps nor starts I/O: the reserve is cheaper. */
static gfp_t bset_pool_quick_gfp(gfp_t gfp)
{
	return bset_pool_gfp(gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_IO));
}

/*
 * The reserve's callbacks.  The mempool is asked for what is in the reserve
 * only, when the cache and the slab have failed already, so its attempt to
 * allocate must fail at once.
 */
static void *bset_reserve_alloc(gfp_t gfp, void *data)
{
	struct bset_pool *pool = data;

	return pool->filled ? NULL : bset_slab_get(pool, gfp);
}

static void bset_reserve_free(void *obj, void *data)
{
	bset_slab_put(data, obj);
}

/*
 * From the reserve, or NULL.  What the mempool tries first, its callback, finds
 * nothing whatever the gfp mask; without %__GFP_DIRECT_RECLAIM it does not
 * sleep.
 */
static void *bset_reserve_pop(struct bset_pool *pool, gfp_t gfp, dev_t dev)
{
	void *obj = mempool_alloc(&pool->reserve, GFP_NOWAIT | __GFP_NOWARN);

	if (!obj)
		return NULL;
	this_cpu_inc(pool->set->counts->from_reserve);
	trace_bioset_reserve_take(pool, gfp, dev);
	return obj;
}

/* To the reserve, if it is short.  smp_rmb() has run, see struct bset_pool. */
static bool bset_reserve_push(struct bset_pool *pool, void *obj)
{
	void *fresh;

	if (!bset_pool_short(pool))
		return false;
	/*
	 * Whoever still uses @obj is to meet KASAN, so the reserve gets another
	 * object for it, if there is one.
	 */
	if (BSET_POISON_FREED && !bset_caches_used()) {
		fresh = bset_slab_get(pool, GFP_NOWAIT | __GFP_NOWARN);
		if (fresh) {
			bset_slab_put(pool, obj);
			obj = fresh;
		}
	}
	mempool_free(obj, &pool->reserve);
	trace_bioset_reserve_refill(pool);
	return true;
}

/* Everything that does not sleep: cache, slab, reserve. */
static void *bset_pool_try(struct bset_pool *pool, gfp_t gfp, dev_t dev)
{
	void *obj;

	if (!bset_starved(pool->set)) {
		obj = bset_cache_pop(pool->cache->cpu, 0);
		if (!obj)
			obj = bset_slab_get(pool, bset_pool_quick_gfp(gfp));
		if (obj)
			return obj;
	}
	return bset_reserve_pop(pool, gfp, dev);
}

/* The slab again, which may now reclaim memory. */
static void *bset_pool_reclaim(struct bset_pool *pool, gfp_t gfp)
{
	return bset_starved(pool->set)
		       ? NULL
		       : bset_slab_get(pool, bset_pool_gfp(gfp));
}

/*
 * Sleeps until an object is put.
 *
 * No wake-up is lost: we are on the wait queue before we look at the reserve,
 * and mempool_free() adds to the reserve before it wakes the queue.  The
 * time-out is not for that; it makes us notice when the slab has memory again,
 * which nobody tells us.
 */
static void *bset_pool_wait(struct bset_pool *pool, gfp_t gfp, dev_t dev)
{
	unsigned long since = jiffies, next_report = 0;
	const u64 start = ktime_get_ns();
	struct bset *set = pool->set;
	bool timed_out;
	u64 waited;
	void *obj;

	atomic64_inc(&set->waits);
	atomic_inc(&set->waiting);
	trace_bioset_wait_begin(pool, gfp, dev);
	do {
		DEFINE_WAIT(wait);

		timed_out = false;
		prepare_to_wait(&pool->reserve.wait, &wait,
				TASK_UNINTERRUPTIBLE);
		obj = bset_pool_try(pool, gfp, dev);
		if (!obj)
			timed_out = !io_schedule_timeout(bset_second());
		finish_wait(&pool->reserve.wait, &wait);
		if (timed_out) {
			bset_stall_check(pool, gfp, dev, since, &next_report);
			obj = bset_pool_reclaim(pool, gfp);
		}
	} while (!obj);
	waited = ktime_get_ns() - start;
	atomic_dec(&set->waiting);
	bset_note_wait(set, waited);
	trace_bioset_wait_end(pool, gfp, dev, waited);
	return obj;
}

/**
 * bset_pool_get() - get a bio or an array for a set
 * @pool:	one of the set's pools
 * @gfp:	with %__GFP_DIRECT_RECLAIM this sleeps until there is one
 * @dev:	the device that the bio is for, 0 if that is not known; the
 *		tracepoints say it
 *
 * Context: task context with %__GFP_DIRECT_RECLAIM, else any but NMI.
 * Return: the object, NULL only without %__GFP_DIRECT_RECLAIM.
 */
void *bset_pool_get(struct bset_pool *pool, gfp_t gfp, dev_t dev)
{
	void *obj = bset_pool_try(pool, gfp, dev);

	if (likely(obj) || !(gfp & __GFP_DIRECT_RECLAIM))
		return obj;
	/*
	 * From here on we may sleep, if only for reclaim's own I/O: what is
	 * queued behind us must not be what we wait for.
	 */
	bset_rescue_punt();
	obj = bset_pool_reclaim(pool, gfp);
	return obj ?: bset_pool_wait(pool, gfp, dev);
}

/**
 * bset_pool_put() - give an object back: to the reserve, the cache or the slab
 * @pool:	the pool that it came from
 * @obj:	the object
 *
 * The reserve comes first, so the cache cannot starve it.
 *
 * Context: any but NMI.
 */
void bset_pool_put(struct bset_pool *pool, void *obj)
{
	enum bset_pushed pushed;

	smp_rmb(); /* see struct bset_pool */
	if (bset_reserve_push(pool, obj))
		return;
	pushed = bset_cache_push(pool->cache->cpu, 0, obj);
	if (pushed == BSET_NO_ROOM)
		bset_slab_put(pool, obj);
	else if (pushed == BSET_WAS_FREE)
		bset_complain_free(pool->set, obj);
}

static int bset_pool_init(struct bset_pool *pool, struct bset *set)
{
	int ret;

	pool->set = set;
	ret = mempool_init(&pool->reserve, set->pool_size, bset_reserve_alloc,
			   bset_reserve_free, pool);
	pool->filled = true;
	return ret;
}

/**
 * bset_pools_init() - fill a set's reserves
 * @set:	a set with its pool_size
 * @front_pad:	bytes before each bio, aligned for one
 * @vecs:	whether the set has arrays
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM; bset_pools_exit() is right in both cases.
 */
int bset_pools_init(struct bset *set, unsigned int front_pad, bool vecs)
{
	int ret;

	ret = bset_classes_get(set, front_pad, vecs);
	if (!ret)
		ret = bset_pool_init(&set->bio, set);
	if (!ret && vecs)
		ret = bset_pool_init(&set->vec, set);
	return ret;
}

/**
 * bset_pools_starve() - starve a set, or feed it again
 * @set:	the set
 * @nth:	as for bset_set_starve()
 *
 * Context: task context, may sleep; takes the set's lock for knobs.
 */
void bset_pools_starve(struct bset *set, unsigned int nth)
{
	bset_set_starve(set, nth);
	/* Who waits for the reserve alone may find memory now. */
	wake_up_all(&set->bio.reserve.wait);
	if (set->max_vecs)
		wake_up_all(&set->vec.reserve.wait);
}

/**
 * bset_pools_exit() - give a set's reserves back
 * @set:	a set without bios in flight, complete or not
 *
 * Context: task context, may sleep.
 */
void bset_pools_exit(struct bset *set)
{
	mempool_exit(&set->bio.reserve);
	mempool_exit(&set->vec.reserve);
	bset_classes_put(set);
}
