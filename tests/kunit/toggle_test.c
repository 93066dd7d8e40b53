// SPDX-License-Identifier: GPL-2.0
/*
 * Tracking that begins and ends while bios are taken and submitted
 *
 * What must not happen lies between two instructions.  In the first case something
 * else has the lock that attaching the probe needs, in the second one an interrupt
 * comes at each moment of an allocation.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

#define ROUNDS 256

/*
 * A tracepoint that never gets its first probe.  Until it is refused, no other
 * probe can be attached either.
 */
static DECLARE_COMPLETION(at_gate);
static DECLARE_COMPLETION(gate_open);

static int wait_at_gate(void)
{
	complete(&at_gate);
	wait_for_completion_timeout(&gate_open,
				    msecs_to_jiffies(4 * TEST_LIMIT_MS));
	return -EPERM;
}

TEST_TRACEPOINT(gate, wait_at_gate);

static int keep_gate_shut(void *unused)
{
	return tracepoint_probe_register(&gate, wait_at_gate, NULL);
}

static int begin_tracking(void *bs)
{
	return bset_track(bs, true);
}

/* A worker that tries to, but cannot yet. */
static struct test_worker *begin_behind_gate(struct kunit *test,
					     struct bio_set *bs)
{
	struct test_worker *w;

	reinit_completion(&at_gate);
	reinit_completion(&gate_open);
	test_worker(test, keep_gate_shut, NULL);
	KUNIT_ASSERT_TRUE(test, test_within(&at_gate, TEST_LIMIT_MS));
	w = test_worker(test, begin_tracking, bs);
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, TEST_QUIET_MS));
	return w;
}

/* As a driver without bioset.h does, so that only the tracepoint tells. */
static void submit_unnoted(struct bio_set *bs, struct test_disk *disk)
{
	struct bio *bio = bset_alloc(disk->bdev, 1, REQ_OP_WRITE, GFP_NOIO, bs);

	__bio_add_page(bio, ZERO_PAGE(0), PAGE_SIZE, 0);
	bio->bi_end_io = bset_put;
	(submit_bio)(bio);
}

/* A bio that is submitted while tracking begins does not look held later on. */
static void toggle_begins_when_it_sees(struct kunit *test)
{
	struct test_disk *disk = test_disk(test, test_leaf, NULL);
	struct bio_set *bs = test_set(test, 4, 0, BIOSET_NEED_BVECS);
	struct test_worker *w;

	if (!TEST_TRACEPOINTS) {
		kunit_skip(test, "no tracepoints");
		return;
	}
	test_starved_set(test, 1, 0); /* all sets go the slow way already */
	w = begin_behind_gate(test, bs);
	disk->hold = true;
	submit_unnoted(bs, disk);
	complete(&gate_open);
	KUNIT_ASSERT_EQ(test, test_join(test, w), 0);
	bset_put(bset_alloc(NULL, 0, 0, GFP_NOIO, bs));
	test_disk_release(disk);
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).misuses, 0);
}

/* Two tasks and a timer, all on one CPU */
struct toggling {
	struct bio_set *bs;
	struct hrtimer timer;
	struct completion now;
	struct completion off;
	bool end;
};

static enum hrtimer_restart now(struct hrtimer *timer)
{
	complete(&container_of(timer, struct toggling, timer)->now);
	return HRTIMER_NORESTART;
}

/* Gets the CPU at once. */
static int switch_off(void *arg)
{
	struct toggling *t = arg;

	sched_set_fifo(current);
	for (;;) {
		wait_for_completion(&t->now);
		if (t->end)
			return 0;
		bset_track(t->bs, false);
		complete(&t->off);
	}
}

/* Takes a bio while tracking ends; what has a record later on is a ghost. */
static void take_while_switched(struct toggling *t, s64 ns)
{
	struct bio *bio;

	hrtimer_start(&t->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_PINNED);
	bio = bset_alloc(NULL, 0, 0, GFP_NOIO, t->bs);
	wait_for_completion(&t->off);
	bset_put(bio);
	bset_track(t->bs, true);
	bset_put(bset_alloc(NULL, 0, 0, GFP_NOIO, t->bs));
}

static s64 time_of_alloc(struct bio_set *bs)
{
	ktime_t start = ktime_get();
	struct bio *bio = bset_alloc(NULL, 0, 0, GFP_NOIO, bs);
	s64 ns = ktime_to_ns(ktime_sub(ktime_get(), start));

	bset_put(bio);
	return ns;
}

/* The interrupt comes after nothing up to twice the time of an allocation. */
static int take_in_rounds(void *arg)
{
	struct toggling *t = arg;
	s64 ns = S64_MAX;
	int i;

	for (i = 0; i < 16; i++)
		ns = min(ns, time_of_alloc(t->bs));
	for (i = 0; i < ROUNDS; i++)
		take_while_switched(t, 2 * ns * i / ROUNDS);
	t->end = true;
	complete(&t->now);
	return 0;
}

/* No bio gets a record once all records were forgotten. */
static void toggle_leaves_no_ghosts(struct kunit *test)
{
	struct toggling *t = test_zalloc(test, sizeof(*t));
	int cpu = cpumask_first(cpu_online_mask);
	struct test_worker *off, *taker;

	test_tracked_set(test, 4,
			 0); /* the probe stays, and switching is quick */
	t->bs = test_tracked_set(test, 4, 0);
	init_completion(&t->now);
	init_completion(&t->off);
	test_hrtimer_init(&t->timer, now, HRTIMER_MODE_REL_PINNED);
	off = test_worker_on(test, cpu, switch_off, t);
	taker = test_worker_on(test, cpu, take_in_rounds, t);
	KUNIT_EXPECT_TRUE(test, test_worker_done(taker, 4 * TEST_LIMIT_MS));
	test_join(test, off);
	KUNIT_EXPECT_EQ(test, test_stats(test, t->bs).misuses, 0);
}

/* Off again: what is out comes back as if nothing had been. */
static void toggle_off_with_bios_out(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 4, 0);
	struct bio *a = bset_alloc(NULL, 0, 0, GFP_NOIO, bs), *b;

	KUNIT_EXPECT_EQ(test, bset_track(bs, false), 0);
	b = bset_alloc(NULL, 0, 0, GFP_NOIO, bs);
	KUNIT_EXPECT_EQ(test, bset_track(bs, true), 0);
	bset_put(b); /* no record, and not to be blamed for it */
	bset_put(a);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).misuses, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).in_flight, 0);
}

static struct kunit_case toggle_cases[] = {
	KUNIT_CASE(toggle_off_with_bios_out),
	KUNIT_CASE(toggle_begins_when_it_sees),
	KUNIT_CASE(toggle_leaves_no_ghosts),
	{},
};

struct kunit_suite bset_toggle_suite = {
	.name = "toggle",
	.test_cases = toggle_cases,
};
