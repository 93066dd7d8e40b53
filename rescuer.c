// SPDX-License-Identifier: GPL-2.0
/*
 * Resubmits bios that wait behind an allocation of their own set
 *
 * The problem.  While a task is in a driver's ->submit_bio(), what it submits
 * is put on current->bio_list and starts only when ->submit_bio() returns.  A
 * driver that splits a bio allocates several clones there.  If the reserve is
 * used up by clones on that very list, nothing will ever refill it: they
 * cannot complete before ->submit_bio() returns, and it cannot return before
 * one of them completes.
 *
 * The way out.  Before an allocation sleeps it hands the bios of its set from
 * current->bio_list to the set's rescuer, which submits them from its own task.
 *
 * Why that is enough.  Let a task sleep for a bio of set S, and look at where
 * the objects of S's reserve (at least one) can be:
 *
 *  1. On the sleeper's own bio_list: no, they have been punted, and nobody but
 *     the task itself adds to its lists.
 *  2. On another task's bio_list: that task is in ->submit_bio().  Either it
 *     returns, and the block layer then submits them; or it sleeps for a bio
 *     of S, and has punted them; or it sleeps for a bio of a set below S (bios
 *     only travel down a stack of disks), and that sleep ends by induction
 *     over the sets from the lowest, for which case 4 is the only one left.
 *  3. On S's rescue_list: the rescuer submits them one by one.  Its thread
 *     exists already (WQ_MEM_RECLAIM) and serves S alone, so no other set's
 *     rescue can be what it waits for.  It may itself sleep in a ->submit_bio()
 *     below, for a bio of a set below S; that ends by the same induction.  It
 *     never sleeps for a bio of S: only S's driver allocates from S, and the
 *     bios punted are those that S's driver sent to the disks below it.
 *  4. With a disk: it completes them, their last bio_put() returns an object
 *     to the reserve and wakes every sleeper (bset_pool_put()).
 *  5. Held by a task that has not submitted them: the caller's side of the
 *     contract forbids to allocate while holding one, so that task does not
 *     sleep for S and goes on to case 2 or 4.
 *
 * Every case leads to 4.  The third case is why only bios of this set may be
 * punted: a bio of a set above would have S's own driver run in S's rescuer.
 * Why both lists: current->bio_list[1] holds what was queued before the
 * running ->submit_bio() was called.  Those are bios of this set if its driver
 * queues some to its own disk.
 *
 * Sleepers race for what is put, so while new bios keep coming one of them may
 * lose again and again; what is proved is that the set as a whole goes on, and
 * that every sleep ends when no more comes in from the top.
 *
 * docs/forward-progress.md has the long form, and docs/model the same as a
 * model that spin checks.
 */
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Moves the bios of @bs from @list to @own; both keep their order. */
static unsigned int take_own(struct bio_list *list, struct bio_set *bs,
			     struct bio_list *own)
{
	struct bio_list others;
	unsigned int n = 0;
	struct bio *bio;

	bio_list_init(&others);
	while ((bio = bio_list_pop(list))) {
		if (bio->bi_pool == bs) {
			bio_list_add(own, bio);
			n++;
		} else {
			bio_list_add(&others, bio);
		}
	}
	*list = others;
	return n;
}

/**
 * bset_rescue_punt() - hand the caller's queued bios of a set to its rescuer
 * @set:	the set that the caller is about to sleep for
 *
 * Does nothing outside of a ->submit_bio() or for a set without a rescuer.
 *
 * Context: task context; takes the set's rescue_lock.
 */
void bset_rescue_punt(struct bset *set)
{
	struct bio_set *bs = set->bs;
	struct bio_list own;
	unsigned int n;

	if (!current->bio_list || !bs->rescue_workqueue)
		return;

	bio_list_init(&own);
	n = take_own(&current->bio_list[0], bs, &own);
	n += take_own(&current->bio_list[1], bs, &own);
	if (!n)
		return;

	spin_lock(&bs->rescue_lock);
	bio_list_merge(&bs->rescue_list, &own);
	spin_unlock(&bs->rescue_lock);
	atomic64_add(n, &set->punted);
	/* If the work runs already it either sees the bios, or is queued again:
	 * queue_work() returns without queueing only while it is pending, and
	 * a pending work item has yet to look at the list.
	 */
	queue_work(bs->rescue_workqueue, &bs->rescue_work);
}

/**
 * bset_rescue_pending() - how many bios the rescuer has yet to submit
 * @set:	the set
 *
 * Context: task context; takes the set's rescue_lock.
 * Return: the number, those that the kernel punted included.
 */
unsigned int bset_rescue_pending(struct bset *set)
{
	struct bio_set *bs = set->bs;
	unsigned int n;

	spin_lock(&bs->rescue_lock);
	n = bio_list_size(&bs->rescue_list);
	spin_unlock(&bs->rescue_lock);
	return n;
}

static struct bio *next_punted(struct bio_set *bs)
{
	struct bio *bio;

	spin_lock(&bs->rescue_lock);
	bio = bio_list_pop(&bs->rescue_list);
	spin_unlock(&bs->rescue_lock);
	return bio;
}

/*
 * Submits one bio at a time: the lock must not be held over a submission, and
 * a bio that is still on the list can still be overtaken by nobody.
 *
 * Also serves bios that the kernel punted, for an allocation that it made from
 * this set on its own (a bio_split() in the block layer).
 */
static void bset_rescue_work(struct work_struct *work)
{
	struct bio_set *bs = container_of(work, struct bio_set, rescue_work);
	struct bset *set = bset_of(bs);
	struct bio *bio;

	while ((bio = next_punted(bs))) {
		atomic64_inc(&set->rescued);
		submit_bio_noacct(bio);
	}
}

/**
 * bset_rescuer_init() - give a set its rescuer
 * @set:	a set whose public half is zeroed there
 *
 * One workqueue, and so one kthread, for each set: see case 3 above.
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bset_rescuer_init(struct bset *set)
{
	struct bio_set *bs = set->bs;

	bs->rescue_workqueue = alloc_workqueue("bset/%s",
					       WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
					       set->name);
	return bs->rescue_workqueue ? 0 : -ENOMEM;
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
	struct bio_set *bs = set->bs;

	if (!bs->rescue_workqueue)
		return;
	/* The last bio may be back while its rescue still runs. */
	destroy_workqueue(bs->rescue_workqueue);
	bs->rescue_workqueue = NULL;
}

/**
 * bset_rescuer_prepare() - make the rescue fields of a set valid
 * @bs:		the public half of a set
 *
 * Needed with and without a rescuer, since the kernel looks at them.
 *
 * Context: any.
 */
void bset_rescuer_prepare(struct bio_set *bs)
{
	spin_lock_init(&bs->rescue_lock);
	bio_list_init(&bs->rescue_list);
	INIT_WORK(&bs->rescue_work, bset_rescue_work);
}
