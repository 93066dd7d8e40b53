// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: who gets from it, who waits for it, and that it is whole again
 *
 * A starved set has nothing but its reserve, so what a test takes from it is
 * known exactly.
 */
#include "testdisk.h"
#include "testlib.h"

#define MAX_POOL 5

/*
 * Takes a bio without sleeping, or by a task that may have to wait.  The kernel's
 * allocator of kernels that take by themselves asks for nobody who cannot sleep.
 */
static struct bio *take(struct bio_set *bs, unsigned int nr_vecs, bool kernel,
			gfp_t gfp)
{
	if (!kernel)
		return bio_alloc_bioset(gfp, nr_vecs, bs);
	test_kernel_has_to_ask();
	return kernel_bio_alloc(NULL, nr_vecs, REQ_OP_READ, gfp, bs);
}

struct taker {
	struct bio_set *bs;
	unsigned int nr_vecs;
	bool kernel;
	struct bio *bio;
	struct test_worker *worker;
};

static int take_waiting(void *arg)
{
	struct taker *t = arg;

	t->bio = take(t->bs, t->nr_vecs, t->kernel, GFP_NOIO);
	return 0;
}

static bool sleeps(struct task_struct *p)
{
	return task_state_to_char(p) == 'D';
}

/* Until @n tasks wait for a bio of the set, and sleep. */
static void expect_waiting(struct kunit *test, struct bio_set *bs,
			   struct test_worker **w, unsigned int n)
{
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, TEST_UNTIL(test_stats(test, bs).waiting == n));
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_TRUE(test, TEST_UNTIL(sleeps(w[i]->task)));
}

/* A task that waits for a bio, which is not there. */
static struct taker *start_taker(struct kunit *test, struct bio_set *bs,
				 unsigned int nr_vecs, bool kernel)
{
	struct taker *t = test_zalloc(test, sizeof(*t));

	t->bs = bs;
	t->nr_vecs = nr_vecs;
	t->kernel = kernel;
	t->worker = test_worker(test, take_waiting, t);
	expect_waiting(test, bs, &t->worker, 1);
	return t;
}

/* By a wake-up: the module's time-out comes later, see reserve_start(). */
static void expect_taken(struct kunit *test, struct taker *t)
{
	test_join(test, t->worker);
	KUNIT_ASSERT_NOT_NULL(test, t->bio);
	bio_put(t->bio);
}

/*
 * A lost wake-up is covered for by the module's time-out, but not within the
 * limit for what a test waits for.
 */
static int reserve_start(test_suite_arg *unused)
{
	WRITE_ONCE(bset_second_ms, TEST_LIMIT_MS + TEST_LIMIT_MS / 4);
	return test_keep_slabs(unused);
}

static void reserve_stop(test_suite_arg *unused)
{
	WRITE_ONCE(bset_second_ms, 1000);
	test_drop_slabs(unused);
}

static void expect_whole(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats s = test_stats_settled(test, bs);

	KUNIT_EXPECT_EQ(test, s.in_flight, 0);
	KUNIT_EXPECT_EQ(test, s.reserve, s.pool_size);
	if (mempool_initialized(&bs->bvec_pool))
		KUNIT_EXPECT_EQ(test, s.vec_reserve, s.pool_size);
}

static void drain(struct kunit *test, unsigned int pool_size,
		  unsigned int nr_vecs, bool kernel)
{
	const gfp_t gfp = kernel && bset_kernel_takes ? GFP_NOIO : GFP_NOWAIT;
	struct bio_set *bs =
		test_starved_set(test, pool_size, BIOSET_NEED_BVECS);
	struct bio *bios[MAX_POOL];
	unsigned int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < pool_size; i++) {
			bios[i] = take(bs, nr_vecs, kernel, gfp);
			KUNIT_ASSERT_NOT_NULL(test, bios[i]);
		}
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 0);
		KUNIT_EXPECT_NULL(test, take(bs, nr_vecs, kernel, GFP_NOWAIT));
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight,
				kernel && bset_kernel_takes ? 0 : pool_size);
		for (i = 0; i < pool_size; i++)
			test_put(bios[i], !round);
		expect_whole(test, bs);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 0);
}

/* catalogue 20: the reserve serves those who cannot wait, then NULL */
static void reserve_nowait(struct kunit *test)
{
	drain(test, 1, test_int(test), false);
	drain(test, MAX_POOL, test_int(test), false);
	if (TEST_KERNEL_CAN_ASK)
		drain(test, 2, test_int(test), true);
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

static const int contexts[] = { TEST_TASK, TEST_SOFTIRQ, TEST_HARDIRQ };

TEST_INT_PARAM(context, contexts);

/* catalogue 20 */
static void reserve_nowait_in_interrupts(struct kunit *test)
{
	struct irq_take *t = test_zalloc(test, sizeof(*t));
	struct test_later *later;

	test_need_context(test, test_int(test));
	t->bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	later = test_later(test, test_int(test), 1, take_two, t);
	KUNIT_ASSERT_TRUE(test, test_within(&later->done, TEST_LIMIT_MS));
	KUNIT_EXPECT_FALSE(test, later->wrong_context);
	KUNIT_EXPECT_NOT_NULL(test, t->first);
	KUNIT_EXPECT_NULL(test, t->second);
	if (t->first)
		bio_put(t->first);
	expect_whole(test, t->bs);
}

/*
 * catalogue 22: with a reserve of one, the put wakes the waiter.  A set made with
 * a pool of 0 keeps the promise too.
 */
static void reserve_put_wakes(struct kunit *test)
{
	const struct test_way *w = test_param(test);
	struct bio_set *bs;
	struct bio *bio;
	struct taker *t;

	test_need_context(test, w->context);
	if (w->kernel)
		test_need_asking_kernel(test);
	bs = test_starved_set(test, w->kernel ? 1 : 0, BIOSET_NEED_BVECS);
	KUNIT_ASSERT_EQ(test, test_stats(test, bs).reserve, 1);
	KUNIT_ASSERT_EQ(test, test_stats(test, bs).vec_reserve, 1);
	bio = test_bio(test, w->nr_vecs, bs);
	t = start_taker(test, bs, w->nr_vecs, w->kernel);
	test_put_later(test, w, bio);
	expect_taken(test, t);
	expect_whole(test, bs);
}

/* GFP_NOIO does not fail, it waits as long as it takes: several time-outs. */
static void reserve_blocks_until_put(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct bio *bio = test_bio(test, 0, bs);
	struct taker *t;

	test_second_ms(test, TEST_QUIET_MS / 4);
	t = start_taker(test, bs, 0, false);
	KUNIT_EXPECT_FALSE(test,
			   test_worker_done(t->worker, 2 * TEST_QUIET_MS));
	bio_put(bio);
	expect_taken(test, t);
	KUNIT_EXPECT_GE(test, test_stats(test, bs).longest_wait_ms,
			TEST_QUIET_MS);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 1);
	/* Outside of ->submit_bio() there is nothing to hand over. */
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).punted, 0);
}

/*
 * Memory that comes back to the allocator wakes nobody by itself; ending the
 * starvation does.
 */
static void reserve_feeding_wakes(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 256, bs);
	struct taker *t = start_taker(test, bs, 256, false);

	bset_starve(bs, 0);
	expect_taken(test, t);
	bio_put(bio);
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
		test_put(bio, !(i & 2));
	}
	return 0;
}

static void reserve_many_waiters(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 256, bs);
	struct test_worker *w[NR_WAITERS];
	int i;

	for (i = 0; i < NR_WAITERS; i++)
		w[i] = test_worker(test, take_and_put, bs);
	expect_waiting(test, bs, w, NR_WAITERS);
	bio_put(bio);
	for (i = 0; i < NR_WAITERS; i++)
		KUNIT_EXPECT_EQ(test, test_join(test, w[i]), 0);
	expect_whole(test, bs);
}

/*
 * catalogue 16: with a waiter the next put goes to it, wherever the bio came
 * from and however much room the cache has.
 */
static void waiter_before_cache(struct kunit *test, bool kernel)
{
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct bio *from_slab, *from_reserve;
	struct taker *t;

	if (kernel)
		test_need_asking_kernel(test);
	from_slab = test_bio(test, 256, bs);
	bset_starve(bs, 1);
	from_reserve = test_bio(test, 256, bs);
	t = start_taker(test, bs, 256, kernel);
	test_put(from_slab, kernel);
	expect_taken(test, t);
	test_put(from_reserve, kernel);
	expect_whole(test, bs);
}

static void reserve_waiter_before_cache(struct kunit *test)
{
	waiter_before_cache(test, false);
	waiter_before_cache(test, true);
}

/* catalogue 16: a reserve that is short is filled first, on the fast way too */
static void refill(struct kunit *test, unsigned int nr_vecs, bool kernel)
{
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct bio *from_slab = test_bio(test, nr_vecs, bs), *from_reserve;

	bset_starve(bs, 1);
	from_reserve = test_bio(test, nr_vecs ? 256 : 0, bs);
	bset_starve(bs, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 0);
	test_put(from_slab, kernel);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	if (nr_vecs > 64)
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).vec_reserve, 1);
	test_put(from_reserve, kernel);
	expect_whole(test, bs);
}

static void reserve_refilled_before_cache(struct kunit *test)
{
	refill(test, test_int(test), false);
	refill(test, test_int(test), true);
}

/* A bio without the array that was asked for goes back where it came from. */
static void reserve_no_array_gives_bio_back(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 0, BIOSET_NEED_BVECS);
	struct bio *spare, *big;

	test_need_asking_kernel(test);
	spare = test_bio(test, 0, bs);
	bset_starve(bs, 1);
	big = test_bio(test, 256, bs);
	bio_put(spare);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).vec_reserve, 0);
	KUNIT_EXPECT_NULL(test, take(bs, 256, false, GFP_NOWAIT));
	KUNIT_EXPECT_NULL(test, take(bs, 256, true, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	bio_put(big);
	expect_whole(test, bs);
}

/* With starve at N each Nth attempt has nothing but the reserve; in this set. */
static void reserve_starve_nth(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 4, 0, 0);
	struct bio_set *other = test_set(test, 4, 0, 0);
	struct bio *bios[18];
	int i;

	KUNIT_ASSERT_EQ(test, bset_starve(bs, 3), 0);
	for (i = 0; i < ARRAY_SIZE(bios); i++)
		bios[i] = test_bio(test, 0, i & 1 ? other : bs);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, other).reserve, 4);
	for (i = 0; i < ARRAY_SIZE(bios); i++)
		bio_put(bios[i]);
	expect_whole(test, bs);
}

/* catalogue 7: of two sets of one layout, the empty one delays nobody else */
static void reserve_other_set_is_not_delayed(struct kunit *test)
{
	struct bio_set *a = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio_set *b = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 256, a);
	struct taker *stuck = start_taker(test, a, 256, false);

	test_join(test, test_worker(test, take_and_put, b));
	KUNIT_EXPECT_EQ(test, test_stats(test, b).waits, 0);
	/* and what comes back to b is no help for a: b's reserve is b's */
	KUNIT_EXPECT_FALSE(test, test_worker_done(stuck->worker, 0));
	bio_put(bio);
	expect_taken(test, stuck);
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
	struct journal *j = test_zalloc(test, sizeof(*j));
	struct test_worker *w;
	struct taker *t;

	j->metadata = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	j->data = test_bio(test, 256, data);
	t = start_taker(test, data, 256, false);
	w = test_worker(test, write_metadata, j);
	expect_taken(test, t);
	test_join(test, w);
	KUNIT_EXPECT_TRUE(test, j->allocated);
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE_PARAM(reserve_nowait, test_vecs_gen_params),
	KUNIT_CASE_PARAM(reserve_nowait_in_interrupts, context_gen_params),
	KUNIT_CASE_PARAM(reserve_put_wakes, test_ways_gen_params),
	KUNIT_CASE(reserve_blocks_until_put),
	KUNIT_CASE(reserve_feeding_wakes),
	KUNIT_CASE(reserve_many_waiters),
	KUNIT_CASE(reserve_waiter_before_cache),
	KUNIT_CASE_PARAM(reserve_refilled_before_cache, test_vecs_gen_params),
	KUNIT_CASE(reserve_no_array_gives_bio_back),
	KUNIT_CASE(reserve_starve_nth),
	KUNIT_CASE(reserve_other_set_is_not_delayed),
	KUNIT_CASE(reserve_metadata_set),
	{},
};

struct kunit_suite bset_reserve_suite = {
	.name = "reserve",
	TEST_SUITE_HOOKS(reserve_start, reserve_stop),
	.test_cases = reserve_cases,
};
