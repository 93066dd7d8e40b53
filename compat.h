/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, and nothing else
 *
 * The only file with version or configuration tests.
 */
#ifndef BSET_COMPAT_H
#define BSET_COMPAT_H

#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#error "bioset supports Linux 6.1 (any 6.1.y, vendor builds included)"
#endif

#ifdef CONFIG_SLOB
/* kfree() of an object of a kmem_cache is right with SLUB and SLAB only. */
#error "bioset needs SLUB or SLAB; SLOB is not supported"
#endif

/*
 * Vecs that live behind the bio itself.  bio_put() of 5.12 and later frees an
 * array only above this number, so it is part of the ABI although block/blk.h
 * keeps it private (BIO_INLINE_VECS).
 */
#define BSET_INLINE_VECS 4

/*
 * Workqueues without WQ_UNBOUND got a flag that says so in 6.17; before it,
 * per-CPU is what the absence of WQ_UNBOUND means.
 */
#ifndef WQ_PERCPU
#define WQ_PERCPU 0
#endif

/*
 * might_alloc() is free unless one of its checks is compiled in, but for a
 * preemption point: where that is all that it is, a cache hit skips it.
 */
static __always_inline void bset_might_alloc(gfp_t gfp)
{
#if defined(CONFIG_DEBUG_ATOMIC_SLEEP) || defined(CONFIG_LOCKDEP)
	might_alloc(gfp);
#endif
}

/*
 * What bioset_integrity_create() (exported) made has to be undone by hand,
 * because bioset_integrity_free() is not exported.
 */
static inline void bset_integrity_exit(struct bio_set *bs)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	mempool_exit(&bs->bio_integrity_pool);
	mempool_exit(&bs->bvec_integrity_pool);
#endif
}

/* Whether anything hangs on @bio that bio_uninit() would release. */
static __always_inline bool bset_bio_has_extras(const struct bio *bio)
{
	bool extras = false;

#ifdef CONFIG_BLK_CGROUP
	extras |= !!bio->bi_blkg;
#endif
#ifdef CONFIG_BLK_DEV_INTEGRITY
	extras |= !!bio->bi_integrity;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	extras |= !!bio->bi_crypt_context;
#endif
	return extras;
}

/* Whether @bio has data that a clone of it needs a copy of. */
static __always_inline bool bset_bio_has_payload(struct bio *bio)
{
	bool payload = bio_integrity(bio);

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	payload |= !!bio->bi_crypt_context;
#endif
	return payload;
}

/* The cgroup of a clone is its source's, or else the task's. */
static __always_inline void bset_clone_blkg(struct bio *bio, struct bio *src)
{
#ifdef CONFIG_BLK_CGROUP
	if (src->bi_blkg)
		bio_clone_blkg_association(bio, src);
	else
		bio_associate_blkg(bio);
#endif
}

/*
 * SLAB_TYPESAFE_BY_RCU caches are released by a work item on the system
 * workqueue that waits for a grace period (5.0 … 6.x).  Until it has run their
 * names are taken.
 */
static inline void bset_wait_for_dying_slabs(void)
{
	rcu_barrier();
	__flush_workqueue(system_wq);
}

/*
 * The tracepoint block_bio_queue is not exported, but every tracepoint can be
 * found by its name.  Returns whether @probe is attached.
 */
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

static inline bool bset_watch_submits(void (*probe)(void *data,
						    struct bio *bio))
{
	struct tracepoint *tp = bset_queue_tracepoint();

	return tp && !tracepoint_probe_register(tp, probe, NULL);
}

static inline void bset_unwatch_submits(void (*probe)(void *data,
						      struct bio *bio))
{
	tracepoint_probe_unregister(bset_queue_tracepoint(), probe, NULL);
	tracepoint_synchronize_unregister();
}

/* register_shrinker() takes a name since 6.0 and is gone in 6.7. */
static inline int bset_register_shrinker(struct shrinker *shrinker)
{
	return register_shrinker(shrinker, "bioset");
}

#endif /* BSET_COMPAT_H */
