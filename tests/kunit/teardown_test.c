// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a set: it waits for bios, and then nothing looks at it any more
 */
#include <linux/delay.h>
#include <linux/slab.h>

#include "testdisk.h"
#include "testlib.h"

/* A set of bioset_create(), or in memory of a driver's that is gone with it */
struct ending {
	struct bio_set *bs;
	bool created;
};

static int end_set(void *arg)
{
	struct ending *e = arg;

	if (e->created) {
		bioset_free(e->bs);
		return 0;
	}
	bioset_exit(e->bs);
	kfree(e->bs);
	return 0;
}

static struct ending *new_set(struct kunit *test, bool created, int flags)
{
	struct ending *e = test_zalloc(test, sizeof(*e));

	e->created = created;
	e->bs = created ? bioset_create(2, 8)
			: kzalloc(sizeof(*e->bs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, e->bs);
	if (!created)
		KUNIT_ASSERT_EQ(test, bset_init(e->bs, 2, 8, flags), 0);
	return e;
}

/* Ends the set by a task of its own, which has to wait. */
static struct test_worker *begin_end(struct kunit *test, struct ending *e)
{
	struct test_worker *w = test_worker(test, end_set, e);

	/* Else the set is gone, and what follows would use its memory. */
	KUNIT_ASSERT_FALSE(test, test_worker_done(w, TEST_QUIET_MS));
	KUNIT_EXPECT_EQ(test, test_stats(test, e->bs).in_flight, 1);
	return w;
}

/* catalogue 14: waits as long as a bio is out, and not much longer */
static void teardown_waits(struct kunit *test)
{
	const struct test_way *way = test_param(test);
	struct test_worker *worker;
	struct ending *e;
	struct bio *bio;

	test_need_context(test, way->context);
	e = new_set(test, way->nr_vecs < 64, BIOSET_NEED_BVECS);
	/* Of every second case it is the reserve's. */
	bset_starve(e->bs, way->kernel);
	bio = test_bio(test, way->nr_vecs, e->bs);
	worker = begin_end(test, e);
	test_put_later(test, way, bio);
	test_join(test, worker);
}

/* After 10 s it says for how many bios it waits and, tracked, who has them. */
static void teardown_reports_wait(struct kunit *test)
{
	static const char said[] = "(" TEST_OWNER
				   "): bioset_exit() has waited ";
	static const char what[] = " s for 1 bios in flight";
	struct ending *e = new_set(test, false, 0);
	struct test_worker *worker;
	struct bio *bio;

	test_second_ms(test, TEST_SHORT_SECOND_MS);
	KUNIT_EXPECT_EQ(test, bset_track(e->bs, true), 0);
	/* One that is back is not waited for, though it has a record. */
	bio_put(test_bio(test, 0, e->bs));
	bio = bio_alloc_bioset(GFP_NOIO, 0, e->bs);
	worker = begin_end(test, e);
	KUNIT_EXPECT_EQ(test, test_logged(said, "%s", what), 0);
	KUNIT_EXPECT_TRUE(test, test_stalled(test, e->bs));
	KUNIT_EXPECT_FALSE(test, test_worker_done(worker, 0));
	KUNIT_EXPECT_GT(test, test_logged(said, "%s", what), 0);
	KUNIT_EXPECT_EQ(test, test_logged(said, "10%s", what), 0);
	KUNIT_EXPECT_GT(test,
			test_logged("ms ago by ", "%s/%d at:", current->comm,
				    current->pid),
			0);
	bio_put(bio);
	test_join(test, worker);
}

/*
 * catalogue 14: the last puts race with the end.  The set's memory is freed
 * the moment its end is reached, so KASAN sees whatever touches it later.
 */
#define RACE_ROUNDS 20
#define RACE_BIOS 6

struct race {
	struct bio *bios[RACE_BIOS];
	unsigned int round;
	struct completion go;
};

static int put_all(void *arg)
{
	struct race *r = arg;
	int i;

	wait_for_completion(&r->go);
	udelay(r->round % 7 * 20);
	for (i = 0; i < RACE_BIOS; i++)
		test_put(r->bios[i], (r->round + i) & 1);
	return 0;
}

static void race_once(struct kunit *test, struct race *r, int cpu)
{
	static const unsigned short counts[] = { 0, 4, 16, 64, 256, 256 };
	struct ending *e = new_set(test, false, BIOSET_NEED_BVECS);
	struct test_worker *w;
	int i;

	/* On every other round the bios go to the reserve. */
	bset_starve(e->bs, r->round & 2 ? 3 : 0);
	for (i = 0; i < RACE_BIOS; i++)
		r->bios[i] = bio_alloc_bioset(GFP_NOIO, counts[i], e->bs);
	init_completion(&r->go);
	w = test_worker_on(test, cpu, put_all, r);
	complete(&r->go);
	end_set(e);
	test_join(test, w);
}

static void teardown_races_with_put(struct kunit *test)
{
	struct race *r = test_zalloc(test, sizeof(*r));

	for (r->round = 0; r->round < RACE_ROUNDS; r->round++) {
		/* In the first half slab and cache go with the set, too. */
		if (r->round == RACE_ROUNDS / 2)
			test_set(test, 1, 8, BIOSET_NEED_BVECS);
		race_once(test, r, r->round % num_online_cpus());
	}
}

/* The rescuer may still be at work when the last bio is back. */
static void teardown_races_with_rescue(struct kunit *test)
{
	struct test_splitter *s = test_splitter(test, NULL, NULL, 4);
	struct ending *e;
	struct test_io *io;
	int i;

	for (i = 0; i < 8; i++) {
		e = new_set(test, false, 0);
		s->bs = e->bs;
		bset_starve(s->bs, 1);
		io = test_io(test, s->disk);
		KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
		KUNIT_EXPECT_GE(test, test_stats(test, s->bs).punted, 1);
		test_join(test, io->worker);
		end_set(e);
	}
}

/* catalogue 23: nor are there duplicate names, which would be warned about */
static void teardown_many_cycles(struct kunit *test)
{
	struct bio_set *bs;
	int i;

	for (i = 0; i < 24; i++) {
		/* Slabs and threads are what takes long. */
		if (i == 8)
			test_set(test, 1, 120, BIOSET_NEED_BVECS);
		bs = i & 1 ? bioset_create(2, 120) : bioset_create_nobvec(3, 8);
		KUNIT_ASSERT_NOT_NULL(test, bs);
		bioset_free(bs);
	}
}

static struct kunit_case teardown_cases[] = {
	KUNIT_CASE_PARAM(teardown_waits, test_ways_gen_params),
	KUNIT_CASE(teardown_reports_wait),
	KUNIT_CASE(teardown_races_with_put),
	KUNIT_CASE(teardown_races_with_rescue),
	KUNIT_CASE(teardown_many_cycles),
	{},
};

struct kunit_suite bset_teardown_suite = {
	.name = "teardown",
	.test_cases = teardown_cases,
};
