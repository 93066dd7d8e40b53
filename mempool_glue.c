// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of bios and arrays comes from
 *
 * The only file that talks to kmem_cache and mempool.  Three layers:
 *
 *   class    a slab and the per-CPU cache before it, shared by all sets of the
 *            same layout (front_pad, with or without inline vecs)
 *   pool     a set's reserve, a mempool, and the way to and from its class
 *   face     the mempools in the public struct bio_set.  They are what the
 *            kernel's own bio_put() and bio_alloc_bioset() use; their callbacks
 *            lead to the pools.
 *
 * The faces hold nothing themselves (min_nr 0), so that every bio that the
 * kernel frees comes through our callback.  This is what makes the count of
 * bios in flight exact, and it is why a late bio_put() is safe: once our
 * callback is called, mempool_free() touches the public struct no more.
 */
#include <linux/cache.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"

struct bset_class {
	struct bset_cache cache; /* first: release callbacks cast back */
	struct kmem_cache *slab;
	struct list_head all;
	unsigned int users;
	unsigned int front_pad;
	bool vecs;
};

static_assert(offsetof(struct bio, bi_next) == offsetof(struct bset_obj, next));
static_assert(offsetof(struct bio, bi_bdev) ==
	      offsetof(struct bset_obj, no_bdev));
/* What a cached bio keeps must lie behind what the cache overwrites. */
static_assert(offsetof(struct bio, bi_max_vecs) >= sizeof(struct bset_obj));

/* Protects the classes and their users.  Taken before slab_mutex and
 * caches_lock, never from a CPU hotplug callback.
 */
static DEFINE_MUTEX(class_lock);
static LIST_HEAD(classes);
static unsigned int class_serial;
static struct bset_class vec_class; /* the 256-entry arrays of all sets */

DEFINE_STATIC_KEY_FALSE(bset_slow);

static void release_vecs(struct bset_cache *cache, unsigned int kind, void *obj)
{
	kmem_cache_free(vec_class.slab, obj);
}

/*
 * Arrays of 16 and 64 entries are objects of the kernel's own slabs, which are
 * not exported.  kfree() finds an object's slab by its address.
 */
static void release_bio(struct bset_cache *cache, unsigned int kind, void *obj)
{
	struct bset_class *class =
		container_of(cache, struct bset_class, cache);
	struct bio *bio = obj;

	if (kind == BSET_256)
		kmem_cache_free(vec_class.slab, bio->bi_io_vec);
	else if (kind != BSET_INLINE)
		kfree(bio->bi_io_vec);
	kmem_cache_free(class->slab, obj - class->front_pad);
}

/*
 * A constructor keeps the slab from being merged with another one of its size
 * (a merged slab hides leaks and stalls with its neighbours) and from being
 * zeroed at each allocation, which an array that is written before it is read
 * does not need.
 */
static void no_ctor(void *obj)
{
}

/*
 * What an object takes of our slabs: cache lines, and a free pointer behind the
 * object, because the slab must not overwrite it (a constructor, RCU).
 */
static unsigned int slab_bytes(unsigned int size)
{
	return ALIGN(size + sizeof(void *), cache_line_size());
}

static int vec_class_init(struct bset_class *class)
{
	const unsigned int size = BIO_MAX_VECS * sizeof(struct bio_vec);

	class->slab = kmem_cache_create("bset_vecs", size, 0,
					SLAB_HWCACHE_ALIGN, no_ctor);
	class->cache.nr_kinds = 1;
	class->cache.size[0] = slab_bytes(size);
	class->cache.release = release_vecs;
	return class->slab ? 0 : -ENOMEM;
}

/*
 * SLAB_TYPESAFE_BY_RCU because polled I/O looks at bios under RCU; it also
 * keeps the slab from being merged.  Such a slab lives on for a grace period
 * after it is destroyed, and so does its name: hence the serial number.
 */
static int bio_class_init(struct bset_class *class)
{
	const slab_flags_t flags = SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU;
	unsigned int inline_size = class->vecs ? BSET_INLINE_VECS : 0;
	unsigned int size = class->front_pad + sizeof(struct bio) +
			    inline_size * sizeof(struct bio_vec);
	unsigned int *sizes = class->cache.size;
	char name[32];

	snprintf(name, sizeof(name), "bset_bio-%u.%u", size, class_serial++);
	class->slab = kmem_cache_create(name, size, __alignof__(struct bio),
					flags, NULL);
	class->cache.nr_kinds = class->vecs ? BSET_NR_KINDS : 1;
	class->cache.release = release_bio;
	sizes[BSET_INLINE] = slab_bytes(size);
	sizes[BSET_16] = sizes[BSET_INLINE] + 16 * sizeof(struct bio_vec);
	sizes[BSET_64] = sizes[BSET_INLINE] + 64 * sizeof(struct bio_vec);
	sizes[BSET_256] = sizes[BSET_INLINE] + vec_class.cache.size[0];
	return class->slab ? 0 : -ENOMEM;
}

/* Common to both sorts of classes: first user makes, last user destroys. */
static int class_get(struct bset_class *class, int (*init)(struct bset_class *))
{
	int ret;

	if (class->users) {
		class->users++;
		return 0;
	}
	ret = init(class);
	if (ret)
		return ret;
	ret = bset_cache_init(&class->cache);
	if (ret) {
		kmem_cache_destroy(class->slab);
		class->slab = NULL;
		return ret;
	}
	class->users = 1;
	return 0;
}

static bool class_put(struct bset_class *class)
{
	if (--class->users)
		return false;
	bset_cache_exit(&class->cache);
	kmem_cache_destroy(class->slab);
	class->slab = NULL;
	return true;
}

static struct bset_class *bio_class_find(unsigned int front_pad, bool vecs)
{
	struct bset_class *class;

	list_for_each_entry(class, &classes, all)
		if (class->front_pad == front_pad && class->vecs == vecs)
			return class;
	return NULL;
}

static struct bset_class *bio_class_new(unsigned int front_pad, bool vecs)
{
	struct bset_class *class = kzalloc(sizeof(*class), GFP_KERNEL);

	if (!class)
		return NULL;
	class->front_pad = front_pad;
	class->vecs = vecs;
	list_add(&class->all, &classes);
	return class;
}

static void bio_class_free(struct bset_class *class)
{
	list_del(&class->all);
	kfree(class);
}

static struct bset_class *bio_class_get(unsigned int front_pad, bool vecs)
{
	struct bset_class *class;

	class = bio_class_find(front_pad, vecs);
	if (!class)
		class = bio_class_new(front_pad, vecs);
	if (class && class_get(class, bio_class_init)) {
		bio_class_free(class);
		class = NULL;
	}
	return class;
}

static int classes_get(struct bset *set, unsigned int front_pad, bool vecs)
{
	int ret = 0;

	mutex_lock(&class_lock);
	if (vecs)
		ret = class_get(&vec_class, vec_class_init);
	if (ret)
		goto unlock;
	set->class = bio_class_get(front_pad, vecs);
	if (!set->class) {
		ret = -ENOMEM;
		if (vecs)
			class_put(&vec_class);
	}
unlock:
	mutex_unlock(&class_lock);
	return ret;
}

/* The bios first: those in their cache hold arrays. */
static void classes_put(struct bset *set)
{
	struct bset_class *class = set->class;
	bool vecs;

	if (!class)
		return;
	mutex_lock(&class_lock);
	vecs = class->vecs;
	if (class_put(class))
		bio_class_free(class);
	if (vecs)
		class_put(&vec_class);
	mutex_unlock(&class_lock);
	set->class = NULL;
}

/**
 * bset_class_cached() - bios in the caches that a set shares
 * @set:	the set
 *
 * Context: any.
 * Return: the number, see bset_cache_count().
 */
unsigned long bset_class_cached(struct bset *set)
{
	return bset_cache_count(&set->class->cache);
}

static bool starved(struct bset *set)
{
	unsigned int nth;

	if (!static_branch_unlikely(&bset_slow))
		return false;
	nth = READ_ONCE(set->starve);
	if (nth <= 1)
		return nth;
	return (unsigned int)atomic_inc_return(&set->attempts) % nth == 0;
}

static void *slab_get(struct bset_pool *pool, gfp_t gfp)
{
	void *p = kmem_cache_alloc(pool->slab, gfp);

	return p ? p + pool->pad : NULL;
}

/*
 * What mempool does too: never dip into the emergency reserves of the page
 * allocator, never loop there, do not warn.  We have a reserve of our own.
 */
static gfp_t pool_gfp(gfp_t gfp)
{
	return (gfp & ~__GFP_NOFAIL) | __GFP_NOMEMALLOC | __GFP_NORETRY |
	       __GFP_NOWARN;
}

/* The first attempt neither sleeps nor starts I/O: the reserve is cheaper. */
static gfp_t quick_gfp(gfp_t gfp)
{
	return pool_gfp(gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_IO));
}

/*
 * The reserve's callbacks.  The mempool is asked for what is in the reserve
 * only, when the cache and the slab have failed already, so its attempt to
 * allocate must fail at once.
 */
static void *reserve_alloc(gfp_t gfp, void *data)
{
	struct bset_pool *pool = data;

	return pool->filled ? NULL : slab_get(pool, gfp);
}

static void reserve_free(void *obj, void *data)
{
	struct bset_pool *pool = data;

	kmem_cache_free(pool->slab, obj - pool->pad);
}

/* Everything that does not sleep: cache, slab, reserve. */
static __always_inline void *pool_try(struct bset_pool *pool, gfp_t gfp)
{
	void *obj;

	if (!starved(pool->set)) {
		obj = bset_cache_pop(pool->cache->cpu, 0);
		if (!obj)
			obj = slab_get(pool, quick_gfp(gfp));
		if (obj)
			return obj;
	}
	return bset_reserve_pop(pool);
}

/* The slab again, which may now reclaim memory. */
static void *pool_reclaim(struct bset_pool *pool, gfp_t gfp)
{
	return starved(pool->set) ? NULL : slab_get(pool, pool_gfp(gfp));
}

static void note_wait(struct bset *set, unsigned long since)
{
	s64 waited = jiffies - since;
	s64 longest = atomic64_read(&set->longest_wait);

	while (waited > longest &&
	       !atomic64_try_cmpxchg(&set->longest_wait, &longest, waited))
		;
}

/*
 * Sleeps until an object is put.
 *
 * No wake-up is lost: we are on the wait queue before we look at the reserve,
 * and mempool_free() adds to the reserve before it wakes the queue.  The
 * time-out is not for that; it makes us notice when the slab has memory again,
 * which nobody tells us.
 */
static void *pool_wait(struct bset_pool *pool, gfp_t gfp)
{
	unsigned long since = jiffies, next_report = 0;
	bool timed_out;
	void *obj;

	atomic64_inc(&pool->set->waits);
	do {
		DEFINE_WAIT(wait);

		timed_out = false;
		prepare_to_wait(&pool->reserve.wait, &wait,
				TASK_UNINTERRUPTIBLE);
		obj = pool_try(pool, gfp);
		if (!obj)
			timed_out = !io_schedule_timeout(HZ);
		finish_wait(&pool->reserve.wait, &wait);
		if (timed_out) {
			bset_stall_check(pool, since, &next_report);
			obj = pool_reclaim(pool, gfp);
		}
	} while (!obj);
	note_wait(pool->set, since);
	return obj;
}

/* From here on we may sleep, if only for reclaim's own I/O: what is queued
 * behind us must not be what we wait for.
 */
static noinline void *pool_get_slowly(struct bset_pool *pool, gfp_t gfp)
{
	void *obj;

	bset_rescue_punt(pool->set);
	obj = pool_reclaim(pool, gfp);
	return obj ?: pool_wait(pool, gfp);
}

/**
 * bset_pool_get() - get a bio or an array for a set
 * @pool:	one of the set's pools
 * @gfp:	with %__GFP_DIRECT_RECLAIM this sleeps until there is one
 *
 * Context: task context with %__GFP_DIRECT_RECLAIM, else any but NMI.
 * Return: the object, NULL only without %__GFP_DIRECT_RECLAIM.
 */
void *bset_pool_get(struct bset_pool *pool, gfp_t gfp)
{
	void *obj = pool_try(pool, gfp);

	if (likely(obj) || !(gfp & __GFP_DIRECT_RECLAIM))
		return obj;
	return pool_get_slowly(pool, gfp);
}

static __always_inline void pool_put(struct bset_pool *pool, void *obj)
{
	smp_rmb(); /* pairs with smp_wmb() in mempool_alloc() */
	if (!bset_reserve_push(pool, obj) &&
	    !bset_cache_push(pool->cache->cpu, 0, obj))
		kmem_cache_free(pool->slab, obj - pool->pad);
}

/**
 * bset_pool_put() - give an object back: to the reserve, the cache or the slab
 * @pool:	the pool that it came from
 * @obj:	the object
 *
 * The reserve comes first, so the cache cannot starve it.  That the reserve is
 * short is seen without a lock, for the same reason as in mempool_free(): who
 * takes an object from the reserve lowers curr_nr before it has the object
 * (smp_wmb() in mempool_alloc()), so whoever puts that object, having got hold
 * of it somehow, sees the lower number (smp_rmb() here) unless the reserve has
 * been refilled since.  A put of an object that came from elsewhere may miss
 * it, but somebody waits only while all of the reserve is out, and each of its
 * objects is put some day.
 *
 * Context: any but NMI.
 */
void bset_pool_put(struct bset_pool *pool, void *obj)
{
	pool_put(pool, obj);
}

static int pool_init(struct bset_pool *pool, struct bset *set,
		     struct bset_class *class)
{
	int ret;

	pool->set = set;
	pool->slab = class->slab;
	pool->cache = &class->cache;
	pool->pad = class->front_pad;
	ret = mempool_init(&pool->reserve, set->pool_size, reserve_alloc,
			   reserve_free, pool);
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

	ret = classes_get(set, front_pad, vecs);
	if (ret)
		return ret;
	set->cpu = set->class->cache.cpu;
	ret = pool_init(&set->bio, set, set->class);
	if (!ret && vecs)
		ret = pool_init(&set->vec, set, &vec_class);
	return ret;
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
	classes_put(set);
}

/**
 * bset_set_starve() - make attempts to get memory for a set fail
 * @set:	the set
 * @nth:	0 for none, 1 for all, N for each Nth
 *
 * Context: task context, may sleep; callers do not race for one set.
 */
void bset_set_starve(struct bset *set, unsigned int nth)
{
	if (nth && !set->starve)
		static_branch_inc(&bset_slow);
	else if (!nth && set->starve)
		static_branch_dec(&bset_slow);
	WRITE_ONCE(set->starve, nth);
	WRITE_ONCE(set->reserve_only, nth == 1 && !set->tracking);
	/* Who waits for the reserve alone may find memory now. */
	wake_up_all(&set->bio.reserve.wait);
	if (set->max_vecs)
		wake_up_all(&set->vec.reserve.wait);
}

/**
 * bset_face_alloc_bio() - callback of bio_pool: the kernel allocates a bio
 * @gfp:	as given to mempool_alloc()
 * @data:	the set
 *
 * Also what tells our sets from others', see bset_of().
 *
 * Context: as for bset_pool_get().
 * Return: memory for a front_pad and a bio, or NULL.
 */
void *bset_face_alloc_bio(gfp_t gfp, void *data)
{
	struct bset *set = data;
	struct bio *bio = NULL;

	if (bset_tracked(set))
		bset_track_before(set, gfp);
	if (!static_branch_unlikely(&bset_slow))
		bio = bset_cache_pop(set->cpu, BSET_INLINE);
	if (unlikely(!bio))
		bio = bset_pool_get(&set->bio, gfp);
	if (!bio)
		return NULL;
	/* The kernel gives it back as it is if it finds no array for it, and
	 * bset_release() must not take what was there for one.
	 */
	bio->bi_max_vecs = 0;
	bset_count_alloc(set, bio);
	return (void *)bio - set->bio.pad;
}
EXPORT_SYMBOL_NS_GPL(bset_face_alloc_bio, BIOSET_INTERNAL);

static void *face_alloc_vecs(gfp_t gfp, void *data)
{
	struct bset *set = data;

	return bset_pool_get(&set->vec, gfp);
}

/*
 * Nothing: the array stays with its bio.  The kernel gives an array back in one
 * place only, bio_free(), which gives the bio back next; bset_release() then
 * has both, and can keep them together.
 */
static void face_free_vecs(void *vecs, void *data)
{
}

static __always_inline void release_parts(struct bset *set, struct bio *bio)
{
	if (unlikely(bio->bi_max_vecs == BIO_MAX_VECS))
		pool_put(&set->vec, bio->bi_io_vec);
	pool_put(&set->bio, bio);
}

/**
 * bset_release_parts() - give a bio and its array back, each where it belongs
 * @set:	the set
 * @bio:	a bio without extras; its array, if it has one, is ours
 *
 * Context: any but NMI.
 */
void bset_release_parts(struct bset *set, struct bio *bio)
{
	release_parts(set, bio);
}

static noinline void release_watched(struct bset *set, struct bio *bio)
{
	enum bset_back back = bset_track_back(set, bio);

	if (back == BSET_BACK_REFUSED)
		return;
	if (back == BSET_BACK_PUT)
		bset_release_parts(set, bio);
	bset_count_put(set);
}

/**
 * bset_release() - take a bio back
 * @set:	the set
 * @bio:	a bio without extras; its array, if it has one, is ours
 *
 * Context: any but NMI.
 */
void bset_release(struct bset *set, struct bio *bio)
{
	const bool vecs = bio->bi_max_vecs == BIO_MAX_VECS;

	if (bset_tracked(set)) {
		release_watched(set, bio);
		return;
	}
	smp_rmb(); /* see bset_pool_put() */
	if (bset_pool_short(&set->bio) ||
	    (vecs && bset_pool_short(&set->vec)) ||
	    !bset_cache_push(set->cpu, vecs ? BSET_256 : BSET_INLINE, bio))
		release_parts(set, bio);
	bset_count_put(set);
}

static void face_free_bio(void *elem, void *data)
{
	struct bset *set = data;

	bset_release(set, elem + set->bio.pad);
}

/**
 * bset_face_init() - make the public half of a set one that the kernel can use
 * @set:	a set with its pools; @set->bs is zeroed there
 * @front_pad:	bytes before each bio, aligned for one
 * @vecs:	whether the set has arrays
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM; bset_face_exit() is right in both cases.
 */
int bset_face_init(struct bset *set, unsigned int front_pad, bool vecs)
{
	struct bio_set *bs = set->bs;
	int ret = 0;

	bs->front_pad = front_pad;
	bs->back_pad = vecs ? BSET_INLINE_VECS * sizeof(struct bio_vec) : 0;
	bs->bio_slab = set->class->slab;
	if (vecs)
		ret = mempool_init(&bs->bvec_pool, 0, face_alloc_vecs,
				   face_free_vecs, set);
	if (!ret)
		ret = mempool_init(&bs->bio_pool, 0, bset_face_alloc_bio,
				   face_free_bio, set);
	return ret;
}

/**
 * bset_face_exit() - undo bset_face_init() and zero the public half
 * @bs:		the public half of a set
 *
 * Context: task context.
 */
void bset_face_exit(struct bio_set *bs)
{
	mempool_exit(&bs->bio_pool);
	mempool_exit(&bs->bvec_pool);
	bset_integrity_exit(bs);
	memset(bs, 0, sizeof(*bs));
}

/*
 * The NULL set: a face over kmalloc().  Each of its bios keeps the module
 * loaded, because its put needs our callback.
 */
struct bio_set bset_null;

static void *null_alloc_bio(gfp_t gfp, void *data)
{
	struct bio *bio;

	bio = kmalloc(struct_size(bio, bi_inline_vecs, BSET_INLINE_VECS), gfp);
	if (bio)
		__module_get(THIS_MODULE);
	return bio;
}

static void null_free_bio(void *p, void *data)
{
	kfree(p);
	module_put(THIS_MODULE);
}

static void *null_alloc_vecs(gfp_t gfp, void *data)
{
	return kmalloc_array(BIO_MAX_VECS, sizeof(struct bio_vec), gfp);
}

static void null_free_vecs(void *p, void *data)
{
	kfree(p);
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

	bset_rescuer_prepare(&bset_null);
	bset_null.back_pad = BSET_INLINE_VECS * sizeof(struct bio_vec);
	ret = mempool_init(&bset_null.bvec_pool, 0, null_alloc_vecs,
			   null_free_vecs, NULL);
	if (!ret)
		ret = mempool_init(&bset_null.bio_pool, 0, null_alloc_bio,
				   null_free_bio, NULL);
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
