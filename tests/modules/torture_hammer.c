// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts in the middle of an allocation or a put
 *
 * The window is some ten instructions wide, and I/O alone hardly ever meets
 * it.  So a task allocates and puts without a pause, from a set that a fast
 * timer on the same CPU takes from and gives back to as well.
 */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "torture.h"

#define HELD 8

static struct {
	struct task_struct *task;
	struct rnd_state rnd;
	struct tt_set set;
	struct hrtimer timer;
	bool on;
	struct bio *task_held[HELD];
	struct bio *irq_held[HELD];
} hammer;

/*
 * Takes a bio, or gives one back: in no order, for the mistake of two who take
 * the same object shows only when they do different things with it.
 */
static void take_or_give(struct bio **held, u32 dice)
{
	struct bio **slot = &held[dice % HELD];
	unsigned int nr_vecs = dice / HELD % 2 ? 4 : BIO_MAX_VECS;

	if (*slot) {
		tt_tag_dead(*slot);
		tt_put(*slot);
		*slot = NULL;
		return;
	}
	*slot = bio_alloc_bioset(NULL, nr_vecs, REQ_OP_READ,
				 GFP_NOWAIT | __GFP_NOWARN, &hammer.set.bs);
	if (*slot)
		tt_tag_live(*slot);
}

static void give_all(struct bio **held)
{
	int i;

	for (i = 0; i < HELD; i++)
		if (held[i])
			take_or_give(held, i);
}

static enum hrtimer_restart timer_fn(struct hrtimer *timer)
{
	if (!READ_ONCE(hammer.on))
		return HRTIMER_NORESTART;
	take_or_give(hammer.irq_held, tt_rand());
	hrtimer_forward_now(timer, ns_to_ktime(20000 + tt_rand() % 60000));
	return HRTIMER_RESTART;
}

static void burst(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(20);

	WRITE_ONCE(hammer.on, true);
	/* Here, where the task is for as long as it does not sleep. */
	hrtimer_start(&hammer.timer, ns_to_ktime(20000),
		      HRTIMER_MODE_REL_PINNED);
	do {
		take_or_give(hammer.task_held, prandom_u32_state(&hammer.rnd));
	} while (time_before(jiffies, end));
	WRITE_ONCE(hammer.on, false);
	hrtimer_cancel(&hammer.timer);
	atomic64_inc(&tt_totals.bursts);
}

static int hammer_thread(void *unused)
{
	while (!kthread_should_stop()) {
		tt_move_elsewhere(&hammer.rnd);
		burst();
		schedule_timeout_idle(1 + tt_pick(&hammer.rnd, HZ / 5));
	}
	give_all(hammer.task_held);
	give_all(hammer.irq_held);
	return 0;
}

/* Begins.  tt_hammer_stop() is right after a failure, too. */
int tt_hammer_start(u64 seed)
{
	struct task_struct *task;
	int ret;

	prandom_seed_state(&hammer.rnd, seed);
	test_hrtimer_init(&hammer.timer, timer_fn, HRTIMER_MODE_REL_PINNED);
	ret = tt_set_init(&hammer.set, &hammer.rnd, true, 0);
	if (ret)
		return ret;
	task = kthread_run(hammer_thread, NULL, "torture_hammer");
	if (IS_ERR(task))
		return PTR_ERR(task);
	hammer.task = task;
	return 0;
}

/* Undoes tt_hammer_start(), and counts. */
void tt_hammer_stop(void)
{
	if (hammer.task)
		kthread_stop(hammer.task);
	hammer.task = NULL;
	if (hammer.set.ready)
		tt_set_check(&hammer.set, "the hammered set");
	tt_set_exit(&hammer.set);
}
