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

static const unsigned short kinds[BSET_NR_KINDS] = { 4, 16, 64, 256 };

TEST_GEN_NUMBERS(kind, BSET_NR_KINDS - 1);

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

#define KB_PARAM "/sys/module/bioset_core/parameters/cache_kb"
#define KB_USUAL "1024"

/* The module may have been loaded without. */
static void need_caches(struct kunit *test)
{
	if (!test_read_number(KB_PARAM))
		kunit_skip(test, "the caches are switched off");
}

/* Of a class that no other test has, so that the count is ours alone. */
static struct bio_set *lone_set(struct kunit *test)
{
	need_caches(test);
	return test_set(test, 1, 328, BIOSET_NEED_BVECS);
}

/* What the caches hold for each CPU, for the rest of the test. */
static void usual_kb(void *arg)
{
	test_write_file(KB_PARAM, KB_USUAL);
}

static void use_kb(struct kunit *test, const char *kb)
{
	test_needs(test, KB_PARAM);
	test_defer(test, usual_kb, NULL);
	KUNIT_ASSERT_EQ(test, test_write_file(KB_PARAM, kb), 0);
}

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

/* What is put last comes back first, with its array: it is warm. */
static void cache_last_in_first_out(struct kunit *test)
{
	unsigned int nr = kinds[test_number(test)];
	struct bio_set *bs = lone_set(test);
	struct bio_vec *vecs, *vecs_again;
	struct bio *bio, *again;

	bset_cache_drain_all();
	test_stay_on_cpu();
	bio = bio_alloc_bioset(GFP_NOIO, nr, bs);
	vecs = bio->bi_io_vec;
	bio_put(bio);
	again = bio_alloc_bioset(GFP_NOIO, nr, bs);
	vecs_again = again->bi_io_vec;
	bio_put(again);
	test_leave_cpu();
	KUNIT_EXPECT_PTR_EQ(test, again, bio);
	KUNIT_EXPECT_PTR_EQ(test, vecs_again, vecs);
	KUNIT_EXPECT_EQ(test, cached(bs), 1);
}

/* Sets of one layout share: a hundred sets cost no more than one. */
static void cache_is_shared(struct kunit *test)
{
	struct bio_set *a = lone_set(test), *b = lone_set(test);
	struct bio *bio, *again;

	test_stay_on_cpu();
	bio = bio_alloc_bioset(GFP_NOIO, 256, a);
	bio_put(bio);
	again = bio_alloc_bioset(GFP_NOIO, 256, b);
	test_leave_cpu();
	KUNIT_EXPECT_PTR_EQ(test, again, bio);
	KUNIT_EXPECT_PTR_EQ(test, again->bi_pool, b);
	bio_put(again);
	KUNIT_EXPECT_EQ(test, test_stats(test, a).allocs, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, b).allocs, 1);
}

struct context_case {
	enum test_context context;
	bool kernel;
	unsigned int nr_vecs;
};

static const struct context_case contexts[] = {
	{ TEST_TASK, false, 0 },      { TEST_TASK, true, 256 },
	{ TEST_SOFTIRQ, false, 0 },   { TEST_SOFTIRQ, false, 16 },
	{ TEST_SOFTIRQ, false, 256 }, { TEST_SOFTIRQ, true, 256 },
	{ TEST_HARDIRQ, false, 0 },   { TEST_HARDIRQ, false, 64 },
	{ TEST_HARDIRQ, false, 256 }, { TEST_HARDIRQ, true, 256 },
};

static void context_desc(const struct context_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %s put, %u vecs",
		 test_context_names[c->context], c->kernel ? "kernel's" : "our",
		 c->nr_vecs);
}

KUNIT_ARRAY_PARAM(context, contexts, context_desc);

struct there {
	const struct context_case *c;
	struct bio_set *bs;
	struct bio *given;
	bool failed;
};

/* Puts what it was given, and goes round once itself. */
static void put_there(void *arg)
{
	struct there *t = arg;
	struct bio *bio;

	if (t->c->kernel)
		test_kernel_put(t->given);
	else
		bio_put(t->given);
	bio = bio_alloc_bioset(GFP_ATOMIC, t->c->nr_vecs, t->bs);
	t->failed = !bio;
	if (bio)
		bio_put(bio);
}

/* catalogue 15: the cache takes and gives in every context */
static void cache_in_context(struct kunit *test)
{
	struct there *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct test_later *later;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->c = test_param(test);
	if (!test_context_usable(t->c->context))
		kunit_skip(test, "sleeping locks");
	t->bs = lone_set(test);
	bset_cache_drain_all();
	t->given = bio_alloc_bioset(GFP_NOIO, t->c->nr_vecs, t->bs);
	KUNIT_ASSERT_NOT_NULL(test, t->given);
	KUNIT_EXPECT_EQ(test, cached(t->bs), 0);
	later = test_later(test, t->c->context, 1, put_there, t);
	KUNIT_ASSERT_TRUE(test, test_within(&later->done, TEST_LIMIT_MS));
	KUNIT_EXPECT_FALSE(test, later->wrong_context);
	KUNIT_EXPECT_FALSE(test, t->failed);
	KUNIT_EXPECT_EQ(test, cached(t->bs), 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, t->bs).in_flight, 0);
}

/*
 * No bio is handed out twice.  Each one that is out says so in its front_pad,
 * which nobody else writes, and which survives in the cache.
 */
#define HAMMER_MS 1200
#define HAMMER_BIOS 24
#define IRQ_BIOS 8
#define OUT 0x6f75746f75746f75UL
#define BACK 0x6261636b6261636bUL

struct hammer {
	struct bio_set *bs;
	ktime_t end;
	atomic_t twice;
	atomic_t rounds;
	atomic_t irq_rounds;
	struct hrtimer timer;
	struct bio *irq_bios[IRQ_BIOS];
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

static void hammer_put(struct hammer *h, struct bio *bio, unsigned int n)
{
	if (!bio)
		return;
	if (xchg(mark_of(bio), BACK) != OUT)
		atomic_inc(&h->twice);
	if (n % 5)
		bio_put(bio);
	else
		test_kernel_put(bio);
}

/*
 * Exchanges a random few of those that are held, so that lists run both full
 * and empty.
 */
static int hammer_task(void *arg)
{
	struct bio *bios[HAMMER_BIOS] = {};
	struct hammer *h = arg;
	unsigned int n = 0, i;

	while (ktime_before(ktime_get(), h->end)) {
		for (i = n & 7; i < HAMMER_BIOS; i += 1 + (n & 3)) {
			hammer_put(h, bios[i], n++);
			bios[i] = n % 64 < 40 ? hammer_get(h, n) : NULL;
		}
		n++;
		atomic_inc(&h->rounds);
		cond_resched();
	}
	for (i = 0; i < HAMMER_BIOS; i++)
		hammer_put(h, bios[i], i);
	return 0;
}

/* catalogue 15: it comes in the middle of what the task does to its lists */
static enum hrtimer_restart hammer_irq(struct hrtimer *timer)
{
	struct hammer *h = container_of(timer, struct hammer, timer);
	unsigned int n = atomic_inc_return(&h->irq_rounds), i;

	for (i = n % IRQ_BIOS; i < IRQ_BIOS; i++) {
		hammer_put(h, h->irq_bios[i], n);
		h->irq_bios[i] = n & 1 ? hammer_get(h, n + i) : NULL;
	}
	/* Not a round number: the phase drifts through the task's loop. */
	hrtimer_forward_now(timer, ns_to_ktime(270123));
	return ktime_before(ktime_get(), h->end) ? HRTIMER_RESTART
						 : HRTIMER_NORESTART;
}

static void hammer_stop_irq(void *arg)
{
	struct hammer *h = arg;
	int i;

	hrtimer_cancel(&h->timer);
	for (i = 0; i < IRQ_BIOS; i++) {
		hammer_put(h, h->irq_bios[i], i);
		h->irq_bios[i] = NULL;
	}
}

static void cache_no_bio_twice(struct kunit *test)
{
	struct hammer *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	const int cpus = num_online_cpus();
	struct test_worker *w[3];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	need_caches(test);
	h->bs = test_set(test, 2, sizeof(unsigned long), BIOSET_NEED_BVECS);
	h->end = ktime_add_ms(ktime_get(), HAMMER_MS);
	test_hrtimer_init(&h->timer, hammer_irq, HRTIMER_MODE_REL);
	test_defer(test, hammer_stop_irq, h);
	if (test_context_usable(TEST_HARDIRQ))
		hrtimer_start(&h->timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = test_worker_on(test, i % cpus, hammer_task, h);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		KUNIT_ASSERT_TRUE(test, test_worker_done(w[i], TEST_LIMIT_MS));
	hammer_stop_irq(h);
	KUNIT_EXPECT_EQ(test, atomic_read(&h->twice), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&h->rounds), 10);
	if (test_context_usable(TEST_HARDIRQ))
		KUNIT_EXPECT_GT(test, atomic_read(&h->irq_rounds), 10);
	KUNIT_EXPECT_EQ(test, test_stats(test, h->bs).in_flight, 0);
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

static void cache_is_bounded(struct kunit *test)
{
	const unsigned int kind = test_number(test);
	struct bio_set *bs = lone_set(test);
	unsigned long sum = 0;
	unsigned int i;

	bset_cache_drain_all();
	overfill(test, bs, kind);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
	for (i = 0; i < BSET_NR_KINDS; i++)
		sum += cached_of_kind(bs, i);
	KUNIT_EXPECT_EQ(test, cached(bs), sum);
	/* This CPU's two lists and the depot: they are used, too. */
	KUNIT_EXPECT_GE(test, cached_of_kind(bs, kind), batch_of(bs, kind));
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
}

/* Each CPU empties its own a little later. */
static bool soon_empty(struct bio_set *bs)
{
	unsigned int ms;

	for (ms = 0; ms < TEST_LIMIT_MS && cached(bs); ms += 20)
		msleep(20);
	return !cached(bs);
}

/* Also when more classes leave each a smaller share. */
static void cache_bound_shrinks_with_classes(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int before = batch_of(bs, BSET_INLINE);
	unsigned int pad, kind;

	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		overfill(test, bs, kind);
	for (pad = 0; pad < 24; pad++)
		test_set(test, 1, 336 + 8 * pad,
			 BIOSET_NEED_BVECS | BSET_NO_RESCUER);
	KUNIT_EXPECT_LT(test, batch_of(bs, BSET_INLINE), before);
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

#define MANY 64

/* As do many of them together; and they hold no more than one does. */
static void cache_many_classes_share(struct kunit *test)
{
	struct bio_set *sets[MANY];
	unsigned long bytes = 0;
	unsigned int i, kind;

	need_caches(test);
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
	KUNIT_EXPECT_GT(test, bytes, 64 * 1024);
	KUNIT_EXPECT_LE(test, bytes, 1024UL * 1024 * num_online_cpus());
}

/* cache_kb, also set while there is something in the caches */
static void cache_off_keeps_nothing(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned int kind;

	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		overfill(test, bs, kind);
	use_kb(test, "0");
	KUNIT_EXPECT_TRUE(test, soon_empty(bs));
	for (kind = 0; kind < BSET_NR_KINDS; kind++) {
		KUNIT_EXPECT_EQ(test, churn(bs, kinds[kind], 20), 0);
		KUNIT_EXPECT_EQ(test, cached(bs), 0);
	}
	use_kb(test, KB_USUAL);
	KUNIT_EXPECT_TRUE(test, caches_all_kinds(bs));
}

static const char *const tiny_kb[] = { "1", "4", "16", "64" };

TEST_GEN_NUMBERS(tiny, ARRAY_SIZE(tiny_kb) - 1);

static void cache_tiny_is_bounded(struct kunit *test)
{
	const char *kb = tiny_kb[test_number(test)];
	struct bio_set *bs = lone_set(test);
	unsigned int kind, most;

	KUNIT_ASSERT_EQ(test, kstrtouint(kb, 0, &most), 0);
	use_kb(test, kb);
	for (kind = 0; kind < BSET_NR_KINDS; kind++)
		overfill(test, bs, kind);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
	KUNIT_EXPECT_LE(test, cached_bytes(bs),
			1024UL * most * num_online_cpus());
}

static void cache_kb_refuses_nonsense(struct kunit *test)
{
	need_caches(test);
	test_needs(test, KB_PARAM);
	KUNIT_EXPECT_LT(test, test_write_file(KB_PARAM, "x"), 0);
	KUNIT_EXPECT_LT(test, test_write_file(KB_PARAM, "-1"), 0);
	KUNIT_EXPECT_LT(test, test_write_file(KB_PARAM, "4294967295"), 0);
	KUNIT_EXPECT_EQ(test, test_read_number(KB_PARAM), 1024);
}

static void cache_drain_empties(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	struct bio_set *nobvec = test_set(test, 1, 328, 0);
	int i;

	for (i = 0; i < BSET_NR_KINDS; i++)
		KUNIT_ASSERT_EQ(test, churn(bs, kinds[i], 20), 0);
	KUNIT_ASSERT_EQ(test, churn(nobvec, 0, 20), 0);
	KUNIT_EXPECT_GT(test, cached(bs), 0);
	KUNIT_EXPECT_GT(test, cached(nobvec), 0);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
	KUNIT_EXPECT_EQ(test, cached(nobvec), 0);
	KUNIT_EXPECT_EQ(test, bset_cache_count(bset_of(bs)->vec.cache), 0);
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
	struct test_worker *w = test_worker_on(test, cpu, churn_all_kinds, bs);

	KUNIT_ASSERT_TRUE(test, test_worker_done(w, TEST_LIMIT_MS));
	KUNIT_ASSERT_EQ(test, w->ret, 0);
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

/* catalogue 18: a CPU that goes leaves nothing behind */
static void cache_cpu_offline(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int cpu = last_cpu(test);

	bset_cache_drain_all();
	fill_on(test, bs, cpu);
	KUNIT_ASSERT_GT(test, held_by_cpu(bs, cpu), 0);
	if (test_remove_cpu(cpu))
		kunit_skip(test, "this CPU stays");
	test_defer(test, cpu_back, (void *)(uintptr_t)cpu);
	KUNIT_EXPECT_EQ(test, held_by_cpu(bs, cpu), 0);
	fill_on(test, bs, 0);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
}

/* The depots hold a list for each CPU that is online, not that may come. */
static void cache_depot_is_for_online_cpus(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int cpu = last_cpu(test);
	const unsigned int batch = batch_of(bs, BSET_INLINE);

	overfill(test, bs, BSET_INLINE);
	KUNIT_EXPECT_EQ(test, in_depot(bs, BSET_INLINE),
			batch * num_online_cpus());
	if (test_remove_cpu(cpu))
		kunit_skip(test, "this CPU stays");
	test_defer(test, cpu_back, (void *)(uintptr_t)cpu);
	KUNIT_EXPECT_EQ(test, in_depot(bs, BSET_INLINE),
			batch * num_online_cpus());
	overfill(test, bs, BSET_INLINE);
	KUNIT_EXPECT_TRUE(test, within_bound(bs));
}

/* and may be used again when it is back. */
static void cache_cpu_online_again(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	const unsigned int cpu = last_cpu(test);

	if (test_remove_cpu(cpu))
		kunit_skip(test, "this CPU stays");
	KUNIT_ASSERT_EQ(test, test_add_cpu(cpu), 0);
	fill_on(test, bs, cpu);
	KUNIT_EXPECT_GT(test, held_by_cpu(bs, cpu), 0);
	bset_cache_drain_all();
	KUNIT_EXPECT_EQ(test, cached(bs), 0);
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

struct twice_case {
	bool kernel;
	unsigned int nr_vecs;
};

/* The kernel's bio_put() gives arrays of 16 and 64 vecs back before we know. */
static const struct twice_case twice_cases[] = {
	{ false, 0 },	{ false, 16 }, { false, 64 },
	{ false, 256 }, { true, 0 },   { true, 256 },
};

static void twice_desc(const struct twice_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s put, %u vecs",
		 c->kernel ? "kernel's" : "our", c->nr_vecs);
}

KUNIT_ARRAY_PARAM(twice, twice_cases, twice_desc);

static void put_as(const struct twice_case *c, struct bio *bio)
{
	if (c->kernel)
		test_kernel_put(bio);
	else
		test_our_put(bio);
}

/* A second put is noticed, and does no harm: no bio goes out twice. */
static void cache_second_put(struct kunit *test)
{
	const struct twice_case *c = test_param(test);
	struct bio_set *bs = lone_set(test);
	struct bio *bio, *a, *b;
	unsigned long held;

	bio = bio_alloc_bioset(GFP_NOIO, c->nr_vecs, bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	test_splat_once_begin("is free already");
	test_stay_on_cpu();
	put_as(c, bio);
	held = cached(bs);
	put_as(c, bio);
	test_leave_cpu();
	test_splat_end();
	/* Once, whichever of these cases was the first. */
	KUNIT_EXPECT_TRUE(test, test_logged("is free already"));
	KUNIT_EXPECT_EQ(test, cached(bs), held);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).puts, 1);
	a = bio_alloc_bioset(GFP_NOIO, c->nr_vecs, bs);
	b = bio_alloc_bioset(GFP_NOIO, c->nr_vecs, bs);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	bio_put(a);
	if (b != a)
		bio_put(b);
}

/* The last set of a class takes slab and cache along. */
static void cache_goes_with_last_set(struct kunit *test)
{
	struct bio_set *bs = kunit_kzalloc(test, sizeof(*bs), GFP_KERNEL);
	char prefix[32];
	unsigned int ms;

	test_needs(test, TEST_SLABS);
	KUNIT_ASSERT_NOT_NULL(test, bs);
	KUNIT_ASSERT_EQ(test, bioset_init(bs, 1, 4321, BIOSET_NEED_BVECS), 0);
	snprintf(prefix, sizeof(prefix), "bset_bio-%u.",
		 kmem_cache_size(bs->bio_slab));
	churn_all_kinds(bs);
	KUNIT_EXPECT_EQ(test, test_slabs_named(prefix, NULL, 0), 1);
	bioset_exit(bs);
	/* It is typesafe by RCU, so that takes a while. */
	for (ms = 0; ms < TEST_LIMIT_MS; ms += 20) {
		if (!test_slabs_named(prefix, NULL, 0))
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, test_slabs_named(prefix, NULL, 0), 0);
}

/* Which array a bio has must not get mixed up between kinds. */
static void cache_kinds_do_not_mix(struct kunit *test)
{
	struct bio_set *bs = lone_set(test);
	unsigned int i, nr;
	struct bio *bio;

	for (i = 0; i < 600; i++) {
		nr = i * 37 % (BIO_MAX_VECS + 1);
		bio = (i & 4) ? bio_alloc_bioset(GFP_NOIO, nr, bs)
			      : kernel_bio_alloc(NULL, nr, REQ_OP_READ,
						 GFP_NOIO, bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_ASSERT_GE(test, bio->bi_max_vecs, nr);
		if (nr)
			memset(bio->bi_io_vec, i,
			       bio->bi_max_vecs * sizeof(struct bio_vec));
		if (i % 3)
			bio_put(bio);
		else
			test_kernel_put(bio);
	}
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
	KUNIT_CASE_PARAM(cache_last_in_first_out, kind_gen_params),
	KUNIT_CASE(cache_is_shared),
	KUNIT_CASE_PARAM(cache_in_context, context_gen_params),
	KUNIT_CASE(cache_no_bio_twice),
	KUNIT_CASE_PARAM(cache_is_bounded, kind_gen_params),
	KUNIT_CASE(cache_bound_shrinks_with_classes),
	KUNIT_CASE(cache_big_class_spares_others),
	KUNIT_CASE(cache_many_classes_share),
	KUNIT_CASE(cache_off_keeps_nothing),
	KUNIT_CASE_PARAM(cache_tiny_is_bounded, tiny_gen_params),
	KUNIT_CASE(cache_kb_refuses_nonsense),
	KUNIT_CASE(cache_drain_empties),
	KUNIT_CASE(cache_cpu_offline),
	KUNIT_CASE(cache_depot_is_for_online_cpus),
	KUNIT_CASE(cache_cpu_online_again),
	KUNIT_CASE(cache_shrinks),
	KUNIT_CASE(cache_shrinks_by_number),
	KUNIT_CASE(cache_shrinker_looks_first),
	KUNIT_CASE_PARAM(cache_second_put, twice_gen_params),
	KUNIT_CASE(cache_goes_with_last_set),
	KUNIT_CASE(cache_kinds_do_not_mix),
	KUNIT_CASE(cache_left_full),
	{}
};

struct kunit_suite bset_cache_suite = {
	.name = "cache",
	.test_cases = cache_cases,
};
