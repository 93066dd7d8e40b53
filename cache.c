// SPDX-License-Identifier: GPL-2.0
/*
 * The slow half of the per-CPU caches: depot, bounds, draining
 *
 * The bound: for each kind of object a CPU holds at most two lists (the one in
 * use and a full one) and the depot one for each CPU, so three lists a CPU.
 * The length of a list follows from the module parameter cache_kb, the bytes
 * that all caches together may hold for each CPU.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "bioset.h"
#include "cache.h"
#include "compat.h"

#define LISTS_PER_CPU 3
#define MAX_BATCH 32U

static unsigned int cache_kb = BSET_POISON_FREED ? 0 : 1024;
module_param(cache_kb, uint, 0444);
MODULE_PARM_DESC(cache_kb, "KiB per CPU for the caches of all sets (0 = none)");

unsigned int bset_cache_batch __read_mostly;
BSET_EXPORT_INTERNAL(bset_cache_batch);

/* Protects the list of caches; innermost but for depot locks. */
static DEFINE_MUTEX(caches_lock);
static LIST_HEAD(caches);
static DEFINE_PER_CPU(struct work_struct, drain_work);
static int hotplug_state;

static bool depot_give(struct bset_depot *depot, struct bset_obj *list)
{
	unsigned long flags;
	bool room;

	raw_spin_lock_irqsave(&depot->lock, flags);
	room = depot->nr_lists < num_possible_cpus();
	if (room) {
		list->next_list = depot->lists;
		WRITE_ONCE(depot->lists, list);
		depot->nr_lists++;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return room;
}

static struct bset_obj *depot_take(struct bset_depot *depot)
{
	struct bset_obj *list;
	unsigned long flags;

	/* An empty depot is the common case; a stale answer costs one trip to
	 * the slab.
	 */
	if (!READ_ONCE(depot->lists))
		return NULL;

	raw_spin_lock_irqsave(&depot->lock, flags);
	list = depot->lists;
	if (list) {
		WRITE_ONCE(depot->lists, list->next_list);
		depot->nr_lists--;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return list;
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

	if (list)
		c->full[kind] = NULL;
	else
		list = depot_take(&c->cache->depot[kind]);
	if (list) {
		c->head[kind] = list->next;
		c->nr[kind] = list->nr - 1;
	}
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
	struct bset_obj *list = c->head[kind];

	if (!list)
		return false; /* the caches are switched off */
	if (c->full[kind] && !depot_give(&c->cache->depot[kind], c->full[kind]))
		return false;
	list->nr = c->nr[kind];
	c->full[kind] = list;
	c->head[kind] = NULL;
	c->nr[kind] = 0;
	return true;
}

static unsigned long release_list(struct bset_cache *cache, unsigned int kind,
				  struct bset_obj *obj)
{
	struct bset_obj *next;
	unsigned long n = 0;

	for (; obj; obj = next, n++) {
		next = obj->next;
		cache->release(cache, kind, obj);
	}
	return n;
}

struct lists {
	struct bset_obj *head, *full;
};

/* The lists of a CPU that is dead, or that are claimed. */
static struct lists take_lists(struct bset_cpu_cache *c, unsigned int kind)
{
	struct lists lists = { c->head[kind], c->full[kind] };

	c->head[kind] = NULL;
	c->full[kind] = NULL;
	c->nr[kind] = 0;
	return lists;
}

static unsigned long release_lists(struct bset_cache *cache, unsigned int kind,
				   struct lists lists)
{
	return release_list(cache, kind, lists.head) +
	       release_list(cache, kind, lists.full);
}

/* Empties lists that nobody else can touch, by the rules in cache.h. */
static unsigned long drain_cpu(struct bset_cpu_cache *c, unsigned int kind)
{
	return release_lists(c->cache, kind, take_lists(c, kind));
}

static unsigned long drain_this_cpu(struct bset_cache *cache)
{
	struct bset_cpu_cache *c;
	struct lists lists;
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++) {
		if (WARN_ON_ONCE(!bset_cpu_claim(cache->cpu, &c)))
			break; /* not in task context */
		lists = take_lists(c, kind);
		bset_cpu_release(c);
		n += release_lists(cache, kind, lists);
	}
	return n;
}

static unsigned long drain_depots(struct bset_cache *cache)
{
	struct bset_obj *list;
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		while ((list = depot_take(&cache->depot[kind])))
			n += release_list(cache, kind, list);
	return n;
}

static void drain_work_fn(struct work_struct *work)
{
	struct bset_cache *cache;

	mutex_lock(&caches_lock);
	list_for_each_entry(cache, &caches, all)
		drain_this_cpu(cache);
	mutex_unlock(&caches_lock);
}

static void queue_drains(void)
{
	int cpu;

	/* A work item that lands elsewhere because its CPU goes away drains
	 * the wrong lists, which is harmless: the hotplug callback drains the
	 * right ones.
	 */
	for_each_online_cpu(cpu)
		schedule_work_on(cpu, per_cpu_ptr(&drain_work, cpu));
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

	queue_drains();
	for_each_possible_cpu(cpu)
		flush_work(per_cpu_ptr(&drain_work, cpu));
	mutex_lock(&caches_lock);
	list_for_each_entry(cache, &caches, all)
		drain_depots(cache);
	mutex_unlock(&caches_lock);
}
BSET_EXPORT_INTERNAL(bset_cache_drain_all);

/*
 * When a class is added the lists become shorter.  What is in longer ones is
 * drained, so that the bound holds.
 */
static void update_batch(void)
{
	struct bset_cache *cache;
	size_t bytes = 0;
	unsigned int kind, batch = 0;
	bool shorter;
	int cpu;

	lockdep_assert_held(&caches_lock);
	list_for_each_entry(cache, &caches, all)
		for (kind = 0; kind < cache->nr_kinds; kind++)
			bytes += cache->size[kind];
	if (bytes)
		batch = min_t(size_t, MAX_BATCH,
			      (size_t)cache_kb * 1024 / LISTS_PER_CPU / bytes);
	shorter = batch < bset_cache_batch;
	WRITE_ONCE(bset_cache_batch, batch);
	list_for_each_entry(cache, &caches, all) {
		for_each_possible_cpu(cpu)
			WRITE_ONCE(per_cpu_ptr(cache->cpu, cpu)->batch, batch);
		if (shorter)
			drain_depots(cache);
	}
	if (shorter)
		queue_drains();
}

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

	mutex_lock(&caches_lock);
	list_add(&cache->all, &caches);
	update_batch();
	mutex_unlock(&caches_lock);
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
	unsigned int kind;
	int cpu;

	mutex_lock(&caches_lock);
	list_del(&cache->all);
	update_batch();
	mutex_unlock(&caches_lock);

	for_each_possible_cpu(cpu)
		for (kind = 0; kind < cache->nr_kinds; kind++)
			drain_cpu(per_cpu_ptr(cache->cpu, cpu), kind);
	drain_depots(cache);
	free_percpu(cache->cpu);
}

/**
 * bset_cache_count() - how many objects are cached
 * @cache:	the cache
 *
 * Context: any.
 * Return: the number, right to within what moves while it is added up.
 */
unsigned long bset_cache_count(struct bset_cache *cache)
{
	const struct bset_cpu_cache *c;
	unsigned long n = 0;
	unsigned int kind;
	int cpu;

	for (kind = 0; kind < cache->nr_kinds; kind++) {
		for_each_possible_cpu(cpu) {
			c = per_cpu_ptr(cache->cpu, cpu);
			/* A number for people: it may be off by what moves. */
			n += data_race(c->nr[kind]);
			/* likewise */
			if (data_race(c->full[kind]))
				n += READ_ONCE(bset_cache_batch);
		}
		/* likewise */
		n += data_race(cache->depot[kind].nr_lists) *
		     READ_ONCE(bset_cache_batch);
	}
	return n;
}
BSET_EXPORT_INTERNAL(bset_cache_count);

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	struct bset_cache *cache;
	unsigned long n = 0;

	if (!mutex_trylock(&caches_lock))
		return SHRINK_EMPTY;
	list_for_each_entry(cache, &caches, all)
		n += bset_cache_count(cache);
	mutex_unlock(&caches_lock);
	return n ?: SHRINK_EMPTY;
}

/*
 * Frees what this CPU and the depots hold, and asks the other CPUs to do the
 * same.  It cannot wait for them: reclaim may be what they wait for.
 */
static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct bset_cache *cache;
	unsigned long n = 0;

	if (!mutex_trylock(&caches_lock))
		return SHRINK_STOP;
	list_for_each_entry(cache, &caches, all) {
		n += drain_this_cpu(cache);
		n += drain_depots(cache);
	}
	mutex_unlock(&caches_lock);
	queue_drains();
	return n ?: SHRINK_STOP;
}

static struct bset_shrinker shrinker;

/* Runs on another CPU when @cpu is dead, so its lists are nobody's. */
static int cpu_dead(unsigned int cpu)
{
	struct bset_cache *cache;
	unsigned int kind;

	mutex_lock(&caches_lock);
	list_for_each_entry(cache, &caches, all)
		for (kind = 0; kind < cache->nr_kinds; kind++)
			drain_cpu(per_cpu_ptr(cache->cpu, cpu), kind);
	mutex_unlock(&caches_lock);
	return 0;
}

/**
 * bset_caches_used() - whether there are any caches
 *
 * Context: any.
 * Return: whether there are.
 */
bool bset_caches_used(void)
{
	return cache_kb;
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

	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(&drain_work, cpu), drain_work_fn);

	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					"block/bioset:dead", NULL, cpu_dead);
	if (ret < 0)
		return ret;
	hotplug_state = ret;

	ret = bset_shrinker_start(&shrinker, shrink_count, shrink_scan);
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
		cancel_work_sync(per_cpu_ptr(&drain_work, cpu));
}
