// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a set: it waits for bios, and then nothing looks at it any more
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/slab.h>

#include "testdisk.h"
#include "testlib.h"

/* A driver's struct: gone at once when its set is. */
struct driver {
	unsigned long before;
	struct bio_set bs;
	unsigned long after;
};

struct ending {
	struct driver *driver;
	struct bio_set *created; /* instead: to be freed with bioset_free() */
};

static int end_set(void *arg)
{
	struct ending *e = arg;

	if (e->created) {
		bioset_free(e->created);
		return 0;
	}
	bioset_exit(&e->driver->bs);
	kfree(e->driver);
	return 0;
}

static struct driver *new_driver(struct kunit *test, int flags)
{
	struct driver *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, d);
	ret = bioset_init(&d->bs, 2, 8, flags);
	if (ret)
		kfree(d);
	KUNIT_ASSERT_EQ(test, ret, 0);
	return d;
}

struct late {
	struct bio *bio;
	bool kernel;
};

static void put_late(void *arg)
{
	struct late *l = arg;

	if (l->kernel)
		test_kernel_put(l->bio);
	else
		bio_put(l->bio);
}

struct wait_case {
	enum test_context context;
	bool kernel;
	bool created;
	unsigned int nr_vecs;
};

static const struct wait_case wait_cases[] = {
	{ TEST_TASK, false, false, 0 },	     { TEST_TASK, true, false, 256 },
	{ TEST_TASK, false, true, 16 },	     { TEST_TASK, true, true, 4 },
	{ TEST_SOFTIRQ, false, false, 256 }, { TEST_SOFTIRQ, true, true, 64 },
	{ TEST_HARDIRQ, false, true, 0 },    { TEST_HARDIRQ, true, false, 256 },
};

static void wait_desc(const struct wait_case *w, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %s put, %u vecs, %s",
		 test_context_names[w->context], w->kernel ? "kernel's" : "our",
		 w->nr_vecs, w->created ? "free" : "exit");
}

KUNIT_ARRAY_PARAM(wait, wait_cases, wait_desc);

/* catalogue 14: waits as long as a bio is out, and not much longer */
static void teardown_waits(struct kunit *test)
{
	const struct wait_case *w = test_param(test);
	struct ending *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct late *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	struct test_worker *worker;
	struct bio_set *bs;

	if (!test_context_usable(w->context))
		kunit_skip(test, "sleeping locks");
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_ASSERT_NOT_NULL(test, l);
	if (w->created)
		e->created = bioset_create(2, 8);
	else
		e->driver = new_driver(test, BIOSET_NEED_BVECS);
	bs = e->created ?: &e->driver->bs;
	l->kernel = w->kernel;
	l->bio = bio_alloc_bioset(GFP_NOIO, w->nr_vecs, bs);
	KUNIT_ASSERT_NOT_NULL(test, l->bio);
	worker = test_worker(test, end_set, e);
	/* Else the set is gone, and what follows would use its memory. */
	KUNIT_ASSERT_FALSE(test, test_worker_done(worker, TEST_QUIET_MS));
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 1);
	test_later(test, w->context, 1, put_late, l);
	KUNIT_EXPECT_TRUE(test, test_worker_done(worker, TEST_LIMIT_MS));
}

/* After 10 s it says for how many bios it waits and, tracked, who has them. */
static void teardown_reports_wait(struct kunit *test)
{
	static const char waited[] =
		"(" TEST_OWNER
		"): bioset_exit() has waited 10 s for 1 bios in flight";
	struct ending *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct late *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	struct test_worker *worker;

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_ASSERT_NOT_NULL(test, l);
	e->driver = new_driver(test, 0);
	KUNIT_EXPECT_EQ(test, bset_track(&e->driver->bs, true), 0);
	/* One that is back is not waited for, though it has a record. */
	bio_put(bio_alloc_bioset(GFP_NOIO, 0, &e->driver->bs));
	l->bio = bio_alloc_bioset(GFP_NOIO, 0, &e->driver->bs);
	worker = test_worker(test, end_set, e);
	KUNIT_ASSERT_FALSE(test, test_worker_done(worker, 7000));
	KUNIT_EXPECT_FALSE(test, test_logged(waited));
	KUNIT_ASSERT_FALSE(test, test_worker_done(worker, 5000));
	KUNIT_EXPECT_TRUE(test, test_logged(waited));
	KUNIT_EXPECT_TRUE(test, test_logged("ms ago by %s/%d at:",
					    current->comm, current->pid));
	put_late(l);
	KUNIT_EXPECT_TRUE(test, test_worker_done(worker, TEST_LIMIT_MS));
}

/* A starved set's bios are its reserve's; they are waited for likewise. */
static void teardown_waits_for_reserve(struct kunit *test)
{
	struct ending *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct test_worker *worker;
	struct bio *bio;

	KUNIT_ASSERT_NOT_NULL(test, e);
	e->driver = new_driver(test, BIOSET_NEED_BVECS);
	bset_starve(&e->driver->bs, 1);
	bio = bio_alloc_bioset(GFP_NOWAIT, 256, &e->driver->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	worker = test_worker(test, end_set, e);
	KUNIT_ASSERT_FALSE(test, test_worker_done(worker, TEST_QUIET_MS));
	bio_put(bio);
	KUNIT_EXPECT_TRUE(test, test_worker_done(worker, TEST_LIMIT_MS));
}

/*
 * catalogue 14: the last puts race with the end.  The set's memory is freed
 * the moment its end is reached, so KASAN sees whatever touches it later.
 */
#define RACE_ROUNDS 40
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
	for (i = 0; i < RACE_BIOS; i++) {
		if ((r->round + i) & 1)
			test_kernel_put(r->bios[i]);
		else
			bio_put(r->bios[i]);
	}
	return 0;
}

static void race_once(struct kunit *test, struct race *r, int cpu)
{
	static const unsigned short counts[] = { 0, 4, 16, 64, 256, 256 };
	struct ending e = { .driver = new_driver(test, BIOSET_NEED_BVECS) };
	struct test_worker *w;
	int i;

	/* On every other round the bios go to the reserve. */
	bset_starve(&e.driver->bs, r->round & 2 ? 3 : 0);
	for (i = 0; i < RACE_BIOS; i++)
		r->bios[i] =
			bio_alloc_bioset(GFP_NOIO, counts[i], &e.driver->bs);
	init_completion(&r->go);
	w = test_worker_on(test, cpu, put_all, r);
	complete(&r->go);
	end_set(&e);
	KUNIT_ASSERT_TRUE(test, test_worker_done(w, TEST_LIMIT_MS));
}

static void teardown_races_with_put(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (r->round = 0; r->round < RACE_ROUNDS; r->round++) {
		/* In the first half slab and cache go with the set, too. */
		if (r->round == RACE_ROUNDS / 2)
			test_set(test, 1, 8, BIOSET_NEED_BVECS);
		race_once(test, r, r->round % num_online_cpus());
	}
}

/* The rescuer may still be at work when the last bio is back. */
struct rescue {
	struct bio_set *bs;
	struct test_disk *leaf;
};

static void end_put(struct bio *bio)
{
	bio_put(bio);
}

static void rescue_submit(struct test_disk *disk, struct bio *parent)
{
	struct rescue *r = disk->priv;
	struct bio *bio;
	int i;

	for (i = 0; i < 4; i++) {
		bio = bio_alloc_bioset(r->leaf->bdev, 0, REQ_OP_WRITE, GFP_NOIO,
				       r->bs);
		if (!bio)
			break;
		bio->bi_end_io = end_put;
		submit_bio_noacct(bio);
	}
	bio_endio(parent);
}

static void teardown_races_with_rescue(struct kunit *test)
{
	struct rescue *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct test_disk *disk;
	struct ending e = {};
	struct test_io *io;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->leaf = test_disk(test, NULL, NULL);
	disk = test_disk(test, rescue_submit, r);
	for (i = 0; i < 20; i++) {
		e.driver = new_driver(test, 0);
		r->bs = &e.driver->bs;
		bset_starve(r->bs, 1);
		io = test_io(test, disk);
		KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
		KUNIT_EXPECT_GE(test, test_stats(test, r->bs).punted, 1);
		KUNIT_ASSERT_TRUE(test,
				  test_worker_done(io->worker, TEST_LIMIT_MS));
		end_set(&e);
	}
}

/* A set goes while others of its class live on, with what is cached. */
static void teardown_leaves_others_alone(struct kunit *test)
{
	struct bio_set *stays = test_set(test, 2, 8, BIOSET_NEED_BVECS);
	struct ending e = { .driver = new_driver(test, BIOSET_NEED_BVECS) };
	struct bio *a, *b;

	a = bio_alloc_bioset(GFP_NOIO, 256, &e.driver->bs);
	b = bio_alloc_bioset(GFP_NOIO, 256, stays);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	bio_put(a);
	end_set(&e);
	memset(b->bi_io_vec, 0x11, 256 * sizeof(struct bio_vec));
	bio_put(b);
	/* this is the one that the other set put */
	a = bio_alloc_bioset(GFP_NOIO, 256, stays);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_PTR_EQ(test, a->bi_pool, stays);
	memset(a->bi_io_vec, 0x11, 256 * sizeof(struct bio_vec));
	bio_put(a);
}

#define CYCLES 500
#define CYCLES_WITH_SLAB 20

/* catalogue 23: nor are there duplicate names, which would be warned about */
static void teardown_many_cycles(struct kunit *test)
{
	static const int flags = BIOSET_NEED_BVECS;
	struct bio_set *bs;
	int i;

	for (i = 0; i < CYCLES_WITH_SLAB; i++) {
		bs = i & 1 ? bioset_create(2, 120) : bioset_create_nobvec(3, 8);
		KUNIT_ASSERT_NOT_NULL(test, bs);
		bioset_free(bs);
	}
	/* Slabs and threads are what takes long. */
	test_set(test, 1, 120, flags | BSET_NO_RESCUER);
	for (i = 0; i < CYCLES; i++) {
		bs = kzalloc(sizeof(*bs), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bs);
		KUNIT_ASSERT_EQ(test,
				bioset_init(bs, 2, 120,
					    flags | BSET_NO_RESCUER),
				0);
		bioset_exit(bs);
		kfree(bs);
		cond_resched();
	}
}

/* Exit ends the starvation, and with it what that costs everybody. */
static void teardown_starved(struct kunit *test)
{
	struct ending e = { .driver = new_driver(test, 0) };
	struct bio_set *bs;
	struct bio *bio;

	bset_starve(&e.driver->bs, 1);
	end_set(&e);
	bs = test_set(test, 1, 8, 0);
	bio = bio_alloc_bioset(GFP_NOIO, 0, bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_put(bio);
}

static struct kunit_case teardown_cases[] = {
	KUNIT_CASE_PARAM(teardown_waits, wait_gen_params),
	KUNIT_CASE(teardown_reports_wait),
	KUNIT_CASE(teardown_waits_for_reserve),
	KUNIT_CASE(teardown_races_with_put),
	KUNIT_CASE(teardown_races_with_rescue),
	KUNIT_CASE(teardown_leaves_others_alone),
	KUNIT_CASE(teardown_many_cycles),
	KUNIT_CASE(teardown_starved),
	{}
};

struct kunit_suite bset_teardown_suite = {
	.name = "teardown",
	.test_cases = teardown_cases,
};
