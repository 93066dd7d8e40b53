// SPDX-License-Identifier: GPL-2.0
/*
 * Says who waits for a bio, for how long, and most likely why
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>

#include "internal.h"
#include "trace.h"
#include "track.h"

#define MAX_STALL_SECS 86400

static unsigned int stall_secs = 10;
unsigned int bset_second_ms = 1000;
EXPORT_SYMBOL_BSET(bset_second_ms);

static int stall_secs_set(const char *val, const struct kernel_param *kp)
{
	unsigned int secs;

	if (kstrtouint(val, 0, &secs) || secs > MAX_STALL_SECS) {
		pr_err("stall_secs takes 0 (off) to %u seconds\n",
		       MAX_STALL_SECS);
		return -EINVAL;
	}
	WRITE_ONCE(stall_secs, secs);
	return 0;
}

static const struct kernel_param_ops stall_secs_ops = {
	.set = stall_secs_set,
	.get = param_get_uint,
};
module_param_cb(stall_secs, &stall_secs_ops, &stall_secs, 0644);
MODULE_PARM_DESC(stall_secs, "report waits of this many seconds (0 = off)");

static unsigned int stall_queued(const struct bset *set)
{
	unsigned int n = 0;
	struct bio *bio;
	int i;

	for (i = 0; current->bio_list && i < 2; i++)
		bio_list_for_each(bio, &current->bio_list[i])
			n += bset_of(bio->bi_pool) == set;
	return n;
}

/* From the certain to the likely. */
static void stall_print_cause(struct bset *set, const struct bioset_stats *s)
{
	unsigned int starve = READ_ONCE(set->starve);
	unsigned int queued = stall_queued(set);
	unsigned int pending = bset_rescue_pending(set);

	if (bset_track_print_held(set, true))
		; /* said there */
	else if (queued)
		pr_warn("likely cause: %u bio(s) of this set wait on the task's own bio_list, and the set has no rescuer\n",
			queued);
	else if (pending)
		pr_warn("likely cause: the rescuer has yet to submit %u bio(s); is it stuck in a disk below?\n",
			pending);
	else if (bset_track_print_held(set, false))
		; /* likewise */
	else if (s->in_flight)
		pr_warn("likely cause: %llu bio(s) in flight, which the disks below have not completed or their holders not submitted%s\n",
			s->in_flight,
			bset_track_is_on(set) ? ""
					      : "; track=1 tells who has them");
	else
		pr_warn("likely cause: none known: no bio of this set is in flight\n");
	if (starve)
		pr_warn("note: the set is being starved on purpose (starve=%u)\n",
			starve);
}

static void stall_report(struct bset_pool *pool, gfp_t gfp, dev_t dev,
			 unsigned long waited)
{
	struct bset *set = pool->set;
	struct bioset_stats s;

	trace_bioset_stall(pool, gfp, dev, jiffies64_to_nsecs(waited));
	bset_read_stats(set, &s);
	pr_warn("%s (%s): %s/%d has waited %lu s for %s\n", set->name,
		set->owner, current->comm, current->pid, waited / HZ,
		pool == &set->bio ? "a bio" : "an array");
	pr_warn("%s: reserve %u of %u bios, %u arrays; %llu in flight, %lu cached, %llu punted, %llu rescued\n",
		set->name, s.reserve, s.pool_size, s.vec_reserve, s.in_flight,
		s.cached, s.punted, s.rescued);
	stall_print_cause(set, &s);
	bset_track_oldest(set);
	pr_warn("%s: the waiting task:\n", set->name);
	dump_stack();
	/* Whoever sees that it was counted finds it in the log. */
	atomic64_inc(&set->stalls);
}

/*
 * One report a set at a time: a hundred tasks that wait for the same reason
 * make it no clearer.
 */
static bool stall_may_report(struct bset *set, unsigned long period)
{
	unsigned long last = READ_ONCE(set->last_stall);

	if (last && time_before(jiffies, last + period))
		return false;
	return cmpxchg(&set->last_stall, last, jiffies ?: 1) == last;
}

/**
 * bset_stall_check() - report a long wait
 * @pool:	what is waited for
 * @gfp:	flags of the allocation that waits
 * @dev:	the device that the bio is for, 0 if that is not known
 * @since:	when the wait began, in jiffies
 * @next:	0 at first; when to report next, as a wait in jiffies
 *
 * Context: task context, may sleep; called every second or so of a wait.
 */
void bset_stall_check(struct bset_pool *pool, gfp_t gfp, dev_t dev,
		      unsigned long since, unsigned long *next)
{
	unsigned long period = READ_ONCE(stall_secs) * bset_second();
	unsigned long waited = jiffies - since;

	if (!period || waited < max(*next, period))
		return;
	if (stall_may_report(pool->set, period))
		stall_report(pool, gfp, dev, waited);
	*next = 2 * waited;
}
