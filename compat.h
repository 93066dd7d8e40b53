/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, but for the layout of a bio (see layout.h)
 *
 * Nothing here looks at a version number.  Kernels are told apart by the shape
 * of their interfaces: bset_features.h holds the answers, one for each file in
 * probes/, and says where they come from.  Above each wrapper stands which
 * release changed what.
 */
#ifndef BSET_COMPAT_H
#define BSET_COMPAT_H

#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "bset_features.h"

#if BSET_HAVE_BIO_INTEGRITY_H /* split off bio.h in 6.11 */
#include <linux/bio-integrity.h>
#endif

/*
 * The one test of a version: below it the block layer has no
 * ->submit_bio() and no submit_bio_noacct() (5.9).  There is no upper bound: a
 * newer kernel that declares things in another way does not compile, and try.c
 * does not load on one that does them in another way.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "bioset supports Linux 5.10 to 7.2 (newer: if it builds); report to its issue tracker"
#endif

/*
 * The only allocator since 6.8.  With SLOB kfree() of an object of a kmem_cache
 * is wrong; with SLAB nothing was ever tested.
 */
#if defined(CONFIG_SLAB) || defined(CONFIG_SLOB)
#error "bioset needs a kernel with CONFIG_SLUB; SLAB and SLOB are not supported"
#endif

#ifndef CONFIG_BLOCK
#error "bioset needs a kernel with CONFIG_BLOCK"
#endif

/* A symbol namespace is a string since 6.13. */
#if BSET_HAVE_SYMBOL_NS_STRING
#define EXPORT_SYMBOL_BSET(sym) EXPORT_SYMBOL_NS_GPL(sym, "BIOSET_INTERNAL")
#else
#define EXPORT_SYMBOL_BSET(sym) EXPORT_SYMBOL_NS_GPL(sym, BIOSET_INTERNAL)
#endif

/* The flag came in 5.18, and with it what makes it dangerous in our bios. */
#if !BSET_HAVE_REQ_ALLOC_CACHE
#define REQ_ALLOC_CACHE 0
#endif

/* BIOSET_PERCPU_CACHE, which came in 5.14 and is an enumerator */
#define BSET_PERCPU_CACHE BIT(2)

/* BIO_MAX_PAGES before 5.12 */
#if !BSET_HAVE_BIO_MAX_VECS
#define BIO_MAX_VECS BIO_MAX_PAGES
#endif

/*
 * A bio that was put has to be poisoned where KASAN is there to see who uses
 * it: only the slab can do that, so there are no caches unless cache_kb says so.
 */
#define BSET_POISON_FREED IS_ENABLED(CONFIG_KASAN)

/*
 * might_alloc() (5.12) is free unless one of its checks is compiled in, but for
 * a preemption point: where that is all that it is, a cache hit skips it.
 */
static inline void bset_might_alloc(gfp_t gfp)
{
#if defined(CONFIG_DEBUG_ATOMIC_SLEEP) || defined(CONFIG_LOCKDEP)
#if BSET_HAVE_MIGHT_ALLOC
	might_alloc(gfp);
#else
	might_sleep_if(gfpflags_allow_blocking(gfp));
#endif
#endif
}

/*
 * What stands before is done before a this_cpu_inc() that stands behind.
 * (smp_mb__before_atomic() is for an atomic_t: on LoongArch and MIPS it is
 * nothing.)  x86 delays no access beyond a later store, so there the compiler
 * alone has to be told; KCSAN does not know that.
 */
static inline void bset_mb_before_inc(void)
{
	if (IS_ENABLED(CONFIG_X86) && !IS_ENABLED(CONFIG_KCSAN))
		barrier();
	else
		smp_mb(); /* pairs with smp_mb() in bset_in_flight() */
}

/* Before 5.18 the device and the operation are set after the allocation. */
static inline struct bio *bset_kernel_alloc(struct block_device *bdev,
					    unsigned int nr_vecs,
					    bset_opf_t opf, gfp_t gfp,
					    struct bio_set *bs)
{
#if BSET_HAVE_BIO_ALLOC_5
	return bio_alloc_bioset(bdev, nr_vecs, opf, gfp, bs);
#else
	struct bio *bio = bio_alloc_bioset(gfp, nr_vecs, bs);

	if (!bio)
		return NULL;
	if (bdev)
		bio_set_dev(bio, bdev);
	bio->bi_opf = opf;
	return bio;
#endif
}

/* A bio's device: a disk and a partition's number before 5.12. */
#if BSET_HAVE_BI_BDEV
#define BSET_BIO_DEV bi_bdev
#else
#define BSET_BIO_DEV bi_disk
#endif

/* bio_clone_fast() became bio_alloc_clone(), with a device, in 5.18. */
static inline struct bio *bset_kernel_clone(struct block_device *bdev,
					    struct bio *src, gfp_t gfp,
					    struct bio_set *bs)
{
#if BSET_HAVE_BIO_ALLOC_CLONE
	return bio_alloc_clone(bdev, src, gfp, bs);
#else
	struct bio *bio = bio_clone_fast(src, gfp, bs);

	if (bio && bdev)
		bio_set_dev(bio, bdev);
	return bio;
#endif
}

/*
 * What clones of a request's bios are for, which it is asked about since 7.1
 * only; a queue knows its disk since 5.15.
 */
static inline struct block_device *bset_rq_bdev(struct request *rq)
{
#if BSET_HAVE_QUEUE_DISK
	return rq->q->disk->part0;
#else
	return NULL;
#endif
}

/*
 * Before 5.18 a clone is for its source's device if no other was given.  With the
 * device goes its part of the cgroup, by which a clone of this one would look for
 * the device.
 */
static inline void bset_clone_for_none(struct bio *bio)
{
#if !BSET_HAVE_BIO_ALLOC_CLONE
	bio->BSET_BIO_DEV = NULL;
#ifdef CONFIG_BLK_CGROUP
	if (bio->bi_blkg)
		blkg_put(bio->bi_blkg);
	bio->bi_blkg = NULL;
#endif
#endif
}

/*
 * The kernel's bioset_exit() looks for the slab that it made for bios of this
 * size (before 5.12: for bs->bio_slab itself) and drops a reference to it.  It
 * must not find another one's.
 */
static inline void bset_hide_slab(struct bio_set *bs)
{
#if BSET_HAVE_BACK_PAD
	bs->back_pad = UINT_MAX - bs->front_pad - sizeof(struct bio);
#endif
}

/* A set has a per-CPU cache since 5.15. */
static inline void bset_kernel_cache(struct bio_set *bs, void __percpu *cache)
{
#if BSET_HAVE_BIO_SET_CACHE
	bs->cache = cache;
#endif
}

/*
 * Before 5.19 the last bio_put() of a bio without a set was a kfree(), for
 * bio_kmalloc(); since then whoever allocated such a bio frees it himself.
 */
static inline bool bset_kernel_frees_unpooled(void)
{
	return !BSET_HAVE_BIO_KMALLOC_NR_FIRST;
}

static inline int bset_kernel_integrity_create(struct bio_set *bs,
					       int pool_size)
{
#if BSET_HAVE_BIOSET_INTEGRITY_CREATE
	return bioset_integrity_create(bs, pool_size);
#else
	return 0;
#endif
}

/*
 * What bioset_integrity_create() (exported, gone in 6.17) made has to be undone
 * by hand, because bioset_integrity_free() is not exported.
 */
static inline void bset_integrity_exit(struct bio_set *bs)
{
#if BSET_HAVE_INTEGRITY_POOLS
	mempool_exit(&bs->bio_integrity_pool);
	mempool_exit(&bs->bvec_integrity_pool);
#endif
}

/*
 * The tracepoint block_bio_queue is not exported, but every tracepoint can be
 * found by its name.  Until 5.10 its probes are given the queue as well.
 */
#if BSET_HAVE_QUEUE_TRACE_Q
#define BSET_QUEUE_PROBE(name, bio) \
	name(void *unused, struct request_queue *q, struct bio *bio)
#else
#define BSET_QUEUE_PROBE(name, bio) name(void *unused, struct bio *bio)
#endif

/* Likewise block_split, which is exported. */
#if BSET_HAVE_QUEUE_TRACE_Q
#define BSET_TRACE_SPLIT(bio, sector) \
	trace_block_split((bio)->bi_disk->queue, bio, sector)
#else
#define BSET_TRACE_SPLIT(bio, sector) trace_block_split(bio, sector)
#endif

static inline void bset_match_queue_tracepoint(struct tracepoint *tp,
					       void *found)
{
	if (!strcmp(tp->name, "block_bio_queue"))
		*(struct tracepoint **)found = tp;
}

static inline struct tracepoint *bset_queue_tracepoint(void)
{
	struct tracepoint *tp = NULL;

#ifdef CONFIG_TRACEPOINTS
	for_each_kernel_tracepoint(bset_match_queue_tracepoint, &tp);
#endif
	return tp;
}

/* Attaches a BSET_QUEUE_PROBE(); returns whether that could be done. */
static inline bool bset_watch_submits(void *probe)
{
	struct tracepoint *tp = bset_queue_tracepoint();

	return tp && !tracepoint_probe_register(tp, probe, NULL);
}

static inline void bset_unwatch_submits(void *probe)
{
	tracepoint_probe_unregister(bset_queue_tracepoint(), probe, NULL);
	tracepoint_synchronize_unregister();
}

/*
 * A shrinker has a name since 6.0 and is allocated since 6.7.
 */
typedef unsigned long (*bset_shrink_fn)(struct shrinker *s,
					struct shrink_control *sc);

struct bset_shrinker {
#if BSET_HAVE_SHRINKER_ALLOC
	struct shrinker *shrinker;
#else
	struct shrinker shrinker;
#endif
};

static inline int bset_shrinker_start(struct bset_shrinker *s,
				      bset_shrink_fn count, bset_shrink_fn scan)
{
#if BSET_HAVE_SHRINKER_ALLOC
	s->shrinker = shrinker_alloc(0, "bioset");
	if (!s->shrinker)
		return -ENOMEM;
	s->shrinker->count_objects = count;
	s->shrinker->scan_objects = scan;
	shrinker_register(s->shrinker);
	return 0;
#else
	s->shrinker.count_objects = count;
	s->shrinker.scan_objects = scan;
	s->shrinker.seeks = DEFAULT_SEEKS;
#if BSET_HAVE_SHRINKER_NAME
	return register_shrinker(&s->shrinker, "bioset");
#else
	return register_shrinker(&s->shrinker);
#endif
#endif
}

static inline void bset_shrinker_stop(struct bset_shrinker *s)
{
#if BSET_HAVE_SHRINKER_ALLOC
	shrinker_free(s->shrinker);
#else
	unregister_shrinker(&s->shrinker);
#endif
}

/*
 * Whether the administrator keeps work like ours off a CPU, by isolcpus= or
 * nohz_full=.  The flags became types in 5.18.
 */
static inline bool bset_cpu_is_isolated(int cpu)
{
#if BSET_HAVE_HK_TYPE
	return !housekeeping_cpu(cpu, HK_TYPE_DOMAIN) ||
	       !housekeeping_cpu(cpu, HK_TYPE_WQ);
#else
	return !housekeeping_cpu(cpu, HK_FLAG_DOMAIN) ||
	       !housekeeping_cpu(cpu, HK_FLAG_WQ);
#endif
}

#endif /* BSET_COMPAT_H */
