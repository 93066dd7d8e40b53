// SPDX-License-Identifier: GPL-2.0
/*
 * The rescuer: several allocations of one set under one submit_bio()
 *
 * The disks here do what a driver may do: allocate from their set in
 * ->submit_bio(), submit to the disk below, allocate again.  With a starved set
 * and a reserve of one the second allocation can only succeed if somebody
 * submits what waits on current->bio_list.
 */
#include <linux/cpumask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "testdisk.h"
#include "testlib.h"

#define MAX_PIECES 8

static void expect_completed(struct kunit *test, struct test_io *io)
{
	KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
	TEST_EXPECT_SAME(test, io->status, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->ends), 1);
}

/* Each sector once, in order. */
static void expect_order(struct kunit *test, struct test_disk *disk,
			 unsigned int first, unsigned int n)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, disk->nr_seen, n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, disk->seen[i], first + i);
}

/* The rescuer counts a bio before it submits it, so no race here. */
static void expect_rescued(struct kunit *test, struct bio_set *bs, u64 n)
{
	struct bioset_stats st = test_stats(test, bs);

	KUNIT_EXPECT_EQ(test, st.punted, n);
	KUNIT_EXPECT_EQ(test, st.rescued, n);
	KUNIT_EXPECT_EQ(test, st.waits, n);
}

static void expect_handed_over(struct kunit *test, struct bio_set *bs, u64 n)
{
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, bs).in_flight, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).punted, n);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).rescued, n);
}

struct pieces_case {
	unsigned int pieces;
	int flags; /* whatever an old driver gives or leaves out */
	unsigned int delay_ms;
	bool fed; /* with memory for all, nothing is handed over */
};

static const struct pieces_case pieces_cases[] = {
	{ 2 },
	{ 2, BIOSET_NEED_BVECS },
	{ 2, BIOSET_NEED_RESCUER },
	{ 2, BIOSET_PERCPU_CACHE },
	{ MAX_PIECES },
	{ MAX_PIECES, 0, 5 },
	{ MAX_PIECES, 0, 0, true },
};

static void pieces_desc(const struct pieces_case *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u, flags %#x, after %u ms%s",
		 p->pieces, p->flags, p->delay_ms, p->fed ? ", fed" : "");
}

KUNIT_ARRAY_PARAM(pieces, pieces_cases, pieces_desc);

/*
 * catalogue 1, 5, 28: all but the last one are handed over, and end before the
 * loop does.
 */
static void rescue_pieces(struct kunit *test)
{
	const struct pieces_case *p = test_param(test);
	struct bio_set *bs = test_starved_set(test, 1, p->flags);
	struct test_splitter *s = test_splitter(test, bs, NULL, p->pieces);
	const unsigned int early = p->fed ? 0 : p->pieces - 1;

	bset_starve(bs, !p->fed);
	s->lower->delay_ms = p->delay_ms;
	expect_completed(test, test_io(test, s->disk));
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	KUNIT_EXPECT_GE(test, s->ended_early, early);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), p->pieces);
	expect_order(test, s->lower, 0, p->pieces);
	expect_rescued(test, bs, early);
}

static const int by_both[] = { false, true };

TEST_INT_PARAM(by_both, by_both);

/*
 * The block layer splits on its own: an allocation of the kernel's from our
 * set is rescued too, and so is ours from behind one.
 */
static void rescue_kernel_split(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_splitter *s = test_splitter(test, bs, NULL, MAX_PIECES - 1);

	test_need_asking_kernel(test);
	s->by_kernel = true;
	s->by_both = test_int(test);
	expect_completed(test, test_io(test, s->disk));
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	expect_order(test, s->lower, 0, MAX_PIECES - 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).rescued, MAX_PIECES - 2);
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, bs).in_flight, 0);
}

/* Two starved levels, each with a set of its own. */
static void rescue_stacked_disks(struct kunit *test)
{
	struct bio_set *upper_bs = test_starved_set(test, 1, 0);
	struct bio_set *lower_bs = test_starved_set(test, 1, 0);
	struct test_splitter *low = test_splitter(test, lower_bs, NULL, 1);
	struct test_splitter *high =
		test_splitter(test, upper_bs, low->disk, MAX_PIECES);
	struct test_io *io[4];
	int i;

	low->lower->delay_ms = 1;
	for (i = 0; i < ARRAY_SIZE(io); i++)
		io[i] = test_io(test, high->disk);
	for (i = 0; i < ARRAY_SIZE(io); i++)
		expect_completed(test, io[i]);
	KUNIT_EXPECT_EQ(test, low->lower->nr_seen, 4 * MAX_PIECES);
	KUNIT_EXPECT_EQ(test, low->failed + high->failed, 0);
	KUNIT_EXPECT_GE(test, test_stats(test, upper_bs).rescued, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, upper_bs).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, lower_bs).reserve, 1);
}

/*
 * Two disks with two sets: the pieces of a bio come from them in turn, and each
 * begins with another one.  The two tasks wait for each other after the first
 * piece, so that each has a bio on its list that the other needs.
 */
static atomic_t met;

static void meet(struct test_splitter *s, unsigned int i)
{
	if (i != 1)
		return;
	atomic_inc(&met);
	if (!TEST_UNTIL(atomic_read(&met) >= 2))
		s->failed++;
}

static void rescue_two_sets_in_changing_order(struct kunit *test)
{
	struct test_disk *lower = test_disk(test, NULL, NULL);
	struct bio_set *bs[] = { test_starved_set(test, 1, 0),
				 test_starved_set(test, 1, 0) };
	struct test_splitter *s[2];
	struct test_io *io[2];
	int i;

	atomic_set(&met, 0);
	lower->delay_ms = 1;
	for (i = 0; i < 2; i++) {
		s[i] = test_splitter(test, bs[i], lower, MAX_PIECES);
		s[i]->other = bs[!i];
		s[i]->before = meet;
	}
	for (i = 0; i < 2; i++)
		io[i] = test_io(test, s[i]->disk);
	for (i = 0; i < 2; i++)
		expect_completed(test, io[i]);
	KUNIT_EXPECT_EQ(test, s[0]->failed + s[1]->failed, 0);
	KUNIT_EXPECT_EQ(test, lower->nr_seen, 2 * MAX_PIECES);
	for (i = 0; i < 2; i++) {
		expect_handed_over(test, bs[i], test_stats(test, bs[i]).punted);
		KUNIT_EXPECT_GE(test, test_stats(test, bs[i]).punted, 1);
		KUNIT_EXPECT_EQ(test, test_stats(test, bs[i]).reserve, 1);
	}
}

/*
 * catalogue 2: a submit method with bios of several sets on its list: its own
 * set, another one with a rescuer, one without, and one of the kernel's
 */
struct mixed {
	struct bio_set *sets[9]; /* of the bios for the sectors from 1 on */
	bool looks; /* at its lists, when all are sent down */
	struct test_disk *lower;
	unsigned int nr_left;
	sector_t left[MAX_PIECES];
	bool own_left;
};

static void put_end(struct bio *bio)
{
	bio_put(bio);
}

static void send_down(struct test_disk *lower, struct bio_set *bs, sector_t nr)
{
	struct bio *bio =
		bio_alloc_bioset(lower->bdev, 0, REQ_OP_WRITE, GFP_NOIO, bs);

	if (!bio)
		return;
	bio->bi_iter.bi_sector = nr;
	bio->bi_end_io = put_end;
	submit_bio_noacct(bio);
}

/* Takes one more, and looks at what is left on the task's lists then. */
static void look_at_lists(struct mixed *m, struct bio_set *bs)
{
	struct bio *last = bio_alloc_bioset(GFP_NOIO, 0, bs), *bio;
	int i;

	for (i = 0; i < 2; i++) {
		bio_list_for_each(bio, &current->bio_list[i]) {
			m->own_left |= TEST_IS_OF(bio, bs);
			if (m->nr_left < MAX_PIECES)
				m->left[m->nr_left++] = bio->bi_iter.bi_sector;
		}
	}
	if (last)
		bio_put(last);
}

static void mixed_submit(struct test_disk *disk, struct bio *parent)
{
	struct mixed *m = disk->priv;
	sector_t nr;

	for (nr = 1; nr < ARRAY_SIZE(m->sets) && m->sets[nr]; nr++)
		send_down(m->lower, m->sets[nr], nr);
	if (m->looks)
		look_at_lists(m, m->sets[2]);
	bio_endio(parent);
}

/*
 * The order is sure only among those that one rescuer submits and among those
 * that the task does: they run beside each other.
 */
static void expect_among(struct kunit *test, const struct test_disk *lower,
			 const sector_t *order, unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < lower->nr_seen; i++)
		if (found < nr && lower->seen[i] == order[found])
			found++;
	KUNIT_EXPECT_EQ(test, found, nr);
}

static void run_mixed(struct kunit *test, struct mixed *m)
{
	struct test_io *io = test_io(test, test_disk(test, mixed_submit, m));

	expect_completed(test, io);
	test_join(test, io->worker);
}

/*
 * Each bio goes to its own set's rescuer, or stays if there is none.  The reserve
 * is 2, so the last allocation finds it empty.
 */
static void rescue_leaves_foreign_bios(struct kunit *test)
{
	static const sector_t own[] = { 2, 6 }, others[] = { 4, 7 },
			      staying[] = { 1, 3, 5, 8 };
	struct bio_set *bs = test_starved_set(test, 2, 0);
	struct bio_set *other = test_set(test, 1, 0, 0);
	struct bio_set *none = test_set(test, 1, 0, BSET_NO_RESCUER);
	struct mixed *m = test_zalloc(test, sizeof(*m));
	int i;

	*m = (struct mixed){
		{ NULL, &fs_bio_set, bs, none, other, &fs_bio_set, bs, other,
		  none },
		true,
		test_disk(test, NULL, NULL),
	};
	run_mixed(test, m);
	expect_handed_over(test, bs, 2);
	expect_handed_over(test, other, 2);
	expect_handed_over(test, none, 0);
	KUNIT_EXPECT_FALSE(test, m->own_left);
	KUNIT_ASSERT_EQ(test, m->nr_left, ARRAY_SIZE(staying));
	for (i = 0; i < ARRAY_SIZE(staying); i++)
		KUNIT_EXPECT_EQ(test, m->left[i], staying[i]);
	KUNIT_ASSERT_EQ(test, m->lower->nr_seen, 8);
	expect_among(test, m->lower, own, ARRAY_SIZE(own));
	expect_among(test, m->lower, others, ARRAY_SIZE(others));
	expect_among(test, m->lower, staying, ARRAY_SIZE(staying));
}

/* What waits for a set without a rescuer lets go of other sets' bios, too. */
static void rescue_while_waiting_for_other_set(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 2, 0);
	struct bio_set *none = test_starved_set(test, 1, BSET_NO_RESCUER);
	struct mixed *m = test_zalloc(test, sizeof(*m));
	struct bio *held = test_bio(test, 0, none);
	struct test_io *io;

	*m = (struct mixed){ { NULL, bs, none },
			     false,
			     test_disk(test, NULL, NULL) };
	io = test_io(test, test_disk(test, mixed_submit, m));
	TEST_UNTIL(test_stats(test, bs).puts);
	expect_handed_over(test, bs, 1);
	KUNIT_EXPECT_FALSE(test, test_io_done(io, TEST_QUIET_MS));
	KUNIT_EXPECT_EQ(test, m->lower->nr_seen, 1);
	bio_put(held);
	expect_completed(test, io);
	/* The second goes down only when the submit function has returned. */
	test_join(test, io->worker);
	expect_order(test, m->lower, 1, 2);
}

/*
 * catalogue 3: the bios that an earlier ->submit_bio() left are on list [1]
 * while the lower disk's runs.  It handles sector 1 with an allocation, and
 * writes down the rest.
 */
static void allocating_leaf(struct test_disk *disk, struct bio *bio)
{
	if (bio->bi_iter.bi_sector != 1) {
		test_leaf(disk, bio);
		return;
	}
	look_at_lists(disk->priv, bio->bi_pool);
	bio_endio(bio);
}

static void rescue_second_list(struct kunit *test)
{
	static const sector_t own[] = { 2, 4, 5, 6 };
	struct bio_set *bs = test_starved_set(test, 5, 0);
	struct mixed *m = test_zalloc(test, sizeof(*m));

	*m = (struct mixed){ { NULL, bs, bs, &fs_bio_set, bs, bs, bs },
			     false,
			     test_disk(test, allocating_leaf, m) };
	run_mixed(test, m);
	expect_handed_over(test, bs, 4);
	KUNIT_EXPECT_FALSE(test, m->own_left);
	KUNIT_EXPECT_EQ(test, m->nr_left, 1);
	KUNIT_EXPECT_EQ(test, m->left[0], 3);
	KUNIT_ASSERT_EQ(test, m->lower->nr_seen, ARRAY_SIZE(own) + 1);
	KUNIT_EXPECT_EQ(test, m->lower->seen[0], own[0]);
	expect_among(test, m->lower, own, ARRAY_SIZE(own));
}

/*
 * catalogue 4: no worker of the system is free and none can be made, so that
 * nothing but a thread of its own helps the rescuer.  The limit on threads comes
 * first; what workers there are then take one of the blockers each.
 */
#define THREADS_MAX "/proc/sys/kernel/threads-max"
#define BLOCKERS 64 /* on each queue; more than workers that idle there */

static struct scarcity {
	char threads_max[16];
	unsigned int nr;
	struct work_struct *work;
} scarcity;

static DECLARE_COMPLETION(workers_go);

static void block_work(struct work_struct *work)
{
	wait_for_completion(&workers_go);
}

static void block_workers(struct test_splitter *s, unsigned int piece)
{
	unsigned int cpu, i, n = 0;

	if (piece)
		return;
	if (test_write_file(THREADS_MAX, "1"))
		s->failed++;
	for (i = 0; i < BLOCKERS; i++) {
		queue_work(system_unbound_wq, &scarcity.work[n++]);
		for_each_online_cpu(cpu)
			queue_work_on(cpu, system_wq, &scarcity.work[n++]);
	}
}

static void unblock_workers(void)
{
	unsigned int i;

	complete_all(&workers_go);
	test_write_file(THREADS_MAX, scarcity.threads_max);
	for (i = 0; i < scarcity.nr; i++)
		flush_work(&scarcity.work[i]);
	kvfree(scarcity.work);
}

static void prepare_scarcity(struct kunit *test)
{
	unsigned int i;

	test_needs(test, THREADS_MAX);
	snprintf(scarcity.threads_max, sizeof(scarcity.threads_max), "%ld",
		 test_read_number(THREADS_MAX));
	reinit_completion(&workers_go);
	scarcity.nr = BLOCKERS * (1 + num_online_cpus());
	scarcity.work =
		kvcalloc(scarcity.nr, sizeof(*scarcity.work), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scarcity.work);
	for (i = 0; i < scarcity.nr; i++)
		INIT_WORK(&scarcity.work[i], block_work);
}

static void rescue_without_workers(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_splitter *s = test_splitter(test, bs, NULL, MAX_PIECES);
	bool done;

	prepare_scarcity(test);
	s->before = block_workers;
	done = test_io_done(test_io(test, s->disk), TEST_LIMIT_MS);
	unblock_workers();
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	if (done)
		expect_rescued(test, bs, MAX_PIECES - 1);
}

/*
 * A real-time task keeps a CPU busy, and another one of a higher priority waits
 * there for its own bios.  The rescue has to run elsewhere.
 */
#define REALTIME_LIMIT "/proc/sys/kernel/sched_rt_runtime_us"

static struct realtime {
	struct completion writer_ready;
	struct completion spinning;
	unsigned long end;
	bool stop;
} realtime;

static int realtime_spin(void *unused)
{
	sched_set_fifo_low(current);
	complete_all(&realtime.spinning);
	while (!READ_ONCE(realtime.stop) &&
	       time_before(jiffies, realtime.end)) {
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static void become_realtime(struct test_splitter *s, unsigned int piece)
{
	if (piece)
		return;
	sched_set_fifo(current);
	complete_all(&realtime.writer_ready);
	test_within(&realtime.spinning, TEST_LIMIT_MS);
}

static void realtime_limit(void *arg)
{
	test_write_file(REALTIME_LIMIT, arg);
}

static void leave_cpu(void *arg)
{
	test_leave_cpu();
}

/* The first CPU is the test's own, and nobody is let in on the last one. */
static void give_away_last_cpu(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	test_defer(test, leave_cpu, NULL);
	set_cpus_allowed_ptr(current,
			     cpumask_of(cpumask_first(cpu_online_mask)));
	test_defer(test, realtime_limit, "950000");
	KUNIT_ASSERT_EQ(test, test_write_file(REALTIME_LIMIT, "-1"), 0);
	init_completion(&realtime.writer_ready);
	init_completion(&realtime.spinning);
	realtime.end = jiffies + msecs_to_jiffies(2 * TEST_LIMIT_MS);
	realtime.stop = false;
}

static void rescue_beside_realtime_task(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_splitter *s = test_splitter(test, bs, NULL, MAX_PIECES);
	const int cpu = cpumask_last(cpu_online_mask);
	struct test_io *io;
	bool done;

	give_away_last_cpu(test);
	s->before = become_realtime;
	io = test_io_on(test, s->disk, cpu);
	KUNIT_ASSERT_TRUE(test,
			  test_within(&realtime.writer_ready, TEST_LIMIT_MS));
	test_worker_on(test, cpu, realtime_spin, NULL);
	done = test_io_done(io, TEST_LIMIT_MS);
	WRITE_ONCE(realtime.stop, true);
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	if (done)
		expect_rescued(test, bs, MAX_PIECES - 1);
}

/*
 * A rescuer is a kthread that is named after the workqueue, since 6.6 with a
 * word before it.
 */
static bool is_rescuer(const struct task_struct *p)
{
	const char *name = p->comm;

	if (!strncmp(name, "kworker/R-", 10))
		name += 10;
	return !strncmp(name, "bset/", 5);
}

/* One that was stopped may still be in the list, on its way out. */
static unsigned int count_rescuers(void)
{
	struct task_struct *p;
	unsigned int n = 0;
	bool exiting;

	rcu_read_lock();
	for_each_process(p) {
		/* A thread that begins to exit now may count or not. */
		exiting = data_race(p->flags) & PF_EXITING;
		n += is_rescuer(p) && !exiting;
	}
	rcu_read_unlock();
	return n;
}

#define MANY_SETS 20

/* catalogue 6: one thread a set, none for a set that opted out */
static void rescue_thread_count(struct kunit *test)
{
	static const int flags[] = { 0, BSET_NO_RESCUER };
	const unsigned int before = count_rescuers();
	struct bio_set *bs = test_zalloc(test, MANY_SETS * sizeof(*bs));
	int i, n;

	for (n = 0; n < ARRAY_SIZE(flags); n++) {
		for (i = 0; i < MANY_SETS; i++)
			KUNIT_EXPECT_EQ(test,
					bioset_init(&bs[i], 1, 0, flags[n]), 0);
		KUNIT_EXPECT_EQ(test, count_rescuers() - before,
				flags[n] ? 0 : MANY_SETS);
		for (i = 0; i < MANY_SETS; i++)
			bioset_exit(&bs[i]);
		KUNIT_EXPECT_EQ(test, count_rescuers(), before);
	}
}

/*
 * The tests above mean something only if the same without a rescuer hangs.  It
 * does until the set gets memory again.
 */
static void rescue_opted_out_hangs(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BSET_NO_RESCUER);
	struct test_splitter *s = test_splitter(test, bs, NULL, 2);
	struct test_io *io;

	/* For as long as several time-outs of the wait */
	test_second_ms(test, TEST_QUIET_MS / 4);
	io = test_io(test, s->disk);
	TEST_UNTIL(test_stats(test, bs).waiting);
	KUNIT_EXPECT_FALSE(test, test_io_done(io, 2 * TEST_QUIET_MS));
	KUNIT_EXPECT_EQ(test, s->lower->nr_seen, 0);
	bset_starve(bs, 0);
	expect_completed(test, io);
	expect_order(test, s->lower, 0, 2);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).punted, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 1);
}

static struct kunit_case rescue_cases[] = {
	KUNIT_CASE_PARAM(rescue_pieces, pieces_gen_params),
	KUNIT_CASE_PARAM(rescue_kernel_split, by_both_gen_params),
	KUNIT_CASE(rescue_stacked_disks),
	KUNIT_CASE(rescue_two_sets_in_changing_order),
	KUNIT_CASE(rescue_leaves_foreign_bios),
	KUNIT_CASE(rescue_while_waiting_for_other_set),
	KUNIT_CASE(rescue_second_list),
	KUNIT_CASE(rescue_without_workers),
	KUNIT_CASE(rescue_beside_realtime_task),
	KUNIT_CASE(rescue_thread_count),
	KUNIT_CASE(rescue_opted_out_hangs),
	{},
};

struct kunit_suite bset_rescue_suite = {
	.name = "rescue",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = rescue_cases,
};
