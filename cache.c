// SPDX-License-Identifier: GPL-2.0
/*
 * The slow half of the per-CPU caches: depot, bounds, draining
 *
 * The bound: the parameter cache_kb is the most, in KiB, that all caches
 * together hold for each CPU that is online.  It is kept by the length of the
 * lists.  Of each kind of object a CPU holds at most two lists (the one in use
 * and a full one) and the depot one for each online CPU, so three lists a CPU.
 * A third of cache_kb is divided among the kinds of all caches, to each the
 * same number of bytes for its list; what a kind cannot use, because its list
 * has MAX_BATCH objects or because a single object is larger than the share,
 * goes to the others.  So a kind of large objects can be left without a list,
 * but leaves the others no smaller a share than their own.
 */
#include <linux/bitops.h>
#include <linux/cpuhotplug.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "bioset.h"
#include "cache.h"
#include "compat.h"

#define LISTS_PER_CPU 3
#define MAX_BATCH 32
#define MAX_CACHE_KB (1024 * 1024)

/* Asks a CPU to free some of its objects. */
struct bset_drain {
	struct work_struct work;
	atomic_long_t wanted;
};

/* Protects the list of caches; innermost but for depot locks. */
static DEFINE_MUTEX(bset_caches_lock);
static LIST_HEAD(caches);
static unsigned int cache_kb =
	BSET_POISON_FREED ? 0 : 1024; /* under bset_caches_lock */
static DEFINE_PER_CPU(struct bset_drain, bset_drain);
static struct bset_shrinker shrinker;
static bool caches_up, caches_used;
static int hotplug_state;

static unsigned int bset_depot_limit(const struct bset_cache *cache,
				     unsigned int kind)
{
	return num_online_cpus() * READ_ONCE(cache->batch[kind]);
}

/* Refuses a list that is longer than lists are now: it is for draining. */
static bool bset_depot_give(struct bset_cache *cache, unsigned int kind,
			    struct bset_obj *list, unsigned int nr)
{
	struct bset_depot *depot = &cache->depot[kind];
	unsigned long flags;
	bool room;

	raw_spin_lock_irqsave(&depot->lock, flags);
	room = nr <= READ_ONCE(cache->batch[kind]) &&
	       depot->nr + nr <= bset_depot_limit(cache, kind);
	if (room) {
		list->nr = nr;
		list->next_list = depot->lists;
		WRITE_ONCE(depot->lists, list);
		depot->nr += nr;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return room;
}

static struct bset_obj *bset_depot_take(struct bset_depot *depot)
{
	struct bset_obj *list;
	unsigned long flags;

	/*
	 * An empty depot is the common case; a stale answer costs one trip to
	 * the slab.
	 */
	if (!READ_ONCE(depot->lists))
		return NULL;

	raw_spin_lock_irqsave(&depot->lock, flags);
	list = depot->lists;
	if (list) {
		WRITE_ONCE(depot->lists, list->next_list);
		depot->nr -= list->nr;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return list;
}

/* One object, if the depot has more than @keep of them. */
static struct bset_obj *bset_depot_pop(struct bset_depot *depot,
				       unsigned int keep)
{
	struct bset_obj *obj = NULL, *rest;
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	if (depot->nr > keep) {
		obj = depot->lists;
		rest = obj->next;
		if (rest) {
			rest->nr = obj->nr - 1;
			rest->next_list = obj->next_list;
		}
		WRITE_ONCE(depot->lists, rest ?: obj->next_list);
		depot->nr--;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return obj;
}

/**
 * bset_cache_refill() - get an object when the list in use is empty
 * @c:		this CPU's lists, claimed
 * @kind:	kind of the object
 *
 * Context: any but NMI; @c is claimed.
 * Return: an object, or NULL if there is no full list here or in the depot.
 */
struct bset_obj *bset_cache_refill(struct bset_cpu_cache *c, unsigned int kind)
{
	struct bset_obj *list = c->full[kind];
	unsigned int nr = c->full_nr[kind];

	if (list) {
		c->full[kind] = NULL;
		c->full_nr[kind] = 0;
	} else {
		list = bset_depot_take(&c->cache->depot[kind]);
		if (!list)
			return NULL;
		nr = list->nr;
	}
	c->head[kind] = list->next;
	c->nr[kind] = nr - 1;
	return list;
}

/**
 * bset_cache_spill() - make room when the list in use is full
 * @c:		this CPU's lists, claimed
 * @kind:	kind of the object to make room for
 *
 * Context: any but NMI; @c is claimed.
 * Return: whether there is room now.
 */
bool bset_cache_spill(struct bset_cpu_cache *c, unsigned int kind)
{
	if (!READ_ONCE(c->batch[kind]))
		return false; /* nothing of this kind is kept */
	if (c->full[kind] &&
	    !bset_depot_give(c->cache, kind, c->full[kind], c->full_nr[kind]))
		return false;
	c->full[kind] = c->head[kind];
	c->full_nr[kind] = c->nr[kind];
	c->head[kind] = NULL;
	c->nr[kind] = 0;
	return true;
}

/*
 * One of a CPU's objects, of the full list first: it is the colder one.  The
 * lists are claimed, or nobody else can touch them by the rules in cache.h.
 */
static struct bset_obj *bset_lists_pop_cold(struct bset_cpu_cache *c,
					    unsigned int kind)
{
	struct bset_obj *obj = c->full[kind];

	if (!obj)
		return bset_list_pop(c, kind);
	c->full[kind] = obj->next;
	c->full_nr[kind]--;
	return obj;
}

static struct bset_obj *bset_cpu_pop_cold(struct bset_cache *cache,
					  unsigned int kind)
{
	struct bset_cpu_cache *c;
	struct bset_obj *obj;

	if (WARN_ON_ONCE(!bset_cpu_claim(cache->cpu, &c)))
		return NULL; /* not in task context */
	obj = bset_lists_pop_cold(c, kind);
	bset_cpu_release(c);
	return obj;
}

/* Frees up to @most objects of a kind that this CPU holds. */
static unsigned long bset_drain_kind(struct bset_cache *cache,
				     unsigned int kind, unsigned long most)
{
	struct bset_obj *obj;
	unsigned long n;

	for (n = 0; n < most; n++) {
		obj = bset_cpu_pop_cold(cache, kind);
		if (!obj)
			break;
		cache->release(cache, kind, obj);
	}
	return n;
}

static unsigned long bset_drain_this_cpu(struct bset_cache *cache,
					 unsigned long most)
{
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		n += bset_drain_kind(cache, kind, most - n);
	return n;
}

/* Frees all that a CPU holds whose lists nobody else can touch. */
static void bset_drain_idle_cpu(struct bset_cache *cache, int cpu)
{
	struct bset_cpu_cache *c = per_cpu_ptr(cache->cpu, cpu);
	struct bset_obj *obj;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		while ((obj = bset_lists_pop_cold(c, kind)))
			cache->release(cache, kind, obj);
}

/* Frees up to @most objects of a depot, but leaves @keep of them there. */
static unsigned long bset_drain_depot(struct bset_cache *cache,
				      unsigned int kind, unsigned int keep,
				      unsigned long most)
{
	struct bset_obj *obj;
	unsigned long n;

	for (n = 0; n < most; n++) {
		obj = bset_depot_pop(&cache->depot[kind], keep);
		if (!obj)
			break;
		cache->release(cache, kind, obj);
	}
	return n;
}

static unsigned long bset_drain_depots(struct bset_cache *cache,
				       unsigned long most)
{
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		n += bset_drain_depot(cache, kind, 0, most - n);
	return n;
}

/* What another CPU holds; it may be off by what moves. */
static unsigned long bset_cpu_count(const struct bset_cache *cache, int cpu)
{
	const struct bset_cpu_cache *c = per_cpu_ptr(cache->cpu, cpu);
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		/* Its CPU may be changing them. */
		n += data_race(c->nr[kind]) + data_race(c->full_nr[kind]);
	return n;
}

static unsigned long bset_depots_count(const struct bset_cache *cache)
{
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		n += data_race(cache->depot[kind].nr); /* likewise */
	return n;
}

/**
 * bset_cache_count() - how many objects are cached
 * @cache:	the cache
 *
 * Context: any.
 * Return: the number, right to within what moves while it is added up.
 */
unsigned long bset_cache_count(const struct bset_cache *cache)
{
	unsigned long n = bset_depots_count(cache);
	int cpu;

	for_each_possible_cpu(cpu)
		n += bset_cpu_count(cache, cpu);
	return n;
}
EXPORT_SYMBOL_BSET(bset_cache_count);

/*
 * Whether a list is, or may be about to get, longer than lists are now: the
 * last push by the old length may be under way when another CPU looks.  A few
 * pushes before it may not be visible there yet; then the list stays too long
 * until it is next used.
 */
static bool bset_is_long(unsigned int nr, unsigned int batch)
{
	return nr && nr >= batch;
}

static bool bset_cpu_is_long(const struct bset_cache *cache, unsigned int kind,
			     int cpu)
{
	const struct bset_cpu_cache *c = per_cpu_ptr(cache->cpu, cpu);
	const unsigned int batch = READ_ONCE(cache->batch[kind]);

	/* Its CPU may be changing them, see above. */
	return bset_is_long(data_race(c->nr[kind]), batch) ||
	       /* likewise */
	       bset_is_long(data_race(c->full_nr[kind]), batch);
}

static void bset_drain_work(struct work_struct *work)
{
	struct bset_drain *drain = container_of(work, struct bset_drain, work);
	unsigned long wanted = atomic_long_xchg(&drain->wanted, 0);
	struct bset_cache *cache;

	mutex_lock(&bset_caches_lock);
	list_for_each_entry(cache, &caches, all)
		wanted -= bset_drain_this_cpu(cache, wanted);
	mutex_unlock(&bset_caches_lock);
}

/*
 * Asks a CPU to free up to @wanted of its objects, and does not wait for it.  A
 * work item that lands elsewhere because its CPU goes away drains the wrong
 * lists, which is harmless: the hotplug callback drains the right ones.
 */
static void bset_drain_ask(int cpu, unsigned long wanted)
{
	struct bset_drain *drain = per_cpu_ptr(&bset_drain, cpu);

	lockdep_assert_held(&bset_caches_lock);
	if (wanted > (unsigned long)atomic_long_read(&drain->wanted))
		atomic_long_set(&drain->wanted, wanted);
	schedule_work_on(cpu, &drain->work);
}

static unsigned long bset_cpu_count_all(int cpu)
{
	struct bset_cache *cache;
	unsigned long n = 0;

	lockdep_assert_held(&bset_caches_lock);
	list_for_each_entry(cache, &caches, all)
		n += bset_cpu_count(cache, cpu);
	return n;
}

/**
 * bset_cache_drain_all() - give every cached object back to the slab
 *
 * What is put while this runs may be cached again.
 *
 * Context: task context, may sleep; not from a work item of a workqueue with
 * WQ_MEM_RECLAIM.
 */
void bset_cache_drain_all(void)
{
	struct bset_cache *cache;
	int cpu;

	mutex_lock(&bset_caches_lock);
	for_each_online_cpu(cpu)
		if (bset_cpu_count_all(cpu))
			bset_drain_ask(cpu, ULONG_MAX);
	mutex_unlock(&bset_caches_lock);
	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(&bset_drain, cpu)->work);
	mutex_lock(&bset_caches_lock);
	list_for_each_entry(cache, &caches, all)
		bset_drain_depots(cache, ULONG_MAX);
	mutex_unlock(&bset_caches_lock);
}
EXPORT_SYMBOL_BSET(bset_cache_drain_all);

static unsigned int bset_batch_of(size_t share, unsigned int size)
{
	return min_t(size_t, MAX_BATCH, share / size);
}

/* Bytes of one list of each kind when none has more than @share. */
static size_t bset_bytes_of(size_t share)
{
	struct bset_cache *cache;
	unsigned int kind, size;
	size_t bytes = 0;

	list_for_each_entry(cache, &caches, all) {
		for (kind = 0; kind < cache->nr_kinds; kind++) {
			size = cache->size[kind];
			bytes += bset_batch_of(share, size) * (size_t)size;
		}
	}
	return bytes;
}

/* The largest share with which one list of each kind fit into @most bytes. */
static size_t bset_fair_share(size_t most)
{
	size_t share = 0, bit;

	for (bit = BIT(fls_long(most)); bit; bit /= 2)
		if (bset_bytes_of(share + bit) <= most)
			share += bit;
	return share;
}

/* What is in longer lists is drained, so that the bound holds. */
static void bset_set_batch(struct bset_cache *cache, unsigned int kind,
			   unsigned int batch)
{
	const bool shorter = batch < cache->batch[kind];
	int cpu;

	WRITE_ONCE(cache->batch[kind], batch);
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(cache->cpu, cpu)->batch[kind], batch);
	if (shorter)
		bset_drain_depot(cache, kind, 0, ULONG_MAX);
}

static bool bset_cpu_has_long(int cpu)
{
	struct bset_cache *cache;
	unsigned int kind;

	list_for_each_entry(cache, &caches, all)
		for (kind = 0; kind < cache->nr_kinds; kind++)
			if (bset_cpu_is_long(cache, kind, cpu))
				return true;
	return false;
}

/* After a cache was added or removed, or the parameter was set. */
static void bset_update_batches(void)
{
	const size_t most = (size_t)cache_kb * 1024 / LISTS_PER_CPU;
	const size_t share = bset_fair_share(most);
	struct bset_cache *cache;
	unsigned int kind;
	int cpu;

	lockdep_assert_held(&bset_caches_lock);
	list_for_each_entry(cache, &caches, all)
		for (kind = 0; kind < cache->nr_kinds; kind++)
			bset_set_batch(cache, kind,
				       bset_batch_of(share, cache->size[kind]));
	for_each_online_cpu(cpu)
		if (bset_cpu_has_long(cpu))
			bset_drain_ask(cpu, ULONG_MAX);
}

static int bset_set_cache_kb(const char *val, const struct kernel_param *kp)
{
	unsigned int kb;
	int ret;

	ret = kstrtouint(val, 0, &kb);
	if (ret)
		return ret;
	if (kb > MAX_CACHE_KB) {
		pr_err("bioset: cache_kb=%u is more than %u\n", kb,
		       MAX_CACHE_KB);
		return -ERANGE;
	}
	if (kb && BSET_POISON_FREED && caches_up && !caches_used) {
		pr_err("bioset: with KASAN, cache_kb has to be given to insmod\n");
		return -EBUSY;
	}
	mutex_lock(&bset_caches_lock);
	cache_kb = kb;
	bset_update_batches();
	mutex_unlock(&bset_caches_lock);
	return 0;
}

static const struct kernel_param_ops cache_kb_ops = {
	.set = bset_set_cache_kb,
	.get = param_get_uint,
};

module_param_cb(cache_kb, &cache_kb_ops, &cache_kb, 0644);
MODULE_PARM_DESC(cache_kb, "KiB per CPU for the caches of all sets (0 = none)");

/**
 * bset_cache_init() - make a cache
 * @cache:	zeroed but for nr_kinds, size and release
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bset_cache_init(struct bset_cache *cache)
{
	unsigned int kind;
	int cpu;

	cache->cpu = alloc_percpu(struct bset_cpu_cache);
	if (!cache->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(cache->cpu, cpu)->cache = cache;
	for (kind = 0; kind < cache->nr_kinds; kind++)
		raw_spin_lock_init(&cache->depot[kind].lock);

	mutex_lock(&bset_caches_lock);
	list_add(&cache->all, &caches);
	bset_update_batches();
	mutex_unlock(&bset_caches_lock);
	return 0;
}

/**
 * bset_cache_exit() - empty and free a cache
 * @cache:	a cache that nobody pushes to or pops from any more
 *
 * Context: task context, may sleep.
 */
void bset_cache_exit(struct bset_cache *cache)
{
	int cpu;

	mutex_lock(&bset_caches_lock);
	list_del(&cache->all);
	bset_update_batches();
	mutex_unlock(&bset_caches_lock);

	for_each_possible_cpu(cpu)
		bset_drain_idle_cpu(cache, cpu);
	bset_drain_depots(cache, ULONG_MAX);
	free_percpu(cache->cpu);
}

/*
 * The lists of isolated CPUs are left alone under memory pressure, unless it is
 * they who look for memory: they hold little, and work would disturb what they
 * were isolated for.
 */
static bool bset_may_disturb(int cpu)
{
	return cpu == raw_smp_processor_id() || !bset_cpu_is_isolated(cpu);
}

static unsigned long bset_shrink_count(struct shrinker *s,
				       struct shrink_control *sc)
{
	struct bset_cache *cache;
	unsigned long n = 0;
	int cpu;

	if (!mutex_trylock(&bset_caches_lock))
		return 0;
	list_for_each_entry(cache, &caches, all)
		n += bset_depots_count(cache);
	for_each_online_cpu(cpu)
		if (bset_may_disturb(cpu))
			n += bset_cpu_count_all(cpu);
	mutex_unlock(&bset_caches_lock);
	return n ?: SHRINK_EMPTY;
}

/*
 * Asks the CPUs that hold something.  They cannot be waited for: reclaim may be
 * what they wait for.
 */
static void bset_shrink_others(unsigned long most)
{
	unsigned long n;
	int cpu;

	for_each_online_cpu(cpu) {
		n = bset_may_disturb(cpu) ? min(bset_cpu_count_all(cpu), most)
					  : 0;
		if (n)
			bset_drain_ask(cpu, n);
		most -= n;
	}
}

/**
 * bset_cache_shrink() - free some cached objects
 * @most:	how many
 *
 * Those in depots first, which have not been used for longest, then this CPU's;
 * other CPUs are asked for what is missing.
 *
 * Context: task context; may be reclaim, so it waits for nobody.
 * Return: how many were freed at once.
 */
unsigned long bset_cache_shrink(unsigned long most)
{
	struct bset_cache *cache;
	unsigned long n = 0;

	if (!mutex_trylock(&bset_caches_lock))
		return 0;
	list_for_each_entry(cache, &caches, all)
		n += bset_drain_depots(cache, most - n);
	list_for_each_entry(cache, &caches, all)
		n += bset_drain_this_cpu(cache, most - n);
	bset_shrink_others(most - n);
	mutex_unlock(&bset_caches_lock);
	return n;
}
EXPORT_SYMBOL_BSET(bset_cache_shrink);

static unsigned long bset_shrink_scan(struct shrinker *s,
				      struct shrink_control *sc)
{
	return bset_cache_shrink(sc->nr_to_scan) ?: SHRINK_STOP;
}

/*
 * Runs on another CPU when @cpu is dead and no longer counted as online, so its
 * lists are nobody's, and the depots' limit is lower by a list.
 */
static int bset_cache_cpu_dead(unsigned int cpu)
{
	struct bset_cache *cache;
	unsigned int kind;

	mutex_lock(&bset_caches_lock);
	list_for_each_entry(cache, &caches, all) {
		bset_drain_idle_cpu(cache, cpu);
		for (kind = 0; kind < cache->nr_kinds; kind++)
			bset_drain_depot(cache, kind,
					 bset_depot_limit(cache, kind),
					 ULONG_MAX);
	}
	mutex_unlock(&bset_caches_lock);
	return 0;
}

/**
 * bset_caches_used() - whether there may be caches
 *
 * Slabs are made accordingly under KASAN, see bset_bio_slab_flags(), so this is
 * what cache_kb said when the module was loaded.
 *
 * Context: any.
 * Return: whether there may be.
 */
bool bset_caches_used(void)
{
	return caches_used;
}

/**
 * bset_caches_start() - register for CPU hotplug and memory pressure
 *
 * Context: task context, module load.
 * Return: 0 or a negative error; nothing is registered then.
 */
int bset_caches_start(void)
{
	int cpu, ret;

	caches_used = cache_kb;
	caches_up = true;
	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu_ptr(&bset_drain, cpu)->work,
			  bset_drain_work);

	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					"block/bioset:dead", NULL,
					bset_cache_cpu_dead);
	if (ret < 0)
		return ret;
	hotplug_state = ret;

	ret = bset_shrinker_start(&shrinker, bset_shrink_count,
				  bset_shrink_scan);
	if (ret)
		cpuhp_remove_state_nocalls(hotplug_state);
	return ret;
}

/**
 * bset_caches_stop() - undo bset_caches_start()
 *
 * Context: task context, module unload; no cache is left.
 */
void bset_caches_stop(void)
{
	int cpu;

	bset_shrinker_stop(&shrinker);
	cpuhp_remove_state_nocalls(hotplug_state);
	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(&bset_drain, cpu)->work);
}
