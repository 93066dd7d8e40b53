// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: who gets from it, who waits for it, and that it is whole again
 *
 * A starved set has nothing but its reserve, so what a test takes from it is
 * known exactly.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/llist.h>

#include "testdisk.h"
#include "testlib.h"

#define MAX_POOL 5

/* A task that allocates one bio, and when it got it. */
struct taker {
	struct bio_set *bs;
	unsigned int nr_vecs;
	bool kernel;
	struct bio *bio;
	ktime_t got;
	struct test_worker *worker;
};

static int take(void *arg)
{
	struct taker *t = arg;

	if (t->kernel) {
		test_kernel_has_to_ask();
		t->bio = kernel_bio_alloc(NULL, t->nr_vecs, REQ_OP_READ,
					  GFP_NOIO, t->bs);
	} else {
		t->bio = bio_alloc_bioset(GFP_NOIO, t->nr_vecs, t->bs);
	}
	t->got = ktime_get();
	return 0;
}

static struct taker *start_taker(struct kunit *test, struct bio_set *bs,
				 unsigned int nr_vecs, bool kernel)
{
	struct taker *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->bs = bs;
	t->nr_vecs = nr_vecs;
	t->kernel = kernel;
	t->worker = test_worker(test, take, t);
	return t;
}

/* Until as many allocations as expected are asleep. */
static void expect_waits(struct kunit *test, struct bio_set *bs, u64 waits)
{
	unsigned int ms;

	for (ms = 0; ms < TEST_LIMIT_MS; ms += 20) {
		if (test_stats(test, bs).waits >= waits)
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, waits);
	/* Counted first, asleep a moment later. */
	msleep(50);
}

static void expect_whole(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats s = test_stats_settled(test, bs);

	KUNIT_EXPECT_EQ(test, s.in_flight, 0);
	KUNIT_EXPECT_EQ(test, s.reserve, s.pool_size);
	if (mempool_initialized(&bs->bvec_pool))
		KUNIT_EXPECT_EQ(test, s.vec_reserve, s.pool_size);
}

struct drain_case {
	unsigned int pool_size;
	unsigned int nr_vecs;
	bool kernel;
};

static const struct drain_case drains[] = {
	{ 1, 0 },	{ 1, 4 },	  { 1, 5 },	     { 1, 64 },
	{ 1, 256 },	{ 3, 0 },	  { MAX_POOL, 256 }, { 2, 0, true },
	{ 2, 4, true }, { 2, 256, true },
};

static void drain_desc(const struct drain_case *d, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "pool of %u, %u vecs%s",
		 d->pool_size, d->nr_vecs, d->kernel ? ", kernel" : "");
}

KUNIT_ARRAY_PARAM(drain, drains, drain_desc);

/*
 * The kernel's allocator of kernels that take by themselves asks for nobody who
 * cannot sleep: there the reserve is for those who can.
 */
static struct bio *take_nowait(const struct drain_case *d, struct bio_set *bs,
			       bool left)
{
	const gfp_t gfp = left && bset_kernel_takes ? GFP_NOIO : GFP_NOWAIT;

	if (!d->kernel)
		return bio_alloc_bioset(GFP_NOWAIT, d->nr_vecs, bs);
	test_kernel_has_to_ask();
	return kernel_bio_alloc(NULL, d->nr_vecs, REQ_OP_READ, gfp, bs);
}

/* catalogue 20: the reserve serves those who cannot wait, then NULL */
static void reserve_nowait(struct kunit *test)
{
	const struct drain_case *d = test_param(test);
	struct bio_set *bs =
		test_starved_set(test, d->pool_size, BIOSET_NEED_BVECS);
	struct bio *bios[MAX_POOL];
	unsigned int i, round;

	if (d->kernel)
		test_need_asking_kernel(test);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < d->pool_size; i++) {
			bios[i] = take_nowait(d, bs, true);
			KUNIT_ASSERT_NOT_NULL(test, bios[i]);
		}
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 0);
		KUNIT_EXPECT_PTR_EQ(test, take_nowait(d, bs, false), NULL);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight,
				d->pool_size);
		for (i = 0; i < d->pool_size; i++) {
			if (round)
				bio_put(bios[i]);
			else
				test_kernel_put(bios[i]);
		}
		expect_whole(test, bs);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 0);
}

struct irq_take {
	struct bio_set *bs;
	struct bio *first;
	struct bio *second;
};

static void take_two(void *arg)
{
	struct irq_take *t = arg;

	t->first = bio_alloc_bioset(GFP_ATOMIC, 256, t->bs);
	t->second = bio_alloc_bioset(GFP_ATOMIC, 0, t->bs);
}

TEST_GEN_NUMBERS(context, TEST_NR_CONTEXTS - 1);

/* catalogue 20 */
static void reserve_nowait_in_interrupts(struct kunit *test)
{
	struct irq_take *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct test_later *later;

	if (!test_context_usable(test_number(test)))
		kunit_skip(test, "sleeping locks");
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	later = test_later(test, test_number(test), 1, take_two, t);
	KUNIT_ASSERT_TRUE(test, test_within(&later->done, TEST_LIMIT_MS));
	KUNIT_EXPECT_FALSE(test, later->wrong_context);
	KUNIT_EXPECT_NOT_NULL(test, t->first);
	KUNIT_EXPECT_PTR_EQ(test, t->second, NULL);
	if (t->first)
		bio_put(t->first);
	expect_whole(test, t->bs);
}

struct wake_case {
	enum test_context context;
	bool kernel; /* whose put, and whose allocation */
	unsigned int nr_vecs;
};

static const struct wake_case wakes[] = {
	{ TEST_TASK, false, 0 },      { TEST_TASK, false, 16 },
	{ TEST_TASK, false, 256 },    { TEST_TASK, true, 0 },
	{ TEST_TASK, true, 256 },     { TEST_SOFTIRQ, false, 0 },
	{ TEST_SOFTIRQ, false, 64 },  { TEST_SOFTIRQ, false, 256 },
	{ TEST_SOFTIRQ, true, 0 },    { TEST_SOFTIRQ, true, 256 },
	{ TEST_HARDIRQ, false, 0 },   { TEST_HARDIRQ, false, 16 },
	{ TEST_HARDIRQ, false, 256 }, { TEST_HARDIRQ, true, 4 },
	{ TEST_HARDIRQ, true, 256 },
};

static void wake_desc(const struct wake_case *w, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %s put, %u vecs",
		 test_context_names[w->context], w->kernel ? "kernel's" : "our",
		 w->nr_vecs);
}

KUNIT_ARRAY_PARAM(wake, wakes, wake_desc);

struct late_put {
	struct bio *bio;
	bool kernel;
	ktime_t when;
};

static void put_it(void *arg)
{
	struct late_put *p = arg;

	p->when = ktime_get();
	if (p->kernel)
		test_kernel_put(p->bio);
	else
		bio_put(p->bio);
}

static struct late_put *hold(struct kunit *test, struct bio_set *bs,
			     unsigned int nr_vecs, bool kernel)
{
	struct late_put *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	/* The test itself must not sleep for what may never come. */
	p->bio = bio_alloc_bioset(GFP_NOWAIT, nr_vecs, bs);
	p->kernel = kernel;
	KUNIT_ASSERT_NOT_NULL(test, p->bio);
	return p;
}

/* Until the taker has its bio; how long after the put at *@since it got it. */
static s64 taken_after(struct kunit *test, struct taker *t, ktime_t *since)
{
	KUNIT_ASSERT_TRUE(test, test_worker_done(t->worker, TEST_LIMIT_MS));
	KUNIT_ASSERT_NOT_NULL(test, t->bio);
	bio_put(t->bio);
	return ktime_ms_delta(t->got, *since);
}

/* Not only by the time-out. */
static void expect_prompt(struct kunit *test, struct taker *t, ktime_t *since)
{
	KUNIT_EXPECT_LT(test, taken_after(test, t, since), TEST_PROMPT_MS);
}

static s64 wake_one(struct kunit *test, const struct wake_case *w,
		    struct bio_set *bs)
{
	const u64 waits = test_stats(test, bs).waits;
	struct late_put *p = hold(test, bs, w->nr_vecs, w->kernel);
	struct taker *t = start_taker(test, bs, w->nr_vecs, w->kernel);

	expect_waits(test, bs, waits + 1);
	KUNIT_EXPECT_FALSE(test, test_worker_done(t->worker, 0));
	test_later(test, w->context, 1, put_it, p);
	return taken_after(test, t, &p->when);
}

/* catalogue 22: with a reserve of one, the put wakes the waiter at once */
static void reserve_put_wakes(struct kunit *test)
{
	const struct wake_case *w = test_param(test);
	struct bio_set *bs;
	s64 ms = S64_MAX;
	int tries;

	if (!test_context_usable(w->context))
		kunit_skip(test, "sleeping locks");
	if (w->kernel)
		test_need_asking_kernel(test);
	bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	/* A busy host may delay one; a lost wake-up is lost each time. */
	for (tries = 0; tries < 3 && ms >= TEST_PROMPT_MS; tries++)
		ms = wake_one(test, w, bs);
	KUNIT_EXPECT_LT(test, ms, TEST_PROMPT_MS);
	expect_whole(test, bs);
}

/* catalogue 22: a set made with a pool of 0 keeps the promise too */
static void reserve_pool_of_zero(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 0, BIOSET_NEED_BVECS);
	struct late_put *p;
	struct taker *t;

	KUNIT_ASSERT_EQ(test, test_stats(test, bs).reserve, 1);
	KUNIT_ASSERT_EQ(test, test_stats(test, bs).vec_reserve, 1);
	p = hold(test, bs, 256, false);
	t = start_taker(test, bs, 256, false);
	expect_waits(test, bs, 1);
	put_it(p);
	expect_prompt(test, t, &p->when);
	expect_whole(test, bs);
}

/* GFP_NOIO does not fail, it waits as long as it takes. */
static void reserve_blocks_until_put(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct late_put *p = hold(test, bs, 0, false);
	struct taker *t = start_taker(test, bs, 0, false);

	/* Longer than the module's own time-out, which must not end it. */
	KUNIT_EXPECT_FALSE(test, test_worker_done(t->worker, 1500));
	put_it(p);
	expect_prompt(test, t, &p->when);
	KUNIT_EXPECT_GE(test, test_stats(test, bs).longest_wait_ms, 1000);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 1);
}

/*
 * Memory that comes back to the allocator wakes nobody by itself; ending the
 * starvation does.
 */
static void reserve_feeding_wakes(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct late_put *p = hold(test, bs, 256, false);
	struct taker *t = start_taker(test, bs, 256, false);
	ktime_t since;

	expect_waits(test, bs, 1);
	since = ktime_get();
	bset_starve(bs, 0);
	expect_prompt(test, t, &since);
	put_it(p);
	expect_whole(test, bs);
}

#define NR_WAITERS 6
#define ROUNDS 20

static int take_and_put(void *arg)
{
	struct bio_set *bs = arg;
	struct bio *bio;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		bio = bio_alloc_bioset(GFP_NOIO, i & 1 ? 256 : 0, bs);
		if (!bio)
			return -ENOMEM;
		cond_resched();
		if (i & 2)
			bio_put(bio);
		else
			test_kernel_put(bio);
	}
	return 0;
}

static void reserve_many_waiters(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct late_put *p = hold(test, bs, 256, false);
	struct test_worker *w[NR_WAITERS];
	int i;

	for (i = 0; i < NR_WAITERS; i++)
		w[i] = test_worker(test, take_and_put, bs);
	expect_waits(test, bs, NR_WAITERS);
	put_it(p);
	for (i = 0; i < NR_WAITERS; i++) {
		KUNIT_ASSERT_TRUE(test, test_worker_done(w[i], TEST_LIMIT_MS));
		KUNIT_EXPECT_EQ(test, w[i]->ret, 0);
	}
	expect_whole(test, bs);
}

/*
 * catalogue 16: with a waiter the next put goes to it, wherever the bio came
 * from and however much room the cache has.
 */
static void waiter_before_cache(struct kunit *test, bool kernel)
{
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct late_put *from_slab, *from_reserve;
	struct taker *t;

	if (kernel)
		test_need_asking_kernel(test);
	from_slab = hold(test, bs, 256, kernel);
	bset_starve(bs, 1);
	from_reserve = hold(test, bs, 256, kernel);
	t = start_taker(test, bs, 256, kernel);
	expect_waits(test, bs, 1);
	put_it(from_slab);
	expect_prompt(test, t, &from_slab->when);
	put_it(from_reserve);
	expect_whole(test, bs);
}

static void reserve_waiter_before_cache(struct kunit *test)
{
	waiter_before_cache(test, false);
	waiter_before_cache(test, true);
}

struct refill_case {
	unsigned int nr_vecs;
	bool kernel;
};

static const struct refill_case refills[] = {
	{ 0, false },	{ 4, false }, { 16, false }, { 64, false },
	{ 256, false }, { 0, true },  { 16, true },  { 256, true },
};

static void refill_desc(const struct refill_case *r, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s put, %u vecs",
		 r->kernel ? "kernel's" : "our", r->nr_vecs);
}

KUNIT_ARRAY_PARAM(refill, refills, refill_desc);

/* catalogue 16: a reserve that is short is filled first, on the fast way too */
static void reserve_refilled_before_cache(struct kunit *test)
{
	const struct refill_case *r = test_param(test);
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct late_put *from_slab = hold(test, bs, r->nr_vecs, r->kernel);
	struct late_put *from_reserve;

	bset_starve(bs, 1);
	from_reserve = hold(test, bs, r->nr_vecs ? 256 : 0, r->kernel);
	bset_starve(bs, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 0);
	put_it(from_slab);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	if (r->nr_vecs == 256)
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).vec_reserve, 1);
	put_it(from_reserve);
	expect_whole(test, bs);
}

/* A bio without the array that was asked for goes back where it came from. */
static void reserve_no_array_gives_bio_back(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct late_put *spare, *big;

	test_need_asking_kernel(test);
	spare = hold(test, bs, 0, false);
	bset_starve(bs, 1);
	big = hold(test, bs, 256, false);
	put_it(spare);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).vec_reserve, 0);
	KUNIT_EXPECT_PTR_EQ(test, bio_alloc_bioset(GFP_NOWAIT, 256, bs), NULL);
	test_kernel_has_to_ask();
	KUNIT_EXPECT_PTR_EQ(test,
			    kernel_bio_alloc(NULL, 256, REQ_OP_READ, GFP_NOWAIT,
					     bs),
			    NULL);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	put_it(big);
	expect_whole(test, bs);
}

/* With starve at N each Nth attempt has nothing but the reserve. */
static void reserve_starve_nth(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 4, 0, 0);
	struct bio *bios[9];
	int i;

	KUNIT_ASSERT_EQ(test, bset_starve(bs, 3), 0);
	for (i = 0; i < ARRAY_SIZE(bios); i++) {
		bios[i] = bio_alloc_bioset(GFP_NOWAIT, 0, bs);
		KUNIT_ASSERT_NOT_NULL(test, bios[i]);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	for (i = 0; i < ARRAY_SIZE(bios); i++)
		bio_put(bios[i]);
	expect_whole(test, bs);
}

static void reserve_starve_is_per_set(struct kunit *test)
{
	struct bio_set *starved = test_starved_set(test, 1, 0);
	struct bio_set *other = test_set(test, 1, 0, 0);
	struct bio *a, *b;

	a = bio_alloc_bioset(GFP_NOWAIT, 0, other);
	b = bio_alloc_bioset(GFP_NOWAIT, 0, other);
	KUNIT_EXPECT_NOT_NULL(test, a);
	KUNIT_EXPECT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, test_stats(test, other).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, starved).reserve, 1);
	if (a)
		bio_put(a);
	if (b)
		bio_put(b);
}

/* catalogue 7: of two sets of one layout, the empty one delays nobody else */
static void reserve_other_set_is_not_delayed(struct kunit *test)
{
	struct bio_set *a = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio_set *b = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct late_put *p = hold(test, a, 256, false);
	struct taker *stuck = start_taker(test, a, 256, false);
	struct test_worker *free;

	expect_waits(test, a, 1);
	free = test_worker(test, take_and_put, b);
	KUNIT_EXPECT_TRUE(test, test_worker_done(free, TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, test_stats(test, b).waits, 0);
	/* and what comes back to b is no help for a: b's reserve is b's */
	KUNIT_EXPECT_FALSE(test, test_worker_done(stuck->worker, 0));
	put_it(p);
	expect_prompt(test, stuck, &p->when);
}

/* A disk that writes its metadata before it completes data. */
struct journal {
	struct bio_set *metadata;
	struct bio *data;
	bool allocated;
};

static int write_metadata(void *arg)
{
	struct journal *j = arg;
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 1, j->metadata);

	j->allocated = bio;
	if (bio)
		bio_put(bio);
	bio_put(j->data);
	return 0;
}

/* catalogue 8 */
static void reserve_metadata_set(struct kunit *test)
{
	struct bio_set *data = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct journal *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct test_worker *w;
	struct taker *t;
	ktime_t since;

	KUNIT_ASSERT_NOT_NULL(test, j);
	j->metadata = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	j->data = bio_alloc_bioset(GFP_NOWAIT, 256, data);
	KUNIT_ASSERT_NOT_NULL(test, j->data);
	t = start_taker(test, data, 256, false);
	expect_waits(test, data, 1);
	since = ktime_get();
	w = test_worker(test, write_metadata, j);
	expect_prompt(test, t, &since);
	KUNIT_EXPECT_TRUE(test, test_worker_done(w, TEST_LIMIT_MS));
	KUNIT_EXPECT_TRUE(test, j->allocated);
}

/*
 * catalogue 21: bios that one CPU allocates and another one puts
 */
#define STRESS_BIOS 1500

struct stress {
	struct bio_set *bs;
	struct llist_head queue;
	atomic_t made;
	atomic_t failed;
	atomic_t done;
};

/* At the end of the front_pad while a bio is on the queue. */
static struct llist_node *node_of(struct bio *bio)
{
	return (struct llist_node *)bio - 1;
}

static int stress_alloc(void *arg)
{
	static const unsigned short counts[] = { 0, 256, 4, 16, 256, 64 };
	struct stress *s = arg;
	struct bio *bio;
	int n;

	while ((n = atomic_inc_return(&s->made)) <= STRESS_BIOS) {
		bio = bio_alloc_bioset(GFP_NOIO, counts[n % ARRAY_SIZE(counts)],
				       s->bs);
		if (bio)
			llist_add(node_of(bio), &s->queue);
		else
			atomic_inc(&s->failed);
	}
	return 0;
}

static int stress_put(void *arg)
{
	struct stress *s = arg;
	struct llist_node *node, *next;
	int n = 0;

	while (atomic_read(&s->done) + atomic_read(&s->failed) < STRESS_BIOS) {
		node = llist_del_all(&s->queue);
		for (; node; node = next) {
			next = node->next;
			if (n++ & 1)
				bio_put((struct bio *)(node + 1));
			else
				test_kernel_put((struct bio *)(node + 1));
			atomic_inc(&s->done);
		}
		usleep_range(10, 50);
	}
	return 0;
}

static const unsigned int starvations[] = { 0, 1, 2, 7 };

static void starvation_desc(const unsigned int *nth, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "starved at %u", *nth);
}

KUNIT_ARRAY_PARAM(starvation, starvations, starvation_desc);

static void reserve_cross_cpu_stress(struct kunit *test)
{
	const unsigned int nth = *(const unsigned int *)test_param(test);
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	const int cpus = num_online_cpus();
	struct test_worker *w[4];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	init_llist_head(&s->queue);
	s->bs = test_set(test, 4, 16, BIOSET_NEED_BVECS);
	bset_starve(s->bs, nth);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = test_worker_on(test, i % cpus,
				      i < 2 ? stress_alloc : stress_put, s);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		KUNIT_ASSERT_TRUE(test,
				  test_worker_done(w[i], 2 * TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->failed), 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, s->bs).allocs, STRESS_BIOS);
	expect_whole(test, s->bs);
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE_PARAM(reserve_nowait, drain_gen_params),
	KUNIT_CASE_PARAM(reserve_nowait_in_interrupts, context_gen_params),
	KUNIT_CASE_PARAM(reserve_put_wakes, wake_gen_params),
	KUNIT_CASE(reserve_pool_of_zero),
	KUNIT_CASE(reserve_blocks_until_put),
	KUNIT_CASE(reserve_feeding_wakes),
	KUNIT_CASE(reserve_many_waiters),
	KUNIT_CASE(reserve_waiter_before_cache),
	KUNIT_CASE_PARAM(reserve_refilled_before_cache, refill_gen_params),
	KUNIT_CASE(reserve_no_array_gives_bio_back),
	KUNIT_CASE(reserve_starve_nth),
	KUNIT_CASE(reserve_starve_is_per_set),
	KUNIT_CASE(reserve_other_set_is_not_delayed),
	KUNIT_CASE(reserve_metadata_set),
	KUNIT_CASE_PARAM(reserve_cross_cpu_stress, starvation_gen_params),
	{}
};

struct kunit_suite bset_reserve_suite = {
	.name = "reserve",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = reserve_cases,
};
