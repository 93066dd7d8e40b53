// SPDX-License-Identifier: GPL-2.0
/*
 * Callers, and what happens around them
 *
 * Callers write to a stack, one bio after the other, several in flight.
 * Meanwhile sets are starved and fed, other sets come and go, with bios of
 * theirs still out, and CPUs go off line and on line.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "torture.h"

static struct tt_slot *idle_slot(struct tt_caller *caller)
{
	struct tt_slot *slot;

	for (slot = caller->slots; slot < caller->slots + TT_DEPTH; slot++)
		/* pairs with smp_store_release() in root_end_io() */
		if (!smp_load_acquire(&slot->busy))
			return slot;
	return NULL;
}

static bool all_idle(struct tt_caller *caller)
{
	struct tt_slot *slot;

	for (slot = caller->slots; slot < caller->slots + TT_DEPTH; slot++)
		/* pairs with smp_store_release() in root_end_io() */
		if (smp_load_acquire(&slot->busy))
			return false;
	return true;
}

static struct tt_slot *slot_at(struct tt_disk *disk, sector_t sector)
{
	unsigned int nr = sector / TT_REGION;

	return &disk->stack->callers[nr / TT_DEPTH].slots[nr % TT_DEPTH];
}

/* Notes that a part of a caller's bio is at the bottom. */
void tt_slot_reached(struct tt_disk *disk, struct bio *bio)
{
	struct tt_slot *slot = slot_at(disk, bio->bi_iter.bi_sector);
	unsigned int start = bio->bi_iter.bi_sector - slot->start;
	unsigned int end = start + bio_sectors(bio);
	unsigned long flags;
	bool again;

	if (end > TT_REGION) {
		tt_fail("sectors %u to %u of a bio", start, end);
		return;
	}
	spin_lock_irqsave(&slot->lock, flags);
	again = find_next_bit(slot->seen, end, start) < end;
	bitmap_set(slot->seen, start, end - start);
	spin_unlock_irqrestore(&slot->lock, flags);
	if (again)
		tt_fail("sectors %u to %u came twice", start, end);
}

/* Notes that a part of a caller's bio is going to fail. */
void tt_slot_injected(struct tt_disk *disk, struct bio *bio)
{
	WRITE_ONCE(slot_at(disk, bio->bi_iter.bi_sector)->injected, true);
	atomic64_inc(&tt_totals.errors);
}

static void check_vecs(struct tt_slot *slot, struct bio *bio)
{
	unsigned int i;

	if (bio->bi_vcnt != slot->nr_vecs) {
		tt_fail("%u vecs came back of %u", bio->bi_vcnt, slot->nr_vecs);
		return;
	}
	for (i = 0; i < slot->nr_vecs; i++) {
		if (bio->bi_io_vec[i].bv_page != slot->caller->page ||
		    bio->bi_io_vec[i].bv_len != slot->vec_len) {
			tt_fail("vec %u of %u is another bio's", i,
				slot->nr_vecs);
			return;
		}
	}
}

static void check_done(struct tt_slot *slot, struct bio *bio)
{
	unsigned int want = slot->nr_vecs * slot->vec_len >> SECTOR_SHIFT;
	unsigned long flags;
	unsigned int seen;

	spin_lock_irqsave(&slot->lock, flags);
	seen = bitmap_weight(slot->seen, TT_REGION);
	spin_unlock_irqrestore(&slot->lock, flags);
	if (seen != want)
		tt_fail("%u sectors of %u reached the bottom", seen, want);
	if (!!bio->bi_status != READ_ONCE(slot->injected))
		tt_fail("status %d, error injected: %d", bio->bi_status,
			slot->injected);
	check_vecs(slot, bio);
}

static void root_end_io(struct bio *bio)
{
	struct tt_slot *slot = bio->bi_private;
	struct tt_caller *caller = slot->caller;
	struct bio_set *bs = bio->bi_pool;

	check_done(slot, bio);
	if (tt_rand() % 16 == 0)
		tt_side_alloc(bs, true, false);
	tt_tag_dead(bio);
	tt_put(bio);
	atomic64_inc(&tt_totals.ops);
	atomic64_inc(&caller->done);
	/* Ends our use of the slot; pairs with idle_slot() and all_idle(). */
	smp_store_release(&slot->busy, false);
	wake_up(&caller->wait);
}

/* Few vecs, many or any number: each kind of bio its turn. */
static unsigned int pick_vecs(struct rnd_state *rnd)
{
	static const unsigned int limits[] = { 4, 16, 64, 256 };

	return 1 + tt_pick(rnd, limits[tt_pick(rnd, ARRAY_SIZE(limits))]);
}

static void fill_slot(struct tt_slot *slot, struct rnd_state *rnd)
{
	slot->nr_vecs = pick_vecs(rnd);
	slot->vec_len = SECTOR_SIZE << tt_pick(rnd, 4);
	slot->injected = false;
	bitmap_zero(slot->seen, TT_REGION);
}

static void add_vecs(struct bio *bio, struct tt_slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->nr_vecs; i++)
		if (bio_add_page(bio, slot->caller->page, slot->vec_len, 0) !=
		    slot->vec_len)
			tt_fail("no room for vec %u of %u", i, slot->nr_vecs);
}

static struct bio *alloc_root(struct tt_caller *caller, struct tt_slot *slot)
{
	struct tt_stack *stack = caller->stack;
	struct block_device *bdev = stack->disks[stack->nr_disks - 1].disk.bdev;
	struct bio_set *bs = &stack->top.bs;
	bset_opf_t opf = tt_pick(&caller->rnd, 2) ? REQ_OP_READ : REQ_OP_WRITE;
	u32 dice = tt_pick(&caller->rnd, 4);
	struct bio *bio;

	/* Stripped by the module, or else bio_put() goes wrong. */
	if (dice == 0)
		opf |= REQ_ALLOC_CACHE;
	if (dice == 1) {
		bio = bio_alloc_bioset(GFP_NOIO, slot->nr_vecs, bs);
		bio_set_dev(bio, bdev);
		bio->bi_opf = opf;
	} else if (dice == 2 && !bset_kernel_takes) {
		bio = kernel_bio_alloc(bdev, slot->nr_vecs, opf, GFP_NOIO, bs);
	} else {
		bio = bio_alloc_bioset(bdev, slot->nr_vecs, opf, GFP_NOIO, bs);
	}
	return bio;
}

static void submit_one(struct tt_caller *caller, struct tt_slot *slot)
{
	struct bio *bio;

	fill_slot(slot, &caller->rnd);
	bio = alloc_root(caller, slot);
	if (!bio) {
		tt_fail("an allocation that may sleep failed");
		return;
	}
	if (bio->bi_opf & REQ_ALLOC_CACHE)
		tt_fail("REQ_ALLOC_CACHE was left on");
	tt_tag_live(bio);
	add_vecs(bio, slot);
	bio->bi_iter.bi_sector = slot->start;
	bio->bi_private = slot;
	bio->bi_end_io = root_end_io;
	slot->busy = true;
	submit_bio(bio);
}

/* Has a kthread run on some CPU from now on, or on all again. */
void tt_move_elsewhere(struct rnd_state *rnd)
{
	const struct cpumask *mask = cpu_possible_mask;

	/*
	 * A task that is sent to a CPU on its way out may stay where it is not
	 * allowed, which the scheduler complains of later (PREEMPT_RT, 6.1).
	 */
	cpus_read_lock();
	if (tt_pick(rnd, 2))
		mask = cpumask_of(cpumask_any_and_distribute(cpu_online_mask,
							     cpu_online_mask));
	set_cpus_allowed_ptr(current, mask);
	cpus_read_unlock();
}

static void sleep_ms(unsigned int ms)
{
	schedule_timeout_idle(msecs_to_jiffies(ms));
}

static bool may_go_on(struct tt_caller *caller, struct tt_slot **slot)
{
	*slot = idle_slot(caller);
	return *slot || kthread_should_stop();
}

static int caller_thread(void *data)
{
	struct tt_caller *caller = data;
	struct tt_slot *slot = NULL;

	test_faults_hit_me();
	while (READ_ONCE(tt_held) && !kthread_should_stop())
		sleep_ms(100);
	while (!kthread_should_stop()) {
		wait_event_idle(caller->wait, may_go_on(caller, &slot));
		if (!slot)
			continue;
		submit_one(caller, slot);
		if (tt_pick(&caller->rnd, 64) == 0)
			tt_move_elsewhere(&caller->rnd);
		if (tt_pick(&caller->rnd, 256) == 0)
			schedule_timeout_idle(1 + tt_pick(&caller->rnd, 10));
		cond_resched();
	}
	wait_event_idle(caller->wait, all_idle(caller));
	return 0;
}

static int caller_start(struct tt_stack *stack, unsigned int nr)
{
	struct tt_caller *caller = &stack->callers[nr];
	struct task_struct *task;
	unsigned int i;

	caller->stack = stack;
	caller->page = &stack->pages[nr];
	init_waitqueue_head(&caller->wait);
	prandom_seed_state(&caller->rnd, tt_rand());
	for (i = 0; i < TT_DEPTH; i++) {
		caller->slots[i].caller = caller;
		caller->slots[i].start =
			(sector_t)TT_REGION * (nr * TT_DEPTH + i);
		spin_lock_init(&caller->slots[i].lock);
	}
	task = kthread_run(caller_thread, caller, "torture_call/%u", nr);
	if (IS_ERR(task))
		return PTR_ERR(task);
	caller->task = get_task_struct(task);
	return 0;
}

/* tt_callers_stop() is right after a failure, too. */
int tt_callers_start(struct tt_stack *stack)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < stack->nr_callers && !ret; i++)
		ret = caller_start(stack, i);
	return ret;
}

/*
 * Waits for the callers' bios.  The last bio's end_io may still be about to wake
 * its caller: what it uses stays until tt_stack_free().
 */
void tt_callers_stop(struct tt_stack *stack)
{
	struct tt_caller *caller;
	unsigned int i;

	for (i = 0; i < stack->nr_callers; i++) {
		caller = &stack->callers[i];
		if (caller->task)
			kthread_stop(caller->task);
		WRITE_ONCE(caller->ended, true);
	}
}

/* ------------------------------------------------ what happens around them */

static struct {
	struct tt_stack **stacks;
	unsigned int nr_stacks;
	bool starve;
	struct task_struct *starver;
	struct task_struct *churner;
	struct task_struct *plugger;
	struct rnd_state rnd[3]; /* one for each */
} noise;

static bool doze(struct rnd_state *rnd, unsigned int max_ms)
{
	if (!kthread_should_stop())
		sleep_ms(1 + tt_pick(rnd, max_ms));
	return !kthread_should_stop();
}

/* Off, everything, each second, … */
static unsigned int pick_starve(struct rnd_state *rnd)
{
	static const unsigned int nths[] = { 0, 0, 1, 1, 1, 2, 3, 7 };

	return nths[tt_pick(rnd, ARRAY_SIZE(nths))];
}

/*
 * Whether every caller got on since the last time.  To feed a set that hangs
 * would hide from the watchdog what it is there for.
 */
static bool got_on(struct tt_stack *stack)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < stack->nr_callers; i++)
		all &= atomic64_read(&stack->callers[i].done) !=
		       stack->callers[i].done_when_fed;
	return all;
}

static void note_fed(struct tt_stack *stack)
{
	struct tt_caller *caller;
	unsigned int i;

	for (i = 0; i < stack->nr_callers; i++) {
		caller = &stack->callers[i];
		caller->done_when_fed = atomic64_read(&caller->done);
	}
}

static void starve_one(struct rnd_state *rnd)
{
	struct tt_stack *stack = noise.stacks[tt_pick(rnd, noise.nr_stacks)];
	unsigned int nth = pick_starve(rnd);
	struct tt_set *set;

	set = tt_stack_set(stack, tt_pick(rnd, stack->nr_disks + 1));
	if (nth != 1) {
		if (!got_on(stack))
			return;
		note_fed(stack);
	}
	bset_starve(&set->bs, nth);
	atomic64_inc(&tt_totals.starves);
}

/* When nobody is starved everybody takes the fast path. */
static void feed_all(void)
{
	unsigned int i;

	for (i = 0; i < noise.nr_stacks; i++) {
		if (!got_on(noise.stacks[i]))
			continue;
		note_fed(noise.stacks[i]);
		tt_stack_feed(noise.stacks[i]);
	}
}

static int starver_thread(void *unused)
{
	struct rnd_state *rnd = &noise.rnd[0];

	do {
		if (tt_pick(rnd, 4))
			starve_one(rnd);
		else
			feed_all();
	} while (doze(rnd, 100));
	return 0;
}

/* At most as long as a stall: what is missing then is reported. */
static void wait_for_bios(struct tt_set *set)
{
	unsigned long end = jiffies + 10 * HZ;
	struct bioset_stats s;

	while (!bset_get_stats(&set->bs, &s) && s.in_flight &&
	       time_before(jiffies, end))
		schedule_timeout_idle(1);
}

/* What a few bios of a set go through that is not a disk's */
static void use_some(struct rnd_state *rnd, struct bio_set *bs, bool vecs)
{
	unsigned int n = tt_pick(rnd, 16);

	while (n--)
		tt_side_alloc(bs, vecs, tt_pick(rnd, 2));
	atomic64_inc(&tt_totals.sets);
}

static void churn_one(struct rnd_state *rnd)
{
	struct tt_set *set = kzalloc(sizeof(*set), GFP_KERNEL);

	if (!set || tt_set_init(set, rnd, tt_pick(rnd, 2), 0))
		goto free;
	if (noise.starve && tt_pick(rnd, 4) == 0)
		bset_starve(&set->bs, pick_starve(rnd));
	use_some(rnd, &set->bs, set->vecs);
	/* With bios out, or with all of them back and counted. */
	if (tt_pick(rnd, 2)) {
		wait_for_bios(set);
		tt_set_check(set, "a set that came and went");
	}
	tt_set_exit(set);
free:
	kfree(set);
}

/* The same with a set that the module allocates. */
static void churn_created(struct rnd_state *rnd)
{
	const bool vecs = tt_pick(rnd, 2);
	const unsigned int size = 1 + tt_pick(rnd, tt_reserve);
	const unsigned int pad = tt_pick(rnd, 100);
	struct bio_set *bs = vecs ? bioset_create(size, pad)
				  : bioset_create_nobvec(size, pad);

	if (bs)
		use_some(rnd, bs, vecs);
	bioset_free(bs);
}

static int churner_thread(void *unused)
{
	struct rnd_state *rnd = &noise.rnd[1];

	do {
		if (tt_pick(rnd, 2))
			churn_one(rnd);
		else
			churn_created(rnd);
	} while (doze(rnd, 20));
	return 0;
}

static void flip_cpu(struct rnd_state *rnd)
{
	unsigned int cpu = tt_pick(rnd, nr_cpu_ids);
	int ret;

	if (!cpu_possible(cpu) || !get_cpu_device(cpu))
		return;
	ret = cpu_online(cpu) ? test_remove_cpu(cpu) : test_add_cpu(cpu);
	if (!ret)
		atomic64_inc(&tt_totals.hotplugs);
}

static void all_cpus_on(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (cpu_present(cpu) && !cpu_online(cpu) && test_add_cpu(cpu))
			tt_fail("CPU %u did not come back", cpu);
}

static int plugger_thread(void *unused)
{
	struct rnd_state *rnd = &noise.rnd[2];

	while (doze(rnd, 300))
		flip_cpu(rnd);
	all_cpus_on();
	return 0;
}

static void noise_stop(struct task_struct **task)
{
	if (*task)
		kthread_stop(*task);
	*task = NULL;
}

static int noise_start(struct task_struct **task, int (*fn)(void *),
		       const char *name)
{
	struct task_struct *t = kthread_run(fn, NULL, "torture_%s", name);

	if (IS_ERR(t))
		return PTR_ERR(t);
	*task = t;
	return 0;
}

/*
 * Begins with starvation, coming and going sets, hotplug.  tt_noise_stop() is
 * right after a failure, too.
 */
int tt_noise_start(struct tt_stack **stacks, unsigned int nr_stacks, u64 seed,
		   bool starve)
{
	int i, ret;

	noise.stacks = stacks;
	noise.nr_stacks = nr_stacks;
	for (i = 0; i < ARRAY_SIZE(noise.rnd); i++)
		prandom_seed_state(&noise.rnd[i], seed + i);
	noise.starve = starve;
	ret = noise_start(&noise.churner, churner_thread, "churn");
	if (!ret && starve)
		ret = noise_start(&noise.starver, starver_thread, "starve");
	if (!ret)
		ret = tt_hammer_start(seed);
	if (!ret)
		ret = noise_start(&noise.plugger, plugger_thread, "plug");
	return ret;
}

/* All CPUs are on line again after it. */
void tt_noise_stop(void)
{
	noise_stop(&noise.plugger);
	tt_hammer_stop();
	noise_stop(&noise.churner);
	noise_stop(&noise.starver);
}
