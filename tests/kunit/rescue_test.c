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
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "testdisk.h"
#include "testlib.h"

#define MAX_PIECES 8

/*
 * A disk that cuts what it gets into single sectors, from the first on, and
 * sends them down as clones of a set of its own.
 */
struct splitter {
	struct bio_set *bs;
	struct test_disk *lower;
	unsigned int pieces;
	bool by_kernel; /* (bio_split)() and bio_chain() instead of clones */

	atomic_t ended;
	int ended_early; /* pieces that had ended when the loop was over */
	int failed;
};

static void piece_end(struct bio *bio)
{
	struct bio *parent = bio->bi_private;
	struct test_disk *disk = compat_bio_disk(parent)->private_data;
	struct splitter *s = disk->priv;

	if (bio->bi_status && !parent->bi_status)
		parent->bi_status = bio->bi_status;
	atomic_inc(&s->ended);
	bio_put(bio);
	bio_endio(parent);
}

static void send_piece(struct splitter *s, struct bio *parent, unsigned int i)
{
	struct bio *bio;

	bio = bio_alloc_clone(s->lower->bdev, parent, GFP_NOIO, s->bs);
	if (!bio) {
		s->failed++;
		return;
	}
	bio_advance(bio, i << SECTOR_SHIFT);
	bio->bi_iter.bi_size = SECTOR_SIZE;
	bio->bi_private = parent;
	bio->bi_end_io = piece_end;
	bio_inc_remaining(parent);
	submit_bio_noacct(bio);
}

/*
 * What a driver that knows nothing of us does, with the kernel's functions, when
 * there is no memory in the slab either.
 */
static void send_split(struct splitter *s, struct bio *parent)
{
	struct bio *bio;

	test_kernel_has_to_ask();
	bio = (bio_split)(parent, 1, GFP_NOIO, s->bs);
	if (IS_ERR_OR_NULL(bio)) {
		s->failed++;
		return;
	}
	bio_set_dev(bio, s->lower->bdev);
	bio_chain(bio, parent);
	submit_bio_noacct(bio);
}

/*
 * catalogue 28: pieces may end before the loop does, so the loop has a
 * reference of its own on the parent.  That is the one a bio is born with,
 * dropped by the bio_endio() at the end.
 */
static void splitter_submit(struct test_disk *disk, struct bio *parent)
{
	struct splitter *s = disk->priv;
	unsigned int i;

	for (i = 0; i < s->pieces; i++) {
		if (s->by_kernel)
			send_split(s, parent);
		else
			send_piece(s, parent, i);
	}
	s->ended_early = atomic_read(&s->ended);
	bio_endio(parent);
}

static void splitter_setup(struct splitter *s, struct bio_set *bs,
			   struct test_disk *lower, unsigned int pieces)
{
	s->bs = bs;
	s->lower = lower;
	s->pieces = pieces;
}

static struct splitter *splitter(struct kunit *test, struct bio_set *bs,
				 struct test_disk *lower, unsigned int pieces)
{
	struct splitter *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	splitter_setup(s, bs, lower, pieces);
	return s;
}

static void expect_completed(struct kunit *test, struct test_io *io)
{
	KUNIT_ASSERT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
	TEST_EXPECT_SAME(test, io->status, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->ends), 1);
}

/* Each sector once, in order. */
static void expect_order_from(struct kunit *test, struct test_disk *disk,
			      unsigned int first, unsigned int n)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, disk->nr_seen, n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, disk->seen[i], first + i);
}

static void expect_order(struct kunit *test, struct test_disk *disk,
			 unsigned int n)
{
	expect_order_from(test, disk, 0, n);
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

/* catalogue 1 */
static void rescue_two_allocs_one_submit(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, 2);
	struct test_disk *disk = test_disk(test, splitter_submit, s);

	expect_completed(test, test_io(test, disk));
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	expect_order(test, leaf, 2);
	expect_rescued(test, bs, 1);
}

/* catalogue 1: the same for eight, and for a disk that takes its time */
static void rescue_many_pieces(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, MAX_PIECES);
	struct test_disk *disk = test_disk(test, splitter_submit, s);

	leaf->delay_ms = 5;
	expect_completed(test, test_io(test, disk));
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	expect_order(test, leaf, MAX_PIECES);
	expect_rescued(test, bs, MAX_PIECES - 1);
}

/* With memory for all, nothing is handed over. */
static void rescue_not_without_need(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 1, 0, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, MAX_PIECES);
	struct test_disk *disk = test_disk(test, splitter_submit, s);

	expect_completed(test, test_io(test, disk));
	expect_order(test, leaf, MAX_PIECES);
	expect_rescued(test, bs, 0);
	KUNIT_EXPECT_EQ(test, s->ended_early, 0);
}

/*
 * The block layer splits on its own: an allocation of the kernel's from our
 * set is rescued too, by the kernel's punt and our worker.
 */
static void rescue_kernel_split(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, MAX_PIECES - 1);
	struct test_disk *disk = test_disk(test, splitter_submit, s);

	test_need_asking_kernel(test);
	s->by_kernel = true;
	expect_completed(test, test_io(test, disk));
	KUNIT_EXPECT_EQ(test, s->failed, 0);
	expect_order(test, leaf, MAX_PIECES - 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).rescued, MAX_PIECES - 2);
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, bs).in_flight, 0);
}

/* catalogue 28 */
static void rescue_child_ends_before_loop(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, 4);
	struct test_disk *disk = test_disk(test, splitter_submit, s);
	struct test_io *io = test_io(test, disk);

	expect_completed(test, io);
	KUNIT_EXPECT_GE(test, s->ended_early, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 4);
}

/* Two starved levels, each with a set of its own. */
static void rescue_stacked_disks(struct kunit *test)
{
	struct bio_set *upper_bs = test_starved_set(test, 1, 0);
	struct bio_set *lower_bs = test_starved_set(test, 1, 0);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *low = splitter(test, lower_bs, leaf, 1);
	struct test_disk *mid = test_disk(test, splitter_submit, low);
	struct splitter *high = splitter(test, upper_bs, mid, MAX_PIECES);
	struct test_disk *disk = test_disk(test, splitter_submit, high);
	struct test_io *io[4];
	int i;

	leaf->delay_ms = 1;
	for (i = 0; i < ARRAY_SIZE(io); i++)
		io[i] = test_io(test, disk);
	for (i = 0; i < ARRAY_SIZE(io); i++)
		expect_completed(test, io[i]);
	KUNIT_EXPECT_EQ(test, leaf->nr_seen, 4 * MAX_PIECES);
	KUNIT_EXPECT_EQ(test, low->failed + high->failed, 0);
	KUNIT_EXPECT_GE(test, test_stats(test, upper_bs).rescued, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, upper_bs).reserve, 1);
	KUNIT_EXPECT_EQ(test, test_stats(test, lower_bs).reserve, 1);
}

/*
 * A disk with two sets: the pieces of a bio come from them in turn, and which of
 * them is first changes with each bio.  Two tasks wait for each other after the
 * first piece, so that each has a bio on its list that the other needs.
 */
struct twins {
	struct bio_set *bs[2];
	struct test_disk *lower;
	atomic_t bios; /* that came in */
	atomic_t met;
	wait_queue_head_t meeting;
	int failed;
};

static void twin_end(struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	bio_put(bio);
	bio_endio(parent);
}

static void twin_piece(struct twins *t, struct bio *parent, unsigned int set)
{
	struct bio *bio = bio_alloc_clone(t->lower->bdev, parent, GFP_NOIO,
					  t->bs[set & 1]);

	if (!bio) {
		t->failed++;
		return;
	}
	bio->bi_private = parent;
	bio->bi_end_io = twin_end;
	bio_inc_remaining(parent);
	submit_bio_noacct(bio);
}

static void meet(struct twins *t)
{
	atomic_inc(&t->met);
	wake_up_all(&t->meeting);
	if (!wait_event_timeout(t->meeting, atomic_read(&t->met) >= 2,
				msecs_to_jiffies(TEST_LIMIT_MS)))
		t->failed++;
}

static void twin_submit(struct test_disk *disk, struct bio *parent)
{
	struct twins *t = disk->priv;
	unsigned int first = atomic_inc_return(&t->bios);
	unsigned int i;

	for (i = 0; i < MAX_PIECES; i++) {
		twin_piece(t, parent, first + i);
		if (!i)
			meet(t);
	}
	bio_endio(parent);
}

static void rescue_two_sets_in_changing_order(struct kunit *test)
{
	struct twins *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct test_io *io[2];
	struct test_disk *disk;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	init_waitqueue_head(&t->meeting);
	for (i = 0; i < 2; i++)
		t->bs[i] = test_starved_set(test, 1, 0);
	t->lower = test_disk(test, NULL, NULL);
	t->lower->delay_ms = 1;
	disk = test_disk(test, twin_submit, t);
	for (i = 0; i < 2; i++)
		io[i] = test_io(test, disk);
	for (i = 0; i < 2; i++)
		expect_completed(test, io[i]);
	KUNIT_EXPECT_EQ(test, t->failed, 0);
	KUNIT_EXPECT_EQ(test, t->lower->nr_seen, 2 * MAX_PIECES);
	for (i = 0; i < 2; i++) {
		expect_handed_over(test, t->bs[i],
				   test_stats(test, t->bs[i]).punted);
		KUNIT_EXPECT_GE(test, test_stats(test, t->bs[i]).punted, 1);
		KUNIT_EXPECT_EQ(test, test_stats(test, t->bs[i]).reserve, 1);
	}
}

/*
 * catalogue 2: a submit method with bios of several sets on its list: its own
 * set, another one with a rescuer, one without, and one of the kernel's
 */
struct mixed {
	struct bio_set *bs;
	struct bio_set *other;
	struct bio_set *no_rescuer;
	struct test_disk *lower;
	unsigned int nr_left;
	sector_t left[MAX_PIECES];
	bool own_left;
};

static const sector_t own_sectors[] = { 2, 6 };
static const sector_t other_sectors[] = { 4, 7 };
static const sector_t staying_sectors[] = { 1, 3, 5, 8 };
#define MIXED_SECTORS 8

static struct bio_set *set_of_sector(struct mixed *m, sector_t nr)
{
	switch (nr) {
	case 2:
	case 6:
		return m->bs;
	case 4:
	case 7:
		return m->other;
	case 3:
	case 8:
		return m->no_rescuer;
	default:
		return &fs_bio_set;
	}
}

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

static void look_at_list(struct mixed *m, struct bio_list *list)
{
	struct bio *bio;

	bio_list_for_each(bio, list) {
		m->own_left |= bio->bi_pool == m->bs;
		if (m->nr_left < MAX_PIECES)
			m->left[m->nr_left++] = bio->bi_iter.bi_sector;
	}
}

/* The reserve is 2, so the last allocation finds it empty. */
static void mixed_submit(struct test_disk *disk, struct bio *parent)
{
	struct mixed *m = disk->priv;
	struct bio *last;
	sector_t nr;

	for (nr = 1; nr <= MIXED_SECTORS; nr++)
		send_down(m->lower, set_of_sector(m, nr), nr);
	last = bio_alloc_bioset(GFP_NOIO, 0, m->bs);
	look_at_list(m, &current->bio_list[0]);
	look_at_list(m, &current->bio_list[1]);
	if (last)
		bio_put(last);
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

static struct mixed *mixed(struct kunit *test)
{
	struct mixed *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->bs = test_starved_set(test, 2, 0);
	m->other = test_set(test, 1, 0, 0);
	m->no_rescuer = test_set(test, 1, 0, BSET_NO_RESCUER);
	m->lower = test_disk(test, NULL, NULL);
	return m;
}

/* Each bio goes to its own set's rescuer, or stays if there is none. */
static void rescue_leaves_foreign_bios(struct kunit *test)
{
	struct mixed *m = mixed(test);
	struct test_disk *disk = test_disk(test, mixed_submit, m);
	struct test_io *io = test_io(test, disk);
	int i;

	expect_completed(test, io);
	KUNIT_ASSERT_TRUE(test, test_worker_done(io->worker, TEST_LIMIT_MS));
	expect_handed_over(test, m->bs, 2);
	expect_handed_over(test, m->other, 2);
	expect_handed_over(test, m->no_rescuer, 0);
	KUNIT_EXPECT_FALSE(test, m->own_left);
	KUNIT_ASSERT_EQ(test, m->nr_left, ARRAY_SIZE(staying_sectors));
	for (i = 0; i < ARRAY_SIZE(staying_sectors); i++)
		KUNIT_EXPECT_EQ(test, m->left[i], staying_sectors[i]);
	KUNIT_ASSERT_EQ(test, m->lower->nr_seen, MIXED_SECTORS);
	expect_among(test, m->lower, own_sectors, ARRAY_SIZE(own_sectors));
	expect_among(test, m->lower, other_sectors, ARRAY_SIZE(other_sectors));
	expect_among(test, m->lower, staying_sectors,
		     ARRAY_SIZE(staying_sectors));
}

/* What waits for a set without a rescuer lets go of other sets' bios, too. */
static void waiting_submit(struct test_disk *disk, struct bio *parent)
{
	struct mixed *m = disk->priv;

	send_down(m->lower, m->bs, 1);
	send_down(m->lower, m->no_rescuer, 2);
	bio_endio(parent);
}

static void rescue_while_waiting_for_other_set(struct kunit *test)
{
	struct mixed *m = mixed(test);
	struct test_disk *disk = test_disk(test, waiting_submit, m);
	struct test_io *io;
	struct bio *held;

	bset_starve(m->no_rescuer, 1);
	held = bio_alloc_bioset(GFP_NOWAIT, 0, m->no_rescuer);
	KUNIT_ASSERT_NOT_NULL(test, held);
	io = test_io(test, disk);
	/* Long, because the rescue has to be over by then. */
	KUNIT_EXPECT_FALSE(test, test_io_done(io, 10 * TEST_QUIET_MS));
	expect_handed_over(test, m->bs, 1);
	KUNIT_EXPECT_EQ(test, m->lower->nr_seen, 1);
	bio_put(held);
	expect_completed(test, io);
	/* The second goes down only when the submit function has returned. */
	KUNIT_ASSERT_TRUE(test, test_worker_done(io->worker, TEST_LIMIT_MS));
	expect_order_from(test, m->lower, 1, 2);
}

/*
 * catalogue 3: the bios that an earlier ->submit_bio() left are on list [1]
 * while the lower disk's runs.  It handles sector 1 with an allocation, and
 * writes down the rest.
 */
static void allocating_leaf(struct test_disk *disk, struct bio *bio)
{
	struct mixed *m = disk->priv;
	struct bio *extra;

	if (bio->bi_iter.bi_sector != 1) {
		test_leaf(disk, bio);
		return;
	}
	extra = bio_alloc_bioset(GFP_NOIO, 0, m->bs);
	look_at_list(m, &current->bio_list[0]);
	look_at_list(m, &current->bio_list[1]);
	if (extra)
		bio_put(extra);
	bio_endio(bio);
}

static void list_submit(struct test_disk *disk, struct bio *parent)
{
	struct mixed *m = disk->priv;
	sector_t nr;

	for (nr = 1; nr <= 6; nr++)
		send_down(m->lower, nr == 3 ? &fs_bio_set : m->bs, nr);
	bio_endio(parent);
}

static void rescue_second_list(struct kunit *test)
{
	static const sector_t own[] = { 2, 4, 5, 6 };
	struct mixed *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct test_disk *disk;
	struct test_io *io;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->bs = test_starved_set(test, 5, 0);
	m->lower = test_disk(test, allocating_leaf, m);
	disk = test_disk(test, list_submit, m);
	io = test_io(test, disk);
	expect_completed(test, io);
	KUNIT_ASSERT_TRUE(test, test_worker_done(io->worker, TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, test_stats_settled(test, m->bs).in_flight, 0);
	KUNIT_EXPECT_FALSE(test, m->own_left);
	KUNIT_EXPECT_EQ(test, m->nr_left, 1);
	KUNIT_EXPECT_EQ(test, m->left[0], 3);
	KUNIT_ASSERT_EQ(test, m->lower->nr_seen, ARRAY_SIZE(own) + 1);
	KUNIT_EXPECT_EQ(test, m->lower->seen[0], own[0]);
	expect_among(test, m->lower, own, ARRAY_SIZE(own));
	KUNIT_EXPECT_EQ(test, test_stats(test, m->bs).punted, 4);
	KUNIT_EXPECT_EQ(test, test_stats(test, m->bs).rescued, 4);
}

/*
 * catalogue 4: no worker of the system is free and none can be made, so that
 * nothing but a thread of its own helps the rescuer.  The limit on threads comes
 * first; what workers there are then take one of the blockers each.
 */
#define THREADS_MAX "/proc/sys/kernel/threads-max"
#define BLOCKERS 64 /* on each queue; more than workers that idle there */

struct scarcity {
	struct splitter splitter; /* disk->priv */
	char threads_max[16];
	unsigned int nr;
	struct work_struct *work;
};

static DECLARE_COMPLETION(workers_go);

static void block_work(struct work_struct *work)
{
	wait_for_completion(&workers_go);
}

static void block_workers(struct scarcity *sc)
{
	unsigned int cpu, i, n = 0;

	for (i = 0; i < BLOCKERS; i++) {
		queue_work(system_unbound_wq, &sc->work[n++]);
		for_each_online_cpu(cpu)
			if (n < sc->nr)
				queue_work_on(cpu, system_wq, &sc->work[n++]);
	}
}

static void unblock_workers(struct scarcity *sc)
{
	unsigned int i;

	complete_all(&workers_go);
	test_write_file(THREADS_MAX, sc->threads_max);
	for (i = 0; i < sc->nr; i++)
		flush_work(&sc->work[i]);
	kvfree(sc->work);
}

static void scarce_submit(struct test_disk *disk, struct bio *parent)
{
	struct scarcity *sc =
		container_of(disk->priv, struct scarcity, splitter);

	if (test_write_file(THREADS_MAX, "1"))
		sc->splitter.failed++;
	block_workers(sc);
	splitter_submit(disk, parent);
}

static struct scarcity *scarcity(struct kunit *test, struct bio_set *bs)
{
	struct scarcity *sc = kunit_kzalloc(test, sizeof(*sc), GFP_KERNEL);
	unsigned int i;

	test_needs(test, THREADS_MAX);
	KUNIT_ASSERT_NOT_NULL(test, sc);
	splitter_setup(&sc->splitter, bs, test_disk(test, NULL, NULL),
		       MAX_PIECES);
	snprintf(sc->threads_max, sizeof(sc->threads_max), "%ld",
		 test_read_number(THREADS_MAX));
	reinit_completion(&workers_go);
	sc->nr = BLOCKERS * (1 + num_online_cpus());
	sc->work = kvcalloc(sc->nr, sizeof(*sc->work), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sc->work);
	for (i = 0; i < sc->nr; i++)
		INIT_WORK(&sc->work[i], block_work);
	return sc;
}

static void rescue_without_workers(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct scarcity *sc = scarcity(test, bs);
	struct test_disk *disk = test_disk(test, scarce_submit, &sc->splitter);
	struct test_io *io = test_io(test, disk);
	bool done = test_io_done(io, TEST_LIMIT_MS);

	unblock_workers(sc);
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, sc->splitter.failed, 0);
	if (done)
		expect_rescued(test, bs, MAX_PIECES - 1);
}

/*
 * A real-time task keeps a CPU busy, and another one of a higher priority waits
 * there for its own bios.  The rescue has to run elsewhere.
 */
#define REALTIME_LIMIT "/proc/sys/kernel/sched_rt_runtime_us"

struct realtime {
	struct splitter splitter; /* disk->priv */
	struct completion writer_ready;
	struct completion spinning;
	unsigned long end;
	bool stop;
};

static int realtime_spin(void *arg)
{
	struct realtime *rt = arg;

	sched_set_fifo_low(current);
	complete_all(&rt->spinning);
	while (!READ_ONCE(rt->stop) && time_before(jiffies, rt->end)) {
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static void realtime_submit(struct test_disk *disk, struct bio *parent)
{
	struct realtime *rt =
		container_of(disk->priv, struct realtime, splitter);

	sched_set_fifo(current);
	complete_all(&rt->writer_ready);
	test_within(&rt->spinning, TEST_LIMIT_MS);
	splitter_submit(disk, parent);
}

static void realtime_limit(void *arg)
{
	test_write_file(REALTIME_LIMIT, arg);
}

static void leave_cpu(void *arg)
{
	test_leave_cpu();
}

static struct realtime *realtime(struct kunit *test, struct bio_set *bs)
{
	struct realtime *rt = kunit_kzalloc(test, sizeof(*rt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rt);
	splitter_setup(&rt->splitter, bs, test_disk(test, NULL, NULL),
		       MAX_PIECES);
	rt->end = jiffies + msecs_to_jiffies(2 * TEST_LIMIT_MS);
	init_completion(&rt->writer_ready);
	init_completion(&rt->spinning);
	return rt;
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
}

static void rescue_beside_realtime_task(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct realtime *rt = realtime(test, bs);
	struct test_disk *disk =
		test_disk(test, realtime_submit, &rt->splitter);
	const int cpu = cpumask_last(cpu_online_mask);
	struct test_io *io;
	bool done;

	give_away_last_cpu(test);
	io = test_io_on(test, disk, cpu);
	KUNIT_ASSERT_TRUE(test, test_within(&rt->writer_ready, TEST_LIMIT_MS));
	test_worker_on(test, cpu, realtime_spin, rt);
	done = test_io_done(io, TEST_LIMIT_MS);
	WRITE_ONCE(rt->stop, true);
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, rt->splitter.failed, 0);
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

#define MANY_SETS 100

/* catalogue 6: one thread a set, none for a set that opted out */
static void rescue_thread_count(struct kunit *test)
{
	const unsigned int before = count_rescuers();
	struct bio_set *bs =
		kunit_kzalloc(test, MANY_SETS * sizeof(*bs), GFP_KERNEL);
	int i, ret = 0, made;

	KUNIT_ASSERT_NOT_NULL(test, bs);
	for (made = 0; made < MANY_SETS && !ret; made++)
		ret = bioset_init(&bs[made], 1, 0, 0);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, count_rescuers() - before, MANY_SETS);
	for (i = 0; i < MANY_SETS; i++)
		bioset_exit(&bs[i]);
	KUNIT_EXPECT_EQ(test, count_rescuers(), before);

	for (i = 0; i < MANY_SETS; i++)
		ret |= bioset_init(&bs[i], 1, 0, BSET_NO_RESCUER);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, count_rescuers(), before);
	for (i = 0; i < MANY_SETS; i++)
		bioset_exit(&bs[i]);
}

/* catalogue 5: whatever flags an old driver gives or leaves out */
static void rescue_is_the_default(struct kunit *test)
{
	static const int flags[] = { 0, BIOSET_NEED_BVECS, BIOSET_NEED_RESCUER,
				     BIOSET_PERCPU_CACHE };
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct test_disk *disk = test_disk(test, splitter_submit, NULL);
	struct bio_set *bs;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		bs = test_starved_set(test, 1, flags[i]);
		disk->priv = splitter(test, bs, leaf, 2);
		expect_completed(test, test_io(test, disk));
		KUNIT_EXPECT_EQ(test, test_stats(test, bs).rescued, 1);
	}
}

/*
 * The tests above mean something only if the same without a rescuer hangs.  It
 * does until the set gets memory again.
 */
static void rescue_opted_out_hangs(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BSET_NO_RESCUER);
	struct test_disk *leaf = test_disk(test, NULL, NULL);
	struct splitter *s = splitter(test, bs, leaf, 2);
	struct test_disk *disk = test_disk(test, splitter_submit, s);
	struct test_io *io = test_io(test, disk);

	KUNIT_EXPECT_FALSE(test, test_io_done(io, 3000));
	KUNIT_EXPECT_EQ(test, leaf->nr_seen, 0);
	bset_starve(bs, 0);
	expect_completed(test, io);
	expect_order(test, leaf, 2);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).punted, 0);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).waits, 1);
}

/* Outside of ->submit_bio() there is nothing to hand over. */
static void rescue_outside_of_submit(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct bio *bio = bio_alloc_bioset(GFP_NOWAIT, 0, bs);
	struct test_worker *w;

	KUNIT_ASSERT_NOT_NULL(test, bio);
	w = test_worker(test, test_alloc_and_put, bs);
	KUNIT_EXPECT_FALSE(test, test_worker_done(w, TEST_QUIET_MS));
	bio_put(bio);
	KUNIT_EXPECT_TRUE(test, test_worker_done(w, TEST_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).punted, 0);
}

static struct kunit_case rescue_cases[] = {
	KUNIT_CASE(rescue_two_allocs_one_submit),
	KUNIT_CASE(rescue_many_pieces),
	KUNIT_CASE(rescue_not_without_need),
	KUNIT_CASE(rescue_kernel_split),
	KUNIT_CASE(rescue_child_ends_before_loop),
	KUNIT_CASE(rescue_stacked_disks),
	KUNIT_CASE(rescue_two_sets_in_changing_order),
	KUNIT_CASE(rescue_leaves_foreign_bios),
	KUNIT_CASE(rescue_while_waiting_for_other_set),
	KUNIT_CASE(rescue_second_list),
	KUNIT_CASE(rescue_without_workers),
	KUNIT_CASE(rescue_beside_realtime_task),
	KUNIT_CASE(rescue_thread_count),
	KUNIT_CASE(rescue_is_the_default),
	KUNIT_CASE(rescue_opted_out_hangs),
	KUNIT_CASE(rescue_outside_of_submit),
	{}
};

struct kunit_suite bset_rescue_suite = {
	.name = "rescue",
	TEST_SUITE_HOOKS(test_keep_slabs, test_drop_slabs),
	.test_cases = rescue_cases,
};
