// SPDX-License-Identifier: GPL-2.0
/*
 * Resubmits bios that wait behind an allocation
 *
 * The problem.  While a task is in a driver's ->submit_bio(), what it submits
 * is put on current->bio_list and starts only when ->submit_bio() returns.  A
 * driver that splits a bio allocates several clones there.  If the reserve is
 * used up by clones on that very list, nothing will ever refill it: they
 * cannot complete before ->submit_bio() returns, and it cannot return before
 * one of them completes.
 *
 * The way out.  Before an allocation sleeps it hands over the bios on
 * current->bio_list, each to the rescuer of the set that it is from.  A rescuer
 * submits them from a task of its own.
 *
 * Why that is enough.  A disk's level is the number of disks below it on the
 * longest way down; a set has the level of the disk whose driver allocates from
 * it, so the sets of one disk have the same level.  Let a task sleep for a bio
 * of set S, and let each sleep for a set of a lower level end.  All of S's
 * reserve (at least one bio) is out.  One of these bios can be:
 *
 *  1. On the bio_list of a task that sleeps for a bio, of S or of another set:
 *     no, that task has handed it over, and nobody else adds to its lists.
 *  2. On the bio_list of another task: that task is in ->submit_bio().  Either
 *     that returns and the block layer comes to the bio, or it has to sleep for
 *     a bio itself and first hands this one over.
 *  3. On S's rescue_list: the rescuer submits what is there one by one.  Its
 *     thread exists already (WQ_MEM_RECLAIM) and serves S alone, so no other
 *     set's rescue can be what it waits for.  All that it runs has come of bios
 *     of S, which S's driver has sent down: drivers of lower levels.  It may
 *     sleep there, for a set of a lower level, and that sleep ends.  It never
 *     sleeps for S or for another set of S's disk.
 *  4. With a disk: it completes them, their last bio_put() returns an object
 *     to the reserve and wakes every sleeper (bset_pool_put()).
 *  5. Held by a task that has not submitted them: the caller's side of the
 *     contract forbids to sleep for another bio while holding one, so that task
 *     goes on to case 2 or 4.
 *
 * Every case leads to 4.
 *
 * Why bios of all our sets, not of S only: two tasks that take from two sets of
 * one disk in different order would each sleep with a bio on its list that the
 * other one waits for.  Why each to its own set's rescuer, not all to S's: a
 * bio of a set above would have S's own driver run in S's rescuer, and case 3
 * would fail.  Why both lists: current->bio_list[1] holds what was queued
 * before the running ->submit_bio() was called.
 *
 * Bios of the kernel's sets, and of sets without a rescuer, have no thread that
 * could take them, so they stay, in order.  They cannot be what S waits for,
 * unless S's driver makes them itself: before it turns to a bio, the block
 * layer has handled all that came of the newer ones for the disks below, so
 * what is still on the list belongs further up.
 *
 * Sleepers race for what is put, so while new bios keep coming one of them may
 * lose again and again; what is argued is that the set as a whole goes on, and
 * that every sleep ends when no more comes in from the top.
 *
 * docs/forward-progress.md has the long form, and docs/model the same as a
 * model that spin checks.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "trace.h"

/**
 * bset_has_rescuer() - whether bios of a set can be handed over
 * @set:	a set, or NULL
 *
 * Context: any.
 * Return: whether it has a rescuer.
 */
bool bset_has_rescuer(const struct bset *set)
{
	return set && set->rescue_workqueue;
}

/*
 * Gives @bio to the rescuer of its set, @set.
 *
 * The bio keeps its set alive, as any bio in flight does, but only until the
 * rescuer has it: then the bio may complete and the set, which need not be the
 * one that the caller allocates from, may be torn down.  So all is done under
 * the lock that the rescuer needs to get at the bio.  destroy_workqueue() waits
 * for the work that is queued here.
 */
static void bset_hand_over(struct bset *set, struct bio *bio)
{
	spin_lock(&set->rescue_lock);
	bio_list_add(&set->rescue_list, bio);
	atomic64_inc(&set->punted);
	trace_bioset_punt(set, bio);
	/*
	 * If the work runs already it either sees the bio, or is queued again:
	 * queue_work() returns without queueing only while it is pending, and
	 * a pending work item has yet to look at the list.
	 */
	queue_work(set->rescue_workqueue, &set->rescue_work);
	spin_unlock(&set->rescue_lock);
}

/*
 * Both what goes and what stays keeps its order.  What goes are the driver's own
 * bios and those that the kernel took from the public half of its set.
 */
static void bset_punt_list(struct bio_list *list)
{
	struct bio_list rest;
	struct bset *set;
	struct bio *bio;

	bio_list_init(&rest);
	while ((bio = bio_list_pop(list))) {
		set = bset_of(bio->bi_pool);
		if (bset_has_rescuer(set))
			bset_hand_over(set, bio);
		else
			bio_list_add(&rest, bio);
	}
	*list = rest;
}

/**
 * bset_rescue_punt() - hand the caller's queued bios to their sets' rescuers
 *
 * To be called before the caller sleeps for a bio or an array of any set.  Does
 * nothing outside of a ->submit_bio(), and nothing to bios of the kernel's sets
 * or of sets without a rescuer.
 *
 * Context: task context; takes the rescue_lock of one set after the other.
 */
void bset_rescue_punt(void)
{
	if (!current->bio_list)
		return;
	bset_punt_list(&current->bio_list[0]);
	bset_punt_list(&current->bio_list[1]);
}

/**
 * bset_rescue_pending() - how many bios the rescuer has yet to submit
 * @set:	the set
 *
 * Context: task context; takes the set's rescue_lock.
 * Return: the number.
 */
unsigned int bset_rescue_pending(struct bset *set)
{
	unsigned int n;

	spin_lock(&set->rescue_lock);
	n = bio_list_size(&set->rescue_list);
	spin_unlock(&set->rescue_lock);
	return n;
}

static struct bio *bset_rescue_next(struct bset *set)
{
	struct bio *bio;

	spin_lock(&set->rescue_lock);
	bio = bio_list_pop(&set->rescue_list);
	spin_unlock(&set->rescue_lock);
	return bio;
}

/*
 * Submits one bio at a time: the lock must not be held over a submission, and
 * a bio that is still on the list can still be overtaken by nobody.
 */
static void bset_rescue_work(struct work_struct *work)
{
	struct bset *set = container_of(work, struct bset, rescue_work);
	struct bio *bio;

	while ((bio = bset_rescue_next(set))) {
		atomic64_inc(&set->rescued);
		trace_bioset_rescue(set, bio);
		submit_bio_noacct(bio);
	}
}

/**
 * bset_rescuer_init() - give a set its rescuer
 * @set:	a set, after bset_rescuer_prepare()
 *
 * One workqueue, and so one kthread, for each set: see case 3 above.  Unbound,
 * because the work of a per-CPU queue, its thread included, runs on the CPU that
 * queued it: a real-time task there, even one that waits for a bio of the set,
 * would hold up the rescue for ever.  Bios stay in order nevertheless, because
 * a set has one work item, and that never runs twice at a time.
 *
 * A workqueue's name has at most 31 characters.
 *
 * Context: task context, may sleep.
 * Return: 0; -EINTR if the task is being killed, for which no thread is made;
 * -ENOMEM.
 */
int bset_rescuer_init(struct bset *set)
{
	set->rescue_workqueue = alloc_workqueue("bset/%.26s",
						WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
						set->name);
	if (set->rescue_workqueue)
		return 0;
	pr_err("%s (%s): could not make its rescuer's thread (no memory, no PIDs, or the task was killed)\n",
	       set->name, set->owner);
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}

/**
 * bset_rescuer_exit() - take a set's rescuer away
 * @set:	a set without bios in flight
 *
 * Harmless for a set that has none.
 *
 * Context: task context, may sleep.
 */
void bset_rescuer_exit(struct bset *set)
{
	if (!set->rescue_workqueue)
		return;
	/* The last bio may be back while its rescue still runs. */
	destroy_workqueue(set->rescue_workqueue);
	set->rescue_workqueue = NULL;
}

/**
 * bset_rescuer_prepare() - get ready for a rescuer, or for none
 * @set:	a new set
 *
 * Context: any.
 */
void bset_rescuer_prepare(struct bset *set)
{
	spin_lock_init(&set->rescue_lock);
	bio_list_init(&set->rescue_list);
	INIT_WORK(&set->rescue_work, bset_rescue_work);
}
