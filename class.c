// SPDX-License-Identifier: GPL-2.0
/*
 * Classes: slabs and caches that sets of the same layout share
 *
 * The layout of a set's bios is its front_pad and whether they have vecs; a
 * hundred sets that agree in these have one slab and one cache between them.
 * The 256-entry arrays of all sets are a class as well.
 *
 * Arrays of 16 and 64 entries are objects of the kernel's own slabs, because
 * its bio_put() returns them there.  These slabs are not exported; the way to
 * an array is a bio of a set that the kernel made.
 */
#include <linux/cache.h>
#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "internal.h"

struct bset_class {
	struct bset_cache cache; /* its release callback finds us by it */
	struct kmem_cache *slab;
	struct list_head all;
	unsigned int users;
	unsigned int front_pad;
	bool vecs;
};

/*
 * Whether bio_alloc_bioset() of this kernel takes bios from a set's slab itself
 * and asks the set only when there are none (7.1); see try.c.
 */
bool bset_kernel_takes __read_mostly;
EXPORT_SYMBOL_BSET(bset_kernel_takes);

/*
 * Protects the classes and their users.  Taken before slab_mutex and
 * bset_caches_lock, never from a CPU hotplug callback.
 */
static DEFINE_MUTEX(class_lock);
static LIST_HEAD(classes);
static u64 class_serial;
static struct bset_class vec_class; /* the 256-entry arrays of all sets */
static struct bio_set array_source; /* the kernel's, for 16 and 64 entries */

/**
 * bset_kernel_array() - get an array from the kernel's slabs
 * @kind:	BSET_16 or BSET_64
 * @gfp:	as for kmem_cache_alloc()
 *
 * The kernel gives such an array with a bio only; the bio goes back at once,
 * with nothing that it could take along.  Never sleeps for the set's own
 * reserve, which it must not touch: nobody would refill it.
 *
 * Context: any but NMI.
 * Return: the array, to be freed with kfree() or by bio_put(); NULL if there is
 * no memory.
 */
struct bio_vec *bset_kernel_array(enum bset_kind kind, gfp_t gfp)
{
	struct bio_vec *vecs;
	struct bio *bio;

	/* Nor is a memory cgroup charged, see bset_slab_get(). */
	gfp &= ~(__GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_NOFAIL |
		 __GFP_ACCOUNT);
	bio = bset_kernel_alloc(NULL, bset_kind_vecs(kind), 0,
				gfp | __GFP_NOWARN, &array_source);
	if (!bio)
		return NULL;
	vecs = bio->bi_io_vec;
	bio->bi_io_vec = NULL;
	bset_set_array_kind(bio, BSET_INLINE);
	bio_put(bio);
	return vecs;
}

static void bset_release_vecs(struct bset_cache *cache, unsigned int kind,
			      void *obj)
{
	kfree(obj);
}

/*
 * kfree() finds an object's slab by its address.  An array of 256 may be the
 * kernel's, too, where its allocator has set the bio up (7.1).
 */
static void bset_release_bio(struct bset_cache *cache, unsigned int kind,
			     void *obj)
{
	struct bset_class *class =
		container_of(cache, struct bset_class, cache);
	struct bio *bio = obj;

	if (kind != BSET_INLINE)
		kfree(bio->bi_io_vec);
	kmem_cache_free(class->slab, obj - class->front_pad);
}

/**
 * bset_slab_get() - get an object from a pool's slab
 * @pool:	the pool
 * @gfp:	as for kmem_cache_alloc(); a memory cgroup is not charged, since
 *		the object stays with the set's class when its user is gone
 *
 * Context: as for kmem_cache_alloc().
 * Return: the object, or NULL.
 */
void *bset_slab_get(struct bset_pool *pool, gfp_t gfp)
{
	void *p = kmem_cache_alloc(pool->slab, gfp & ~__GFP_ACCOUNT);

	return p ? p + pool->pad : NULL;
}

/**
 * bset_slab_put() - give an object back to a pool's slab
 * @pool:	the pool
 * @obj:	the object; an array may as well be of the kernel's slab
 *
 * Context: any but NMI.
 */
void bset_slab_put(struct bset_pool *pool, void *obj)
{
	kfree(obj - pool->pad);
}

/*
 * A constructor keeps the slab from being merged with another one of its size
 * (a merged slab hides leaks and stalls with its neighbours) and from being
 * zeroed at each allocation, which an array that is written before it is read
 * does not need.
 */
static void bset_no_ctor(void *obj)
{
}

/*
 * What an object takes of our slabs: cache lines, and a free pointer behind the
 * object, because the slab must not overwrite it (a constructor, RCU).
 */
static unsigned int bset_slab_bytes(unsigned int size)
{
	return ALIGN(size + sizeof(void *), cache_line_size());
}

static int bset_vec_class_init(struct bset_class *class)
{
	const unsigned int size = BIO_MAX_VECS * sizeof(struct bio_vec);

	class->slab = kmem_cache_create("bset_vecs", size, 0,
					SLAB_HWCACHE_ALIGN, bset_no_ctor);
	class->cache.nr_kinds = 1;
	class->cache.size[0] = bset_slab_bytes(size);
	class->cache.release = bset_release_vecs;
	return class->slab ? 0 : -ENOMEM;
}

/*
 * SLAB_TYPESAFE_BY_RCU because polled I/O looks at bios under RCU; it also
 * keeps the slab from being merged.  Such a slab lives on for a grace period
 * after it is destroyed, and so does its name: hence the serial number.
 *
 * KASAN cannot poison what may still be looked at, so there it is one or the
 * other: without caches a bio that was put belongs to KASAN.
 */
static slab_flags_t bset_bio_slab_flags(void)
{
	if (BSET_POISON_FREED && !bset_caches_used())
		return SLAB_HWCACHE_ALIGN;
	return SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU;
}

static int bset_bio_class_init(struct bset_class *class)
{
	unsigned int inline_size = class->vecs ? BSET_INLINE_VECS : 0;
	unsigned int size = class->front_pad + BSET_BIO_SIZE +
			    inline_size * sizeof(struct bio_vec);
	unsigned int *sizes = class->cache.size;
	char name[48];

	snprintf(name, sizeof(name), "bset_bio-%u.%llu", size, class_serial++);
	class->slab = kmem_cache_create(name, size, __alignof__(struct bio),
					bset_bio_slab_flags(), NULL);
	class->cache.nr_kinds = class->vecs ? BSET_NR_KINDS : 1;
	class->cache.release = bset_release_bio;
	sizes[BSET_INLINE] = bset_slab_bytes(size);
	sizes[BSET_16] = sizes[BSET_INLINE] + 16 * sizeof(struct bio_vec);
	sizes[BSET_64] = sizes[BSET_INLINE] + 64 * sizeof(struct bio_vec);
	sizes[BSET_256] = sizes[BSET_INLINE] + vec_class.cache.size[0];
	return class->slab ? 0 : -ENOMEM;
}

/* Common to both sorts of classes: first user makes, last user destroys. */
static int bset_class_get(struct bset_class *class,
			  int (*init)(struct bset_class *))
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

static bool bset_class_put(struct bset_class *class)
{
	if (--class->users)
		return false;
	bset_cache_exit(&class->cache);
	kmem_cache_destroy(class->slab);
	class->slab = NULL;
	return true;
}

static struct bset_class *bset_bio_class_find(unsigned int front_pad, bool vecs)
{
	struct bset_class *class;

	list_for_each_entry(class, &classes, all)
		if (class->front_pad == front_pad && class->vecs == vecs)
			return class;
	return NULL;
}

static struct bset_class *bset_bio_class_new(unsigned int front_pad, bool vecs)
{
	struct bset_class *class = kzalloc(sizeof(*class), GFP_KERNEL);

	if (!class)
		return NULL;
	class->front_pad = front_pad;
	class->vecs = vecs;
	list_add(&class->all, &classes);
	return class;
}

static void bset_bio_class_free(struct bset_class *class)
{
	list_del(&class->all);
	kfree(class);
}

static struct bset_class *bset_bio_class_get(unsigned int front_pad, bool vecs)
{
	struct bset_class *class;

	class = bset_bio_class_find(front_pad, vecs);
	if (!class)
		class = bset_bio_class_new(front_pad, vecs);
	if (class && bset_class_get(class, bset_bio_class_init)) {
		bset_bio_class_free(class);
		class = NULL;
	}
	return class;
}

static void bset_pool_of_class(struct bset_pool *pool, struct bset_class *class)
{
	pool->slab = class->slab;
	pool->cache = &class->cache;
	pool->pad = class->front_pad;
}

static int bset_classes_get_locked(struct bset *set, unsigned int front_pad,
				   bool vecs)
{
	int ret = vecs ? bset_class_get(&vec_class, bset_vec_class_init) : 0;

	if (ret)
		return ret;
	set->class = bset_bio_class_get(front_pad, vecs);
	if (!set->class) {
		if (vecs)
			bset_class_put(&vec_class);
		return -ENOMEM;
	}
	bset_pool_of_class(&set->bio, set->class);
	if (vecs)
		bset_pool_of_class(&set->vec, &vec_class);
	set->cpu = set->class->cache.cpu;
	return 0;
}

/**
 * bset_classes_get() - make a set a user of its classes
 * @set:	the set
 * @front_pad:	bytes before each bio, aligned for one
 * @vecs:	whether the set has arrays
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM; bset_classes_put() is right in both cases.
 */
int bset_classes_get(struct bset *set, unsigned int front_pad, bool vecs)
{
	int ret;

	mutex_lock(&class_lock);
	ret = bset_classes_get_locked(set, front_pad, vecs);
	mutex_unlock(&class_lock);
	return ret;
}

/**
 * bset_classes_put() - undo bset_classes_get()
 * @set:	the set, none of whose objects is out
 *
 * The class of bios goes first: those in its cache hold arrays.
 *
 * Context: task context, may sleep.
 */
void bset_classes_put(struct bset *set)
{
	struct bset_class *class = set->class;
	bool vecs;

	if (!class)
		return;
	mutex_lock(&class_lock);
	vecs = class->vecs;
	if (bset_class_put(class))
		bset_bio_class_free(class);
	if (vecs)
		bset_class_put(&vec_class);
	mutex_unlock(&class_lock);
	set->class = NULL;
}

/**
 * bset_classes_start() - get ready to make classes
 *
 * Context: task context, module load.
 * Return: 0 or -ENOMEM.
 */
int bset_classes_start(void)
{
	/*
	 * Goes on where an earlier load of the module stopped: no clock is
	 * faster than one slab in a microsecond.
	 */
	class_serial = ktime_to_us(ktime_get());
	return bioset_init(&array_source, 1, 0, BIOSET_NEED_BVECS);
}

/**
 * bset_classes_stop() - undo bset_classes_start()
 *
 * Context: task context, module unload; there are no classes.
 */
void bset_classes_stop(void)
{
	bioset_exit(&array_source);
}
