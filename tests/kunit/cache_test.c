// SPDX-License-Identifier: GPL-2.0
/*
 * The per-CPU caches: every context, no bio given out twice, bounds, and all
 * the ways by which they are emptied
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

/* First, for the documented names; internal.h comes without. */
#include "testlib.h"

#include "internal.h"

static const int kinds[BSET_NR_KINDS] = { 4, 16, 64, 256 };

TEST_INT_PARAM(kind, kinds);

static struct bset_cache *cache_of(struct bio_set *bs)
{
	return bset_of(bs)->bio.cache;
}

static unsigned long cached(struct bio_set *bs)
{
	return bset_cache_count(cache_of(bs));
}

static unsigned long list_length(const struct bset_obj *obj)
{
	unsigned long n = 0;

	for (; obj; obj = obj->next)
		n++;
	return n;
}

/* The same counted one by one, for one kind, while nothing moves. */
static unsigned long cached_of_kind(struct bio_set *bs, unsigned int kind)
{
	struct bset_cache *cache = cache_of(bs);
	struct bset_cpu_cache *c;
	struct bset_obj *list;
	unsigned long n = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(cache->cpu, cpu);
		n += list_length(c->head[kind]) + list_length(c->full[kind]);
	}
	for (list = cache->depot[kind].lists; list; list = list->next_list)
		n += list_length(list);
	return n;
}

/* Objects in a full list of this kind. */
static unsigned int batch_of(struct bio_set *bs, unsigned int kind)
{
	return READ_ONCE(cache_of(bs)->batch[kind]);
}

static unsigned long bound(struct bio_set *bs, unsigned int kind)
{
	return 3UL * batch_of(bs, kind) * num_online_cpus();
}

/* The module may have been loaded without. */
static void need_caches(struct kunit *test)
{
	if (!test_read_number(CACHE_KB))
		kunit_skip(test, "the caches are switched off");
}

/* Of a class that no other test has, so that the count is ours alone. */
static struct bio_set *lone_set(struct kunit *test)
{
	need_caches(test);
	return test_set(test, 1, 328, BIOSET_NEED_BVECS);
}

static void usual_kb(void *arg)
{
	test_write_file(CACHE_KB, "1024");
}

/*
 * What the caches hold for each CPU, for the rest of the test.  Lists are shorter
 * with less, and it takes fewer bios to fill them.
 */
static void use_kb(struct kunit *test, const char *kb)
{
	test_needs(test, CACHE_KB);
	test_defer(test, usual_kb, NULL);
	KUNIT_ASSERT_EQ(test, test_write_file(CACHE_KB, kb), 0);
}

#define FEW_KB "128" /* all kinds have lists, but none of them the longest */

/* Allocates @n, then puts all of them. */
static int churn(struct bio_set *bs, unsigned int nr_vecs, unsigned int n)
{
	struct bio **bios = kvcalloc(n, sizeof(*bios), GFP_KERNEL);
	unsigned int i;
	int ret = 0;

	if (!bios)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		bios[i] = bio_alloc_bioset(GFP_NOIO, nr_vecs, bs);
	for (i = 0; i < n; i++) {
		if (bios[i])
			bio_put(bios[i]);
		else
			ret = -ENOMEM;
	}
	kvfree(bios);
	return ret;
}

/*
 * Sets of one layout share: a hundred sets cost no more than one.  What is put
 * last comes back first, with its array: it is warm.
 */
static void cache_is_shared(struct kunit *test)
{
	const unsigned int nr = test_int(test);
	struct bio_set *a = lone_set(test), *b = lone_set(test);
	struct bio_vec *vecs;
	struct bio *bio, *again;

	bset_cache_drain_all();
	test_stay_on_cpu();
	bio = bio_alloc_bioset(GFP_NOIO, nr, a);
	vecs = bio->bi_io_vec;
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, cached(a), 1);
	again = bio_alloc_bioset(GFP_NOIO, nr, b);
	test_leave_cpu();
	KUNIT_EXPECT_PTR_EQ(test, again, bio);
	KUNIT_EXPECT_PTR_EQ(test, again->bi_io_vec, vecs);
	KUNIT_EXPECT_TRUE(test, TEST_IS_OF(again, b));
	bio_put(again);
	KUNIT_EXPECT_EQ(test, test_stats(test, a).allocs, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, b).allocs, 1);
}

struct there {
	const struct test_way *way;
	struct bio_set *bs;
	struct bio *given;
	bool failed;
};

/* Puts what it was given, and goes round once itself. */
static void put_there(void *arg)
{
	struct there *t = arg;
	struct bio *bio;

	test_put(t->given, t->way->kernel);
	bio = bio_alloc_bioset(GFP_ATOMIC, t->way->nr_vecs, t->bs);
	t->failed = !bio;
	if (bio)
		bio_put(bio);
}

/* catalogue 15: the cache takes and gives in every context */
static void cache_in_context(struct kunit *test)
{
	const struct test_way *way = test_param(test);
	struct there *t = test_zalloc(test, sizeof(*t));
	struct test_later *later;

	test_need_context(test, way->context);
	t->way = way;
	t->bs = lone_set(test);
	bset_cache_drain_all();
	t->given = test_bio(test, way->nr_vecs, t->bs);
	KUNIT_EXPECT_EQ(test, cached(t->bs), 0);
	later = test_later(test, way->context, 1, put_there, t);
	KUNIT_ASSERT_TRUE(test, test_within(&later->done, TEST_LIMIT_MS));
	KUNIT_EXPECT_FALSE(test, later->wrong_context);
	KUNIT_EXPECT_FALSE(test, t->failed);
	KUNIT_EXPECT_EQ(test, cached(t->bs), 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, t->bs).in_flight, 0);
}

/*
 * catalogue 15, 21: no bio is handed out twice.  Each one that is out says so in
 * its front_pad, which nobody else writes, and which survives in the cache.  What
 * one CPU allocates is put by whichever comes next.
 */
#define HAMMER_MS 300
#define HAMMERS 3
#define HAMMER_BIOS 24
#define OUT 0x6f75746f75746f75UL
#define BACK 0x6261636b6261636bUL

struct hammer {
	struct bio_set *bs;
	ktime_t end;
	atomic_t twice;
	atomic_t rounds;
	atomic_t irq_rounds;
	struct hrtimer timer;
	struct bio *bios[HAMMER_BIOS];
};

static unsigned long *mark_of(struct bio *bio)
{
	return (unsigned long *)bio - 1;
}

static struct bio *hammer_get(struct hammer *h, unsigned int n)
{
	struct bio *bio =
		bio_alloc_bioset(GFP_ATOMIC, kinds[n % BSET_NR_KINDS], h->bs);

	if (bio && xchg(mark_of(bio), OUT) == OUT)
		atomic_inc(&h->twice);
	return bio;
}

/* Puts the bio that was there. */
static void hammer_exchange(struct hammer *h, unsigned int i, struct bio *bio,
			    unsigned int n)
{
	bio = xchg(&h->bios[i], bio);
	if (!bio)
		return;
	if (xchg(mark_of(bio), BACK) != OUT)
		atomic_inc(&h->twice);
	test_put(bio, n % 5 == 0);
}

/* A random few of them, so that lists run both full and empty. */
static int hammer_task(void *arg)
{
	struct hammer *h = arg;
	unsigned int n = 0, i;

	while (ktime_before(ktime_get(), h->end)) {
		for (i = n & 7; i < HAMMER_BIOS; i += 1 + (n++ & 3))
			hammer_exchange(h, i,
					n % 64 < 40 ? hammer_get(h, n) : NULL,
					n);
		n++;
		atomic_inc(&h->rounds);
		cond_resched();
	}
	return 0;
}

/* It comes in the middle of what a task does to its lists. */
static enum hrtimer_restart hammer_irq(struct hrtimer *timer)
{
	struct hammer *h = container_of(timer, struct hammer, timer);
	unsigned int n = atomic_inc_return(&h->irq_rounds), i;

	for (i = n % HAMMER_BIOS; i < HAMMER_BIOS; i += 3)
		hammer_exchange(h, i, n & 1 ? hammer_get(h, n + i) : NULL, n);
	/* Not a round number: the phase drifts through the task's loop. */
	hrtimer_forward_now(timer, ns_to_ktime(270123));
	return ktime_before(ktime_get(), h->end) ? HRTIMER_RESTART
						 : HRTIMER_NORESTART;
}

static void hammer_stop(void *arg)
{
	struct hammer *h = arg;
	int i;

	hrtimer_cancel(&h->timer);
	for (i = 0; i < HAMMER_BIOS; i++)
		hammer_exchange(h, i, NULL, i);
}

/*
 * Read while everything moves: what is in flight may be off by what is allocated
 * while the CPUs' shares are added up, and no more.
 */
static void expect_sane_counts(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats before = test_stats(test, bs);
	struct bioset_stats s = test_stats(test, bs);

	KUNIT_ASSERT_LE(test, s.in_flight,
			HAMMER_BIOS + 2 * (HAMMERS + 1) + s.allocs -
				before.allocs);
	KUNIT_ASSERT_LE(test, s.puts, s.allocs);
	KUNIT_ASSERT_LE(test, s.reserve, s.pool_size);
}

static const int starvations[] = { 0, 1, 2, 7 };

TEST_INT_PARAM(starvation, starvations);

static void cache_no_bio_twice(struct kunit *test)
{
	struct hammer *h = test_zalloc(test, sizeof(*h));
	const int cpus = num_online_cpus();
	struct test_worker *w[HAMMERS];
	struct bioset_stats s;
	int i;

	need_caches(test);
	h->bs = test_set(test, 2, sizeof(unsigned long), BIOSET_NEED_BVECS);
	bset_starve(h->bs, test_int(test));
	h->end = ktime_add_ms(ktime_get(), HAMMER_MS);
	test_hrtimer_init(&h->timer, hammer_irq, HRTIMER_MODE_REL);
	test_defer(test, hammer_stop, h);
	if (!TEST_PREEMPT_RT)
		hrtimer_start(&h->timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = test_worker_on(test, i % cpus, hammer_task, h);
	while (!test_worker_done(w[0], 1))
		expect_sane_counts(test, h->bs);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		test_join(test, w[i]);
	hammer_stop(h);
	s = test_stats(test, h->bs);
	KUNIT_EXPECT_EQ(test, atomic_read(&h->twice), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&h->rounds), 10);
	if (!TEST_PREEMPT_RT)
		KUNIT_EXPECT_GT(test, atomic_read(&h->irq_rounds), 10);
	KUNIT_EXPECT_EQ(test, s.in_flight, 0);
	KUNIT_EXPECT_EQ(test, s.reserve, s.pool_size);
	KUNIT_EXPECT_EQ(test, s.vec_reserve, s.pool_size);
}

/*
 * However many come back at once, for each kind.  What a kind has no room for
 * may go, without its array, where bios without one are.
 */
static bool within_bound(struct bio_set *bs)
{
	unsigned int kind;

	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		if (cached_of_kind(bs, kind) > bound(bs, kind))
			return false;
	return true;
}

/* Puts more at once than there may be in the caches. */
static void overfill(struct kunit *test, struct bio_set *bs, unsigned int kind)
{
	const unsigned int n = 4 * bound(bs, kind) + bound(bs, BSET_INLINE);

	KUNIT_ASSERT_EQ(test, churn(bs, kinds[kind], n + 8), 0);
}

/* Bytes of what is cached of one set's class. */
static unsigned long cached_bytes(struct bio_set *bs)
{
	struct bset_cache *cache = cache_of(bs);
	unsigned long n = 0;
	unsigned int kind;

	for (kind = 0; kind < cache->nr_kinds; kind++)
		n += cached_of_kind(bs, kind) * cache->size[kind];
	return n;
}

static const int kbs[] = { 1, 4, 16, 64, 128 };

TEST_INT_PARAM(kb, kbs);

/* By the length of the lists, which is what cache_kb allows. */
static void cache_is_bounded(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned long sum = 0;
	unsigned int kind;
	char kb[8];

	snprintf(kb, sizeof(kb), "%d", test_int(test));
	use_kb(test, kb);
	bset_cache_drain_all();
	for (kind = 0; kind < BSET_NR_KINDS; kind++) {
		overfill(test, bs, kind);
		/* This CPU's two lists and the depot: they are used, too. */
		KUNIT_EXPECT_GE(test, cached_of_kind(bs, kind),
				batch_of(bs, kind));
	}
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
	KUNIT_EXPECT_LE(test, cached_bytes(bs),
			1024UL * test_int(test) * num_online_cpus());
	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		sum += cached_of_kind(bs, kind);
	KUNIT_EXPECT_EQ(test, cached(bs), sum);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
}

/* Each CPU empties its own a little later. */
static bool soon_empty(struct bio_set *bs)
{
	return TEST_UNTIL(!cached(bs));
}

/* Also when more classes leave each a smaller share. */
static void cache_bound_shrinks_with_classes(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned int before, i, kind;

	use_kb(test, FEW_KB);
	before = batch_of(bs, BSET_INLINE);
	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		overfill(test, bs, kind);
	for (i = 0; i < 8; i++)
		test_set(test, 1, 336 + 8 * i,
			 BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	KUNIT_EXPECT_LT(test, batch_of(bs, BSET_INLINE), before);
	KUNIT_EXPECT_GT(test, batch_of(bs, BSET_INLINE), 0);
	KUNIT_EXPECT_TRUE(test, soon_empty(bs));
	overfill(test, bs, BSET_INLINE);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
}

/* Allocates and puts one of a kind; whether it was cached. */
static bool caches_kind(struct bio_set *bs, unsigned int kind)
{
	bset_cache_drain_all();
	return !churn(bs, kinds[kind], 1) && cached(bs) == 1;
}

static bool caches_all_kinds(struct bio_set *bs)
{
	unsigned int kind;

	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		if (!caches_kind(bs, kind))
			return false;
	return true;
}

/* A class whose objects are larger than a share loses its own cache only. */
static void cache_big_class_spares_others(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	struct bio_set *big = test_set(test, 1, 90000, BIOSET_NEED_BVECS);

	KUNIT_EXPECT_TRUE(test, caches_all_kinds(bs));
	KUNIT_EXPECT_GE(test, batch_of(bs, BSET_INLINE), 8);
	KUNIT_EXPECT_EQ(test, batch_of(big, BSET_256), 0);
	overfill(test, big, BSET_256);
	KUNIT_EXPECT_LE(test, cached_bytes(big),
			1024UL * 1024 * num_online_cpus());
}

#define MANY 16
#define MANY_KB 256

/* As do many of them together; and they hold no more than one does. */
static void cache_many_classes_share(struct kunit *test)
{
	struct bio_set *sets[MANY];
	unsigned long bytes = 0;
	unsigned int i, kind;

	need_caches(test);
	use_kb(test, __stringify(MANY_KB));
	for (i = 0; i < MANY; i++)
		sets[i] = test_set(test, 1, 328 + 8 * i,
				   BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	KUNIT_EXPECT_TRUE(test, caches_kind(sets[0], BSET_INLINE));
	KUNIT_EXPECT_TRUE(test, caches_kind(sets[0], BSET_16));
	for (i = 0; i < MANY; i++)
		for (kind = 0; kind < BSET_NR_KINDS; kind++)
			overfill(test, sets[i], kind);
	for (i = 0; i < MANY; i++)
		bytes += cached_bytes(sets[i]);
	KUNIT_EXPECT_GT(test, bytes, MANY_KB * 1024 / 16);
	KUNIT_EXPECT_LE(test, bytes, MANY_KB * 1024UL * num_online_cpus());
}

/* cache_kb, also set while there is something in the caches */
static void cache_off_keeps_nothing(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned int kind;

	use_kb(test, FEW_KB);
	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		overfill(test, bs, kind);
	use_kb(test, "0");
	KUNIT_EXPECT_TRUE(test, soon_empty(bs));
	for (kind = 0; kind < BSET_NR_KINDS; kind++) {
		KUNIT_EXPECT_EQ(test, churn(bs, kinds[kind], 20), 0);
		KUNIT_EXPECT_EQ(test, cached(bs), 0);
	}
	usual_kb(NULL);
	KUNIT_EXPECT_TRUE(test, caches_all_kinds(bs));
}

static int churn_all_kinds(void *arg)
{
	int i, ret = 0;

	for (i = 0; i < BSET_NR_KINDS; i++)
		ret |= churn(arg, kinds[i], 20);
	return ret;
}

static void fill_on(struct kunit *test, struct bio_set *bs, int cpu)
{
	KUNIT_ASSERT_EQ(test,
			test_join(test, test_worker_on(test, cpu,
						       churn_all_kinds, bs)),
			0);
}

/* What a CPU holds on lists of its own, the depot's not counted. */
static unsigned int held_by_cpu(struct bio_set *bs, int cpu)
{
	struct bset_cpu_cache *c = per_cpu_ptr(cache_of(bs)->cpu, cpu);
	unsigned int n = 0, kind;

	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		n += !!c->head[kind] + !!c->full[kind];
	return n;
}

static unsigned int in_depot(struct bio_set *bs, unsigned int kind)
{
	return READ_ONCE(cache_of(bs)->depot[kind].nr);
}

/* The last CPU, which can go; ends the case where there is none. */
static unsigned int last_cpu(struct kunit *test)
{
	const unsigned int cpu = num_possible_cpus() - 1;

	if (!TEST_CPU_HOTPLUG)
		kunit_skip(test, "no CPU hotplug");
	if (!cpu || !cpu_online(cpu))
		kunit_skip(test, "one CPU");
	return cpu;
}

static void cpu_back(void *arg)
{
	test_add_cpu((uintptr_t)arg);
}

static void take_cpu(struct kunit *test, unsigned int cpu)
{
	if (test_remove_cpu(cpu))
		kunit_skip(test, "this CPU stays");
	test_defer(test, cpu_back, (void *)(uintptr_t)cpu);
}

/* catalogue 18: a CPU that goes leaves nothing behind, and may come again */
static void cache_cpu_offline(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int cpu = last_cpu(test);

	bset_cache_drain_all();
	fill_on(test, bs, cpu);
	KUNIT_ASSERT_GT(test, held_by_cpu(bs, cpu), 0);
	take_cpu(test, cpu);
	KUNIT_EXPECT_EQ(test, held_by_cpu(bs, cpu), 0);
	fill_on(test, bs, 0);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
	KUNIT_ASSERT_EQ(test, test_add_cpu(cpu), 0);
	fill_on(test, bs, cpu);
	KUNIT_EXPECT_GT(test, held_by_cpu(bs, cpu), 0);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
}

/* The depots hold a list for each CPU that is online, not that may come. */
static void cache_depot_is_for_online_cpus(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int cpu = last_cpu(test);
	unsigned int batch;

	use_kb(test, FEW_KB);
	batch = batch_of(bs, BSET_INLINE);
	overfill(test, bs, BSET_INLINE);
	KUNIT_EXPECT_EQ(test, in_depot(bs, BSET_INLINE),
			batch * num_online_cpus());
	take_cpu(test, cpu);
	KUNIT_EXPECT_EQ(test, in_depot(bs, BSET_INLINE),
			batch * num_online_cpus());
	overfill(test, bs, BSET_INLINE);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
}

/* Memory pressure, as root makes it. */
static void cache_shrinks(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	int cpu;

	for_each_online_cpu(cpu)
		fill_on(test, bs, cpu);
	KUNIT_EXPECT_GT(test, cached(bs), 0);
	if (test_write_file("/proc/sys/vm/drop_caches", "2\n"))
		kunit_skip(test, "no /proc/sys/vm/drop_caches");
	KUNIT_EXPECT_TRUE(test, soon_empty(bs));
}

/* No more than it was asked for. */
static void cache_shrinks_by_number(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned long before;

	use_kb(test, FEW_KB);
	bset_cache_drain_all();
	overfill(test, bs, BSET_INLINE);
	before = cached(bs);
	KUNIT_ASSERT_GT(test, before, 7);
	KUNIT_EXPECT_EQ(test, bset_cache_shrink(1), 1);
	KUNIT_EXPECT_EQ(test, bset_cache_shrink(6), 6);
	KUNIT_EXPECT_EQ(test, cached(bs), before - 7);
	/* What it took apart is whole. */
	KUNIT_EXPECT_EQ(test, cached_of_kind(bs, BSET_INLINE), before - 7);
	KUNIT_EXPECT_EQ(test, churn(bs, 4, before), 0);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
}

/* Counts the work items that drain, by CPU. */
static atomic_t drains[NR_CPUS];

static void note_work(void *data, struct work_struct *work)
{
	char name[KSYM_SYMBOL_LEN];

	snprintf(name, sizeof(name), "%ps", work->func);
	if (!strncmp(name, "bset_drain_work", strlen("bset_drain_work")))
		atomic_inc(&drains[raw_smp_processor_id()]);
}

static void find_tracepoint(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "workqueue_execute_start"))
		*(struct tracepoint **)found = tp;
}

static void forget_work(void *tp)
{
	tracepoint_probe_unregister(tp, note_work, NULL);
	tracepoint_synchronize_unregister();
}

static void watch_work(struct kunit *test)
{
	struct tracepoint *tp = NULL;

	for_each_kernel_tracepoint(find_tracepoint, &tp);
	KUNIT_ASSERT_NOT_NULL(test, tp);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(tp, note_work, NULL),
			0);
	test_defer(test, forget_work, tp);
	memset(drains, 0, sizeof(drains));
}

/* A CPU that holds nothing, or that frees its own, has no work to do. */
static void cache_shrinker_looks_first(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const int last = num_online_cpus() - 1;
	int cpu;

	bset_cache_drain_all();
	test_stay_on_cpu();
	watch_work(test);
	KUNIT_EXPECT_EQ(test, churn(bs, 4, 3), 0);
	KUNIT_EXPECT_EQ(test, bset_cache_shrink(1000), 3);
	test_leave_cpu();
	msleep(TEST_QUIET_MS);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, atomic_read(&drains[cpu]), 0);
	/* Watching works: one that holds something is asked, by another one. */
	fill_on(test, bs, last);
	set_cpus_allowed_ptr(current, cpumask_of(0));
	if (!last)
		bset_cache_drain_all();
	else
		bset_cache_shrink(1000);
	test_leave_cpu();
	KUNIT_EXPECT_TRUE(test, soon_empty(bs));
	KUNIT_EXPECT_EQ(test, atomic_read(&drains[last]), 1);
}

/* A second put is noticed, and does no harm: no bio goes out twice. */
static void second_put(struct kunit *test, unsigned int nr_vecs, bool kernel)
{
	struct bio_set *bs = lone_set(test);
	struct bio *bio = test_bio(test, nr_vecs, bs), *a, *b;
	unsigned long held;

	test_splat_once_begin("is free already");
	test_stay_on_cpu();
	test_put(bio, kernel);
	held = cached(bs);
	test_put(bio, kernel);
	test_leave_cpu();
	test_splat_end();
	/* Once, whichever of these cases was the first. */
	KUNIT_EXPECT_GT(test, test_logged("bioset: ", "is free already"), 0);
	KUNIT_EXPECT_EQ(test, cached(bs), held);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).puts, 1);
	a = test_bio(test, nr_vecs, bs);
	b = test_bio(test, nr_vecs, bs);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	bio_put(a);
	if (b != a)
		bio_put(b);
}

/* The kernel's bio_put() gives arrays of 16 and 64 vecs back before we know. */
static void cache_second_put(struct kunit *test)
{
	const unsigned int nr_vecs = test_int(test);

	second_put(test, nr_vecs, false);
	if (nr_vecs <= 4 || nr_vecs > 64)
		second_put(test, nr_vecs, true);
}

/*
 * The last set of a class takes slab and cache along; but for the slab where the
 * kernel takes bios from it without asking.
 */
static void cache_goes_with_last_set(struct kunit *test)
{
	struct bio_set *bs = test_zalloc(test, sizeof(*bs));
	char path[80] = TEST_SLABS "/";
	const size_t n = strlen(path);

	test_needs(test, TEST_SLABS);
	KUNIT_ASSERT_EQ(test, bioset_init(bs, 1, 4321, BIOSET_NEED_BVECS), 0);
	churn_all_kinds(bs);
	KUNIT_EXPECT_TRUE(test, test_slab_name(bs, path + n, sizeof(path) - n));
	KUNIT_EXPECT_TRUE(test, test_path_exists(path));
	bioset_exit(bs);
	if (bset_kernel_takes)
		KUNIT_EXPECT_TRUE(test, test_path_exists(path));
	else /* It is typesafe by RCU, so that takes a while. */
		KUNIT_EXPECT_TRUE(test, TEST_UNTIL(!test_path_exists(path)));
}

/* catalogue 19: full caches for the leak scan, until the module is unloaded */
static struct bio_set left_full;

static void cache_left_full(struct kunit *test)
{
	int cpu;

	KUNIT_ASSERT_EQ(test, bioset_init(&left_full, 4, 40, BIOSET_NEED_BVECS),
			0);
	need_caches(test);
	for_each_online_cpu(cpu)
		fill_on(test, &left_full, cpu);
	KUNIT_EXPECT_GE(test, cached(&left_full), 8);
	KUNIT_EXPECT_GT(test,
			bset_cache_count(bset_of(&left_full)->vec.cache) +
				test_stats(test, &left_full).vec_reserve,
			0);
}

void test_leftovers_exit(void)
{
	bioset_exit(&left_full);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE_PARAM(cache_is_shared, kind_gen_params),
	KUNIT_CASE_PARAM(cache_in_context, test_ways_gen_params),
	KUNIT_CASE_PARAM(cache_no_bio_twice, starvation_gen_params),
	KUNIT_CASE_PARAM(cache_is_bounded, kb_gen_params),
	KUNIT_CASE(cache_bound_shrinks_with_classes),
	KUNIT_CASE(cache_big_class_spares_others),
	KUNIT_CASE(cache_many_classes_share),
	KUNIT_CASE(cache_off_keeps_nothing),
	KUNIT_CASE(cache_cpu_offline),
	KUNIT_CASE(cache_depot_is_for_online_cpus),
	KUNIT_CASE(cache_shrinks),
	KUNIT_CASE(cache_shrinks_by_number),
	KUNIT_CASE(cache_shrinker_looks_first),
	KUNIT_CASE_PARAM(cache_second_put, kind_gen_params),
	KUNIT_CASE(cache_goes_with_last_set),
	KUNIT_CASE(cache_left_full),
	{},
};

struct kunit_suite bset_cache_suite = {
	.name = "cache",
	.test_cases = cache_cases,
};
