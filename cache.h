/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU caches of free objects, in front of the slab
 *
 * Each CPU has, for each kind of object, a list to push to and pop from and
 * one full list beside it; full lists travel between CPUs through a depot (the
 * magazine layer of Bonwick and Adams, "Magazines and Vmem", USENIX 2001).  The
 * links are in the objects, so a CPU's hot state is one cache line.
 *
 * Why no lock and no interrupt switch is needed: a CPU's lists are touched only
 * by that CPU, with preemption off, between setting and clearing @busy.  An
 * interrupt that comes in between finds @busy set and leaves the lists alone
 * (its caller goes to the slab instead); one that comes at any other time runs
 * to its end before the interrupted code goes on.  So a task that has switched
 * preemption off always finds @busy clear.  Only a dead CPU's lists, and those
 * of a cache without users, are touched from elsewhere.
 *
 * Rules:
 *   bset_cache_pop(), bset_cache_push()  any context but NMI
 *   all others                           task context, may sleep
 */
#ifndef BSET_CACHE_H
#define BSET_CACHE_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* Kinds of objects in one cache: one for each size of a bio's array. */
#define BSET_MAX_KINDS 4

struct block_device;

/*
 * A free object.  The first two words stand where a bio has bi_next and
 * bi_bdev: somebody who polls for I/O may still look at the bio under RCU, and
 * must find bi_bdev NULL (see iocb_bio_iopoll()).
 */
struct bset_obj {
	struct bset_obj *next;
	struct block_device *no_bdev;
	/* in the first object of a full list only: */
	unsigned long nr;
	struct bset_obj *next_list;
};

struct bset_cpu_cache {
	/* hot: one line */
	u8 busy;
	u8 nr[BSET_MAX_KINDS];
	u8 batch[BSET_MAX_KINDS]; /* a copy of the cache's */
	struct bset_obj *head[BSET_MAX_KINDS];
	/* cold */
	u8 full_nr[BSET_MAX_KINDS];
	struct bset_obj *full[BSET_MAX_KINDS];
	struct bset_cache *cache;
} ____cacheline_aligned;

static_assert(offsetof(struct bset_cpu_cache, full_nr) <= 64);

struct bset_depot {
	raw_spinlock_t lock;
	unsigned int nr; /* objects in all lists */
	struct bset_obj *lists;
};

struct bset_cache {
	struct bset_cpu_cache __percpu *cpu;
	unsigned int nr_kinds;
	unsigned int size[BSET_MAX_KINDS]; /* bytes, array included */
	u8 batch[BSET_MAX_KINDS]; /* objects in a full list, 0 = none are kept */
	void (*release)(struct bset_cache *cache, unsigned int kind, void *obj);
	struct bset_depot depot[BSET_MAX_KINDS];
	struct list_head all; /* under bset_caches_lock */
};

/* What became of an object that was pushed. */
enum bset_pushed {
	BSET_NO_ROOM, /* it is the caller's still */
	BSET_PUSHED,
	BSET_WAS_FREE, /* it is in the cache already */
};

int bset_cache_init(struct bset_cache *cache);
void bset_cache_exit(struct bset_cache *cache);
unsigned long bset_cache_count(const struct bset_cache *cache);
unsigned long bset_cache_shrink(unsigned long most);
void bset_cache_drain_all(void);

struct bset_obj *bset_cache_refill(struct bset_cpu_cache *c, unsigned int kind);
bool bset_cache_spill(struct bset_cpu_cache *c, unsigned int kind);

bool bset_caches_used(void);
int bset_caches_start(void);
void bset_caches_stop(void);

/*
 * Claims this CPU's lists.  False, with preemption on again, in an interrupt
 * that came while they were claimed.
 */
static inline bool bset_cpu_claim(struct bset_cpu_cache __percpu *cpu,
				  struct bset_cpu_cache **c)
{
	preempt_disable();
	*c = this_cpu_ptr(cpu);
	/*
	 * Only an interrupt on this CPU can write it meanwhile, and leaves it
	 * as it was.
	 */
	if (unlikely(data_race((*c)->busy))) {
		preempt_enable();
		return false;
	}
	WRITE_ONCE((*c)->busy, 1);
	/* The compiler must not move list accesses out of the claim. */
	barrier();
	return true;
}

static inline void bset_cpu_release(struct bset_cpu_cache *c)
{
	barrier();
	WRITE_ONCE(c->busy, 0);
	preempt_enable();
}

/* The first object of the list in use, or NULL.  @c is claimed. */
static inline void *bset_list_pop(struct bset_cpu_cache *c, unsigned long kind)
{
	struct bset_obj *obj = c->head[kind];

	if (likely(obj)) {
		c->head[kind] = obj->next;
		c->nr[kind]--;
	}
	return obj;
}

/* Adds to the list in use, which has room.  @c is claimed. */
static inline void bset_list_push(struct bset_cpu_cache *c, unsigned long kind,
				  void *p)
{
	struct bset_obj *obj = p;

	obj->next = c->head[kind];
	obj->no_bdev = NULL;
	c->head[kind] = obj;
	c->nr[kind]++;
}

/*
 * Whether the object was pushed last, and is still here: its owner put it twice.
 * As cheap a check as that of the slab's hardened free list, and it sees as
 * much: a second put that follows the first on the same CPU.
 */
static inline bool bset_list_has(const struct bset_cpu_cache *c,
				 unsigned long kind, const void *obj)
{
	return c->head[kind] == obj;
}

static inline bool bset_list_has_room(const struct bset_cpu_cache *c,
				      unsigned long kind)
{
	return c->nr[kind] < READ_ONCE(c->batch[kind]);
}

/* Whether a refill has a chance.  A stale answer costs time only. */
static inline bool bset_cache_has_lists(struct bset_cpu_cache __percpu *cpu,
					unsigned long kind)
{
	const struct bset_cpu_cache *c = raw_cpu_ptr(cpu);

	/* As stale as the other. */
	return data_race(c->full[kind]) ||
	       READ_ONCE(c->cache->depot[kind].lists);
}

/* An object of @kind, or NULL if neither this CPU nor the depot has one. */
static inline void *bset_cache_pop(struct bset_cpu_cache __percpu *cpu,
				   unsigned int kind)
{
	struct bset_cpu_cache *c;
	void *obj;

	if (unlikely(!bset_cpu_claim(cpu, &c)))
		return NULL;
	obj = bset_list_pop(c, kind);
	if (unlikely(!obj))
		obj = bset_cache_refill(c, kind);
	bset_cpu_release(c);
	return obj;
}

static inline enum bset_pushed bset_list_try_push(struct bset_cpu_cache *c,
						  unsigned long kind, void *obj)
{
	if (bset_list_has(c, kind, obj))
		return BSET_WAS_FREE;
	if (!bset_list_has_room(c, kind) && !bset_cache_spill(c, kind))
		return BSET_NO_ROOM;
	bset_list_push(c, kind, obj);
	return BSET_PUSHED;
}

static inline enum bset_pushed
bset_cache_push(struct bset_cpu_cache __percpu *cpu, unsigned long kind,
		void *obj)
{
	enum bset_pushed pushed;
	struct bset_cpu_cache *c;

	if (unlikely(!bset_cpu_claim(cpu, &c)))
		return BSET_NO_ROOM;
	pushed = bset_list_try_push(c, kind, obj);
	bset_cpu_release(c);
	return pushed;
}

#endif /* BSET_CACHE_H */
