// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver's author can switch on: tracking, stall reports, the knobs
 */
#include "internal.h"

#include "testdisk.h"
#include "testlib.h"

#define PAD 24
#define ROUNDS 64 /* more than the quarantine holds */
#define MANY TEST_MANY_BIOS
/* With a sanitizer in an emulator, one tick takes a good part of a millisecond. */
#define TICK_NS (5 * NSEC_PER_MSEC)

static struct bio *get(struct kunit *test, struct bio_set *bs)
{
	struct bio *bio = bset_alloc(NULL, 1, REQ_OP_READ, GFP_NOIO, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	return bio;
}

static u64 misuses(struct kunit *test, struct bio_set *bs)
{
	return test_stats(test, bs).misuses;
}

/* catalogue 10: the second of two held bios is reported, and each one counts */
static void debug_two_held_bios(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 4, PAD);
	struct bio *a = get(test, bs), *b, *c;

	KUNIT_EXPECT_EQ(test, misuses(test, bs), 0);
	b = TEST_SPLAT("a bio is held", get(test, bs));
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 1);
	c = TEST_SPLAT("a bio is held", get(test, bs));
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 2);
	bset_put(a);
	bset_put(b);
	bset_put(c);
}

/* Whichever is switched on first. */
static void debug_starved_is_tracked(struct kunit *test)
{
	struct bio_set *bs;
	struct bio *a;
	int i;

	for (i = 0; i < 2; i++) {
		bs = test_set(test, 2, PAD, BIOSET_NEED_BVECS);
		KUNIT_ASSERT_EQ(test, bset_starve(bs, i ? 1 : 0), 0);
		KUNIT_ASSERT_EQ(test, bset_track(bs, true), 0);
		KUNIT_ASSERT_EQ(test, bset_starve(bs, 1), 0);
		a = get(test, bs);
		bset_put(TEST_SPLAT("a bio is held", get(test, bs)));
		KUNIT_EXPECT_EQ(test, misuses(test, bs), 1);
		bset_put(a);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	}
}

/* What the contract allows is not reported. */
static void debug_no_false_alarm(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 4, PAD);
	struct bio_set *other = test_tracked_set(test, 4, PAD);
	struct bio *a, *b;
	int i;

	for (i = 0; i < 3; i++)
		bset_put(get(test, bs));
	a = get(test, bs);
	b = get(test, other); /* another set */
	bset_put(bset_alloc(NULL, 1, 0, GFP_NOWAIT, bs)); /* cannot sleep */
	bset_put(a);
	bset_put(b);
	KUNIT_EXPECT_EQ(test, misuses(test, bs) + misuses(test, other), 0);
}

static void end_and_put(struct bio *bio)
{
	complete(bio->bi_private);
	bset_put(bio);
}

/* Seen by the tracepoint alone; or by the header alone, as behind blk-throttle. */
static void submit_two(struct kunit *test, struct bio_set *bs,
		       struct test_disk *disk, bool traced)
{
	struct completion *done = test_zalloc(test, sizeof(*done));
	struct bio *bio;
	int i;

	init_completion(done);
	for (i = 0; i < 2; i++) {
		bio = bset_alloc(disk->bdev, 1, REQ_OP_WRITE, GFP_NOIO, bs);
		__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
		bio->bi_private = done;
		bio->bi_end_io = end_and_put;
		if (traced) {
			(submit_bio)(bio); /* not the header's */
			continue;
		}
		bio_set_flag(bio, BIO_TRACE_COMPLETION);
		bset_submit_bio(bio);
	}
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_TRUE(test, test_within(done, TEST_LIMIT_MS));
}

/* A submitted bio is not held, whoever still has it. */
static void debug_submitted_is_not_held(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 4, PAD);
	struct test_disk *disk = test_disk(test, test_leaf, NULL);

	disk->delay_ms = 20;
	submit_two(test, bs, disk, true);
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 0);
	submit_two(test, bs, disk, false);
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 0);
}

static unsigned int doubts_logged(struct bio_set *bs)
{
	return test_logged(bset_of(bs)->name, "as far as is known, a bio");
}

static void hold_two(struct kunit *test, struct bio_set *bs)
{
	struct bio *bio = get(test, bs);

	bset_put(TEST_SPLAT("a bio is held", get(test, bs)));
	bset_put(bio);
}

/*
 * Only of a driver that submits by the header is it certain that it holds what
 * it did not submit.
 */
static void debug_doubt_is_said(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, test_leaf, NULL);
	struct bio_set *bs = test_tracked_set(test, 2, PAD);

	hold_two(test, bs);
	KUNIT_EXPECT_EQ(test, doubts_logged(bs), 1);
	submit_two(test, bs, disk, false);
	hold_two(test, bs);
	KUNIT_EXPECT_EQ(test, doubts_logged(bs), 1);
	submit_two(test, bs, disk, true);
	hold_two(test, bs);
	KUNIT_EXPECT_EQ(test, doubts_logged(bs), 2);
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 3);
}

struct in_irq {
	struct bio_set *bs;
	struct bio *bio;
};

static void get_in_irq(void *arg)
{
	struct in_irq *i = arg;

	i->bio = bset_alloc(NULL, 0, 0, GFP_NOWAIT, i->bs);
}

/* What an interrupt takes is not held by the task that it came upon. */
static void debug_interrupts_hold_nothing(struct kunit *test)
{
	struct in_irq *i = test_zalloc(test, sizeof(*i));
	struct test_later *l;
	unsigned long end = jiffies + msecs_to_jiffies(TEST_LIMIT_MS);

	i->bs = test_tracked_set(test, 2, PAD);
	test_stay_on_cpu();
	l = test_later(test, TEST_SOFTIRQ, 20, get_in_irq, i);
	/* If softirqs have their thread just then, that has to run. */
	while (!completion_done(&l->done) && time_before(jiffies, end))
		cond_resched();
	test_leave_cpu();
	KUNIT_ASSERT_TRUE(test, completion_done(&l->done));
	KUNIT_ASSERT_NOT_NULL(test, i->bio);
	bset_put(get(test, i->bs));
	KUNIT_EXPECT_EQ(test, misuses(test, i->bs), 0);
	bset_put(i->bio);
}

/* A driver that does it all the time does not flood the log. */
static void debug_reports_are_limited(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct bio *bio = get(test, bs);
	unsigned int i, n;

	bset_put(bio);
	test_splat_begin("double or foreign put");
	for (i = 0; i < ROUNDS; i++)
		bset_put(bio);
	test_splat_end();
	KUNIT_EXPECT_EQ(test, misuses(test, bs), ROUNDS);
	n = test_logged(bset_of(bs)->name, "double or foreign put");
	KUNIT_EXPECT_GE(test, n, 1);
	KUNIT_EXPECT_LE(test, n, 8);
}

/* catalogue 27: a double put is refused, and the set stays whole */
static void debug_double_put(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct bio *bio;
	int i;

	for (i = 0; i < 2; i++) {
		bio = get(test, bs);
		bset_put(bio);
		TEST_PUT_SPLAT("double or foreign put", bio, i);
		KUNIT_EXPECT_EQ(test, misuses(test, bs), i + 1);
	}
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).reserve, 2);
}

/* A bio that only says that it is of the set. */
static void debug_foreign_put(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct bio *bio = test_zalloc(test, sizeof(*bio));

	kernel_bio_init(bio, NULL, 0, 0);
	bio->bi_pool = &bset_of(bs)->home;
	TEST_PUT_SPLAT("double or foreign put", bio, false);
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

/* The pad of a freed bio is looked at when the bio leaves the quarantine. */
static void debug_late_write(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct bio *bio = get(test, bs);
	u8 *pad = (u8 *)bio - PAD;
	int i;

	bset_put(bio);
	pad[3] = 0x42;
	test_splat_begin("write into a freed front_pad");
	for (i = 0; i < ROUNDS; i++)
		bset_put(get(test, bs));
	test_splat_end();
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 1);
}

/* catalogue 17: the bit set by hand is reported when the bio is submitted */
static void debug_alloc_cache_bit(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	struct test_disk *disk = test_disk(test, test_leaf, NULL);
	DECLARE_COMPLETION_ONSTACK(done);
	struct bio *bio;

	if (!REQ_ALLOC_CACHE)
		return; /* 5.10 has no such bit */
	bio = bset_alloc(disk->bdev, 1, REQ_OP_WRITE, GFP_NOIO, bs);
	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	bio->bi_opf |= REQ_ALLOC_CACHE;
	/* Else the block layer removes the bit by itself. */
	test_disk_may_poll(disk->disk);
	bio->bi_private = &done;
	bio->bi_end_io = end_and_put;
	test_splat_begin("REQ_ALLOC_CACHE set by hand");
	submit_bio(bio);
	test_splat_end();
	KUNIT_ASSERT_TRUE(test, test_within(&done, TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 1);
}

struct many {
	struct bio_set *bs;
	struct bio *bios[MANY];
};

static void put_many(void *arg)
{
	struct many *many = arg;
	unsigned int i;

	for (i = 0; i < MANY && many->bios[i]; i++)
		bset_put(many->bios[i]);
	kvfree(many);
}

/* Another task's, since the test's own would hold them. */
static int take_many(void *arg)
{
	struct many *many = arg;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		many->bios[i] = bset_alloc(NULL, 0, 0, GFP_NOWAIT, many->bs);
		if (!many->bios[i])
			return -ENOMEM;
	}
	return 0;
}

static void many_bios_out(struct kunit *test, struct bio_set *bs)
{
	struct many *many = kvzalloc(sizeof(*many), GFP_KERNEL);
	struct test_worker *w;

	KUNIT_ASSERT_NOT_NULL(test, many);
	many->bs = bs;
	test_defer(test, put_many, many);
	w = test_worker(test, take_many, many);
	KUNIT_ASSERT_EQ(test, test_join(test, w), 0);
}

/* The shortest time of ten for a hundred allocations that may sleep. */
static s64 time_of_allocs(struct kunit *test, struct bio_set *bs)
{
	s64 best = S64_MAX;
	ktime_t start;
	int i, n;

	for (i = 0; i < 10; i++) {
		start = ktime_get();
		for (n = 0; n < 100; n++)
			bset_put(get(test, bs));
		best = min(best, ktime_to_ns(ktime_sub(ktime_get(), start)));
	}
	return best;
}

/* Who allocates does not pay for what others have. */
static void debug_many_out_cost_nothing(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	s64 few = time_of_allocs(test, bs), many;

	many_bios_out(test, bs);
	many = time_of_allocs(test, bs);
	kunit_info(test, "100 allocations: %lld ns, with %d bios out %lld ns\n",
		   few, MANY, many);
	KUNIT_EXPECT_LT(test, many, 5 * few);
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 0);
}

/* Ticks on each CPU, to see for how long none comes. */
struct ticker {
	struct hrtimer timer;
	ktime_t last;
	s64 longest;
};

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, timer);
	ktime_t now = ktime_get();

	t->longest = max(t->longest, ktime_us_delta(now, t->last));
	t->last = now;
	hrtimer_forward_now(timer, ns_to_ktime(TICK_NS));
	return HRTIMER_RESTART;
}

static void start_ticker(void *arg)
{
	struct ticker *t = (struct ticker *)arg + raw_smp_processor_id();

	t->longest = 0;
	t->last = ktime_get();
	hrtimer_start(&t->timer, ns_to_ktime(TICK_NS),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static s64 stop_tickers(struct ticker *t)
{
	s64 longest = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		hrtimer_cancel(&t[cpu].timer);
		longest = max(longest, t[cpu].longest);
	}
	return longest;
}

static struct ticker *new_tickers(struct kunit *test)
{
	struct ticker *t = test_zalloc(test, nr_cpu_ids * sizeof(*t));
	int cpu;

	for_each_online_cpu(cpu)
		test_hrtimer_init(&t[cpu].timer, tick,
				  HRTIMER_MODE_REL_PINNED_HARD);
	return t;
}

/* Whether all bios were listed; for how long interrupts were off, and it took. */
static bool list_many(struct kunit *test, const char *command, s64 *off,
		      s64 *took)
{
	struct ticker *t = new_tickers(test);
	ktime_t start = ktime_get();
	int ret;

	on_each_cpu(start_ticker, t, 1);
	ret = test_shell("%s", command);
	*took = ktime_us_delta(ktime_get(), start);
	*off = stop_tickers(t);
	return !ret;
}

/*
 * Listing many bios keeps interrupts off for a few at a time only.  Other
 * programs on the machine may do so too, so the best of some attempts counts.
 */
static void debug_many_out_are_listed(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	char command[160];
	s64 off, took;
	int i;

	test_need_shell(test);
	snprintf(command, sizeof(command),
		 "[ $(grep -c ' held bset_test/' /sys/kernel/debug/bioset/%s/in_flight) = %d ]",
		 bset_of(bs)->name, MANY);
	many_bios_out(test, bs);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, list_many(test, command, &off, &took));
		kunit_info(test,
			   "%d bios listed in %lld us, %lld us without interrupts\n",
			   MANY, took, off);
		if (off < 30000 || 8 * off < took)
			return;
	}
	KUNIT_FAIL(test, "interrupts were off for too long");
}

/*
 * Bad input to a parameter: an error, and nothing changes.  (The knobs in
 * debugfs cannot be read and written from here; the guest's script does.)
 */
static void debug_bad_parameters(struct kunit *test)
{
	static const struct {
		const char *path;
		const char *bad[3];
		unsigned int usual;
	} params[] = {
		{ STALL_SECS, { "86401", "-1", "soon" }, 10 },
		{ CACHE_KB, { "4294967295", "-1", "x" }, 1024 },
	};
	unsigned int i, n;

	test_needs(test, STALL_SECS);
	for (i = 0; i < ARRAY_SIZE(params); i++) {
		for (n = 0; n < ARRAY_SIZE(params[i].bad); n++)
			KUNIT_EXPECT_LT(test,
					test_write_file(params[i].path,
							params[i].bad[n]),
					0);
		KUNIT_EXPECT_EQ(test, test_read_number(params[i].path),
				params[i].usual);
	}
}

static struct test_worker *begin_wait(struct kunit *test, struct bio_set *bs,
				      struct bio **held)
{
	*held = test_bio(test, 0, bs);
	return test_worker(test, test_alloc_and_put, bs);
}

/* A wait is reported after a second, after two, after four, and no more often. */
static void debug_stall_report(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct bioset_stats s;
	struct test_worker *w;
	struct bio *bio;

	test_stall_secs(test, "1");
	w = begin_wait(test, bs, &bio);
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, 7 * TEST_SHORT_SECOND_MS));
	KUNIT_EXPECT_TRUE(test, test_stalled(test, bs));
	bset_put(bio);
	test_join(test, w);
	s = test_stats(test, bs);
	KUNIT_EXPECT_LE(test, 1 << (s.stalls - 1),
			1 + s.longest_wait_ms / TEST_SHORT_SECOND_MS);
}

/* 0 switches the report off. */
static void debug_no_stall_report(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_worker *w;
	struct bio *bio;

	test_stall_secs(test, "0");
	w = begin_wait(test, bs, &bio);
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, 3 * TEST_SHORT_SECOND_MS));
	bset_put(bio);
	test_join(test, w);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).stalls, 0);
}

/* Once the report is there, there is memory again. */
static void expect_cause(struct kunit *test, struct bio_set *bs,
			 struct test_worker *w, const char *cause)
{
	KUNIT_EXPECT_TRUE(test, test_stalled(test, bs));
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, 0));
	KUNIT_EXPECT_GT(test, test_logged("likely cause: ", "%s", cause), 0);
	bset_starve(bs, 0);
}

/* Two that want all of a reserve of three, each with one of it. */
struct rivals {
	struct bio_set *bs;
	atomic_t missing;
	struct completion all_have_one;
};

static int take_one_then_more(void *arg)
{
	struct rivals *r = arg;
	struct bio *bios[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bios); i++) {
		bios[i] = bset_alloc(NULL, 0, 0, GFP_NOIO, r->bs);
		if (!i && atomic_dec_and_test(&r->missing))
			complete_all(&r->all_have_one);
		if (!test_within(&r->all_have_one, TEST_LIMIT_MS))
			return -ETIMEDOUT;
	}
	for (i = 0; i < ARRAY_SIZE(bios); i++)
		bset_put(bios[i]);
	return 0;
}

static struct rivals *start_rivals(struct kunit *test, struct test_worker **w)
{
	struct rivals *r = test_zalloc(test, sizeof(*r));
	int i;

	init_completion(&r->all_have_one);
	atomic_set(&r->missing, 2);
	r->bs = test_tracked_set(test, 3, PAD);
	KUNIT_ASSERT_EQ(test, bset_starve(r->bs, 1), 0);
	for (i = 0; i < 2; i++)
		w[i] = test_worker(test, take_one_then_more, r);
	return r;
}

/* Of three bios one task has one and the other two; either may report first. */
static unsigned int held_causes_logged(void)
{
	static const char said[] =
		"likely cause: as far as is known, the waiting task";

	return test_logged(said, " itself holds 1 unsubmitted bio(s)") +
	       test_logged(said, " itself holds 2 unsubmitted bio(s)");
}

/*
 * catalogue 9: without memory they wait for each other for good, as the contract
 * says; but each is reported, and the log says what is waited for.
 */
static void debug_greedy_tasks_starved(struct kunit *test)
{
	const unsigned int causes = held_causes_logged();
	struct test_worker *w[2];
	struct rivals *r;
	int i;

	test_stall_secs(test, "1");
	test_splat_begin("a bio is held");
	r = start_rivals(test, w);
	KUNIT_EXPECT_TRUE(test, test_stalled(test, r->bs));
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(test, test_worker_done(w[i], 0));
	KUNIT_EXPECT_GT(test, held_causes_logged(), causes);
	bset_starve(r->bs, 0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, test_join(test, w[i]), 0);
	test_splat_end();
	/* The second and the third bio of each. */
	KUNIT_EXPECT_EQ(test, misuses(test, r->bs), 4);
}

/* Neither the header nor the tracepoint sees it: its submission was traced before. */
static void submit_unseen(struct test_disk *disk, struct bio *parent)
{
	struct test_disk *lower = ((void **)disk->priv)[0];
	struct bio_set *bs = ((void **)disk->priv)[1];
	struct bio *bio =
		bset_alloc(lower->bdev, 0, REQ_OP_WRITE, GFP_NOIO, bs);

	bio->bi_end_io = bset_put;
	bio_set_flag(bio, BIO_TRACE_COMPLETION);
	(submit_bio_noacct)(bio);
	bset_put(bset_alloc(NULL, 0, 0, GFP_NOIO, bs));
	bio_endio(parent);
}

/* What waits on the task's own list until the submit function returns is not held. */
static void debug_own_list_is_not_held(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 2, PAD);
	static void *way[2];
	struct test_io *io;

	way[0] = test_disk(test, NULL, NULL);
	way[1] = bs;
	io = test_io(test, test_disk(test, submit_unseen, way));
	test_join(test, io->worker);
	KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, misuses(test, bs), 0);
}

static void sleeping_leaf(struct test_disk *disk, struct bio *bio)
{
	wait_for_completion(disk->priv);
	test_leaf(disk, bio);
}

static void wake_leaf(void *go)
{
	complete_all(go);
}

/* The task goes on to sleep in the lower disk when it has its bios. */
static void stall_below(struct kunit *test, int flags, const char *cause)
{
	struct completion *go = test_zalloc(test, sizeof(*go));
	struct bio_set *bs = test_starved_set(test, 2, flags);
	struct test_splitter *s =
		test_splitter(test, bs, test_disk(test, sleeping_leaf, go), 3);
	struct test_io *io;

	init_completion(go);
	/* As if the kernel had punted some for allocations of its own. */
	atomic64_add(3, &bset_of(bs)->rescued);
	io = test_io(test, s->disk);
	test_defer(test, wake_leaf, go);
	expect_cause(test, bs, io->worker, cause);
	wake_leaf(go);
	test_join(test, io->worker);
}

/* From the certain to the likely. */
static void debug_stall_causes(struct kunit *test)
{
	test_stall_secs(test, "1");
	stall_below(test, BSET_NO_RESCUER,
		    "2 bio(s) of this set wait on the task's own bio_list");
	stall_below(test, 0, "the rescuer has yet to submit 1 bio(s)");
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE(debug_two_held_bios),
	KUNIT_CASE(debug_starved_is_tracked),
	KUNIT_CASE(debug_no_false_alarm),
	KUNIT_CASE(debug_submitted_is_not_held),
	KUNIT_CASE(debug_own_list_is_not_held),
	KUNIT_CASE(debug_doubt_is_said),
	KUNIT_CASE(debug_interrupts_hold_nothing),
	KUNIT_CASE(debug_reports_are_limited),
	KUNIT_CASE(debug_double_put),
	KUNIT_CASE(debug_foreign_put),
	KUNIT_CASE(debug_late_write),
	KUNIT_CASE(debug_alloc_cache_bit),
	KUNIT_CASE(debug_many_out_cost_nothing),
	KUNIT_CASE(debug_many_out_are_listed),
	KUNIT_CASE(debug_bad_parameters),
	KUNIT_CASE(debug_stall_report),
	KUNIT_CASE(debug_greedy_tasks_starved),
	KUNIT_CASE(debug_stall_causes),
	KUNIT_CASE(debug_no_stall_report),
	{},
};

struct kunit_suite bset_debug_suite = {
	.name = "debug",
	.test_cases = debug_cases,
};
