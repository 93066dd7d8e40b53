// SPDX-License-Identifier: GPL-2.0
/*
 * Completion later, elsewhere, in any context
 *
 * A lane is a CPU and a context.  A bio that is queued there is completed soon
 * from there, so a bio is put on another CPU and in another context than it
 * was allocated in.
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "torture.h"

enum tt_context {
	TT_WORK, /* task */
	TT_TIMER, /* softirq, after a while */
	TT_TASKLET, /* softirq, at once */
	TT_HRTIMER, /* hard interrupt, after a while */
	TT_IRQ_WORK, /* hard interrupt, at once */
	TT_IPI, /* hard interrupt, asked for by another CPU */
	TT_NR_CONTEXTS
};

struct tt_lane {
	spinlock_t lock; /* protects bios */
	struct bio_list bios;
	struct work_struct work;
	struct timer_list timer;
	struct tasklet_struct tasklet;
	struct hrtimer hrtimer;
	struct irq_work irq_work;
	call_single_data_t ipi;
	unsigned long ipi_sent; /* bit 0: and has not arrived */
};

struct tt_lanes {
	struct tt_lane lane[TT_NR_CONTEXTS];
};

static struct tt_lanes __percpu *lanes;
static struct workqueue_struct *lane_wq;
static atomic_t side_out; /* bios of tt_side_queue() on their way */

static void count_context(void)
{
	if (in_hardirq())
		atomic64_inc(&tt_totals.in_hardirq);
	else if (in_serving_softirq())
		atomic64_inc(&tt_totals.in_softirq);
	else
		atomic64_inc(&tt_totals.in_task);
}

static void complete_one(struct bio *bio)
{
	count_context();
	/* bio_endio() is for bios of a disk. */
	if (!test_bio_is_for(bio, NULL))
		bio_endio(bio);
	else
		bio->bi_end_io(bio);
}

static void drive(struct tt_lane *lane)
{
	struct bio_list bios;
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&lane->lock, flags);
	bios = lane->bios;
	bio_list_init(&lane->bios);
	spin_unlock_irqrestore(&lane->lock, flags);

	while ((bio = bio_list_pop(&bios)))
		complete_one(bio);
}

static void drive_work(struct work_struct *work)
{
	drive(container_of(work, struct tt_lane, work));
}

static void drive_timer(struct timer_list *timer)
{
	drive(container_of(timer, struct tt_lane, timer));
}

static void drive_tasklet(struct tasklet_struct *tasklet)
{
	drive(container_of(tasklet, struct tt_lane, tasklet));
}

static void drive_irq_work(struct irq_work *work)
{
	drive(container_of(work, struct tt_lane, irq_work));
}

static enum hrtimer_restart drive_hrtimer(struct hrtimer *hrtimer)
{
	drive(container_of(hrtimer, struct tt_lane, hrtimer));
	return HRTIMER_NORESTART;
}

/*
 * With PREEMPT_RT nothing here may run in hard interrupt context.  A plain hrtimer
 * and a plain irq_work run in a thread there, and lockdep of all kernels knows it;
 * what runs in the interrupt of an IPI may take no lock of ours anywhere.
 */
static void drive_ipi(void *data)
{
	struct tt_lane *lane = data;

	clear_bit(0, &lane->ipi_sent);
	/* Who found the bit set has put its bio on the list before. */
	smp_mb__after_atomic();
	irq_work_queue(&lane->irq_work);
}

static void add_bio(struct tt_lane *lane, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&lane->lock, flags);
	bio_list_add(&lane->bios, bio);
	spin_unlock_irqrestore(&lane->lock, flags);
}

/*
 * Kicks this CPU's lane.  Each kick that finds the lane kicked already is
 * dropped by its mechanism, which has yet to look at the list then.
 */
static void kick_here(struct tt_lane *lane, enum tt_context context)
{
	switch (context) {
	case TT_TASKLET:
		tasklet_schedule(&lane->tasklet);
		break;
	case TT_HRTIMER:
		/* Not moved when it is set: a busy lane would never fire. */
		if (!hrtimer_is_queued(&lane->hrtimer))
			hrtimer_start(&lane->hrtimer,
				      ns_to_ktime(10000 + tt_rand() % 500000),
				      HRTIMER_MODE_REL_PINNED);
		break;
	default:
		irq_work_queue(&lane->irq_work);
		break;
	}
}

static void queue_here(struct bio *bio, enum tt_context context)
{
	struct tt_lane *lane = &raw_cpu_ptr(lanes)->lane[context];

	/*
	 * Should we migrate, the lane is kicked on another CPU, which is as
	 * good.
	 */
	add_bio(lane, bio);
	preempt_disable();
	kick_here(lane, context);
	preempt_enable();
}

static void queue_timer(struct bio *bio, int cpu)
{
	struct tt_lane *lane = &per_cpu_ptr(lanes, cpu)->lane[TT_TIMER];
	unsigned long flags;

	spin_lock_irqsave(&lane->lock, flags);
	bio_list_add(&lane->bios, bio);
	/* Under the lock, because add_timer_on() must not find it pending. */
	if (!timer_pending(&lane->timer)) {
		lane->timer.expires = jiffies + tt_rand() % 3;
		add_timer_on(&lane->timer, cpu);
	}
	spin_unlock_irqrestore(&lane->lock, flags);
}

static void queue_ipi(struct bio *bio, int cpu)
{
	struct tt_lane *lane = &per_cpu_ptr(lanes, cpu)->lane[TT_IPI];

	add_bio(lane, bio);
	/* Callers of smp_call_function_single_async() must not race. */
	if (test_and_set_bit(0, &lane->ipi_sent))
		return; /* it is on its way and has yet to look at the list */
	if (smp_call_function_single_async(cpu, &lane->ipi)) {
		clear_bit(0, &lane->ipi_sent);
		queue_work(lane_wq, &lane->work); /* the CPU just went */
	}
}

static void queue_work_lane(struct bio *bio, int cpu)
{
	struct tt_lane *lane = &per_cpu_ptr(lanes, cpu)->lane[TT_WORK];

	add_bio(lane, bio);
	queue_work_on(cpu, lane_wq, &lane->work);
}

/* Other CPUs' timers and work items need a CPU that stays. */
static bool hold_cpus(void)
{
	return in_task() && !irqs_disabled() && cpus_read_trylock();
}

/* Has a bio completed in some context on some CPU; not to be called in an NMI. */
void tt_lane_queue(struct bio *bio)
{
	enum tt_context context = tt_rand() % TT_NR_CONTEXTS;
	bool elsewhere = hold_cpus();
	int cpu = elsewhere ? cpumask_any_and_distribute(cpu_online_mask,
							 cpu_online_mask)
			    : raw_smp_processor_id();

	bset_note_submit(bio); /* we hold it no more */
	if (context == TT_WORK)
		queue_work_lane(bio, cpu);
	else if (context == TT_IPI)
		queue_ipi(bio, cpu);
	else if (context == TT_TIMER && elsewhere)
		queue_timer(bio, cpu);
	else
		queue_here(bio, context == TT_TIMER ? TT_TASKLET : context);
	if (elsewhere)
		cpus_read_unlock();
}

static void side_end_io(struct bio *bio)
{
	tt_tag_dead(bio);
	tt_put(bio);
	atomic_dec(&side_out);
}

static void side_queue(struct bio *bio)
{
	atomic_inc(&side_out);
	bio->bi_end_io = side_end_io;
	tt_lane_queue(bio);
}

static void check_fresh(struct bio *bio, unsigned int nr_vecs)
{
	if (!IS_ALIGNED((unsigned long)bio, __alignof__(*bio)))
		tt_fail("a bio at %p is not aligned", bio);
	if (bio->bi_max_vecs < nr_vecs || (nr_vecs && !bio->bi_io_vec))
		tt_fail("%u vecs asked for, %u at %p got", nr_vecs,
			bio->bi_max_vecs, bio->bi_io_vec);
	if (bio->bi_status || bio->bi_iter.bi_size || bio->bi_vcnt ||
	    bio->bi_private || bio->bi_end_io || bio->bi_next ||
	    bio_flagged(bio, BIO_CHAIN))
		tt_fail("a fresh bio has a past");
}

static struct bio *side_bio(struct bio_set *bs, bool vecs, bool may_sleep)
{
	unsigned int nr_vecs = vecs ? tt_rand() % (BIO_MAX_VECS + 1) : 0;
	gfp_t gfp = tt_rand() & 1 ? GFP_NOWAIT : GFP_ATOMIC;
	struct bio *bio;

	if (may_sleep)
		gfp = GFP_NOIO;
	bio = bio_alloc_bioset(NULL, nr_vecs, REQ_OP_READ, gfp | __GFP_NOWARN,
			       bs);
	if (bio)
		check_fresh(bio, nr_vecs);
	else if (may_sleep)
		tt_fail("an allocation on the side that may sleep failed");
	return bio;
}

/*
 * Allocates a bio that is no caller's, and puts it here or elsewhere.  The set
 * must be one that cannot go away, for instance because a bio of it is out.
 */
void tt_side_alloc(struct bio_set *bs, bool vecs, bool may_sleep)
{
	struct bio *bio = side_bio(bs, vecs, may_sleep);

	if (!bio) {
		atomic64_inc(&tt_totals.side_misses);
		return;
	}
	atomic64_inc(&tt_totals.side_allocs);
	tt_tag_live(bio);
	if (tt_rand() & 1) {
		side_queue(bio);
	} else {
		tt_tag_dead(bio);
		tt_put(bio);
	}
}

static void settle_lanes(struct tt_lanes *l)
{
	struct tt_lane *lane;

	for (lane = l->lane; lane < l->lane + TT_NR_CONTEXTS; lane++) {
		flush_work(&lane->work);
		test_timer_stop(&lane->timer);
		hrtimer_cancel(&lane->hrtimer);
		irq_work_sync(&lane->irq_work);
		tasklet_kill(&lane->tasklet);
		if (!bio_list_empty(&lane->bios))
			tt_fail("a bio is left in a lane");
	}
}

static void nothing(void *unused)
{
}

/* Waits until no lane uses any bio, nor what it leads to. */
void tt_lanes_settle(void)
{
	int cpu;

	while (atomic_read(&side_out))
		schedule_timeout_uninterruptible(1);
	/* After the IPIs that are in progress, which queue irq_works. */
	on_each_cpu(nothing, NULL, 1);
	for_each_possible_cpu(cpu)
		settle_lanes(per_cpu_ptr(lanes, cpu));
}

static void init_lane(struct tt_lane *lane)
{
	spin_lock_init(&lane->lock);
	bio_list_init(&lane->bios);
	INIT_WORK(&lane->work, drive_work);
	timer_setup(&lane->timer, drive_timer, 0);
	tasklet_setup(&lane->tasklet, drive_tasklet);
	test_hrtimer_init(&lane->hrtimer, drive_hrtimer,
			  HRTIMER_MODE_REL_PINNED);
	init_irq_work(&lane->irq_work, drive_irq_work);
	INIT_CSD(&lane->ipi, drive_ipi, lane);
}

int tt_lanes_start(void)
{
	int cpu, i;

	lanes = alloc_percpu(struct tt_lanes);
	if (!lanes)
		return -ENOMEM;
	/*
	 * The lanes are the disks' interrupt, so to speak: they must not wait
	 * for memory.
	 */
	lane_wq =
		alloc_workqueue("torture_lane", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!lane_wq) {
		free_percpu(lanes);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		for (i = 0; i < TT_NR_CONTEXTS; i++)
			init_lane(&per_cpu_ptr(lanes, cpu)->lane[i]);
	return 0;
}

/* When nothing is queued any more */
void tt_lanes_stop(void)
{
	tt_lanes_settle();
	destroy_workqueue(lane_wq);
	free_percpu(lanes);
}
