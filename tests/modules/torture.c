// SPDX-License-Identifier: GPL-2.0
/*
 * Long random runs on bio_sets, with a verdict
 *
 * In the manner of rcutorture: loading the module starts a run, which ends
 * with the line "torture: seed S: PASS" or "FAIL" in the log and the same word
 * in the parameter "result".  A run is a number of rounds.  Each draws stacks
 * of disks from the seed, runs them for some seconds, takes them down and
 * counts: every bio back, every reserve whole.
 *
 * A watchdog looks for stacks whose bios do not complete any more.  Every run
 * has the watchdog prove itself on a stack without rescuers, which must hang.
 */
#define pr_fmt(fmt) "torture: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/sched/debug.h>
#include <linux/slab.h>

#include "torture.h"

#define TT_STACKS 2 /* in a round */
#define TT_MAX_CALLERS 16

static unsigned int seconds = 30; /* how long to run (default 30) */
module_param(seconds, uint, 0444);
static unsigned int round_secs = 5; /* how long each round is (default 5) */
module_param(round_secs, uint, 0444);
static unsigned long seed; /* what the run is drawn from (default 0: any) */
module_param(seed, ulong, 0444);
/* Tasks that submit to each stack (default 2) */
static unsigned int callers = 2;
module_param(callers, uint, 0444);
/* Seconds without a completion that are a stall (default 10) */
static unsigned int stall_secs = 10;
module_param(stall_secs, uint, 0444);
/* Make sets without rescuers: the run must fail (default N) */
static bool no_rescuer;
module_param(no_rescuer, bool, 0444);
static bool noise = true; /* starve sets, make and free others (default Y) */
module_param(noise, bool, 0444);
static bool pin; /* switch code paths between rounds only (default N) */
module_param(pin, bool, 0444);
static unsigned int hold; /* seconds before callers begin a round (default 0) */
module_param(hold, uint, 0444);

static char result[16] = "running";
module_param_string(result, result, sizeof(result), 0444);
MODULE_PARM_DESC(result, "running, PASS or FAIL (output)");

struct tt_totals tt_totals;
unsigned int tt_reserve = 4; /* the largest of a set */
bool tt_held; /* callers do not begin yet */

static DEFINE_PER_CPU(struct rnd_state, cpu_rnd);
static struct task_struct *control;
static atomic_t failures;
static bool negative; /* the negative control runs: stalls are wanted */

/* Notes that something went wrong, and says what; in any context. */
void tt_fail(const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (atomic_inc_return(&failures) > 20)
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_err("failure: %pV\n", &vaf);
	va_end(args);
}

/* A random number where there is no state of one's own; not in an NMI. */
u32 tt_rand(void)
{
	unsigned long flags;
	u32 n;

	local_irq_save(flags);
	n = prandom_u32_state(this_cpu_ptr(&cpu_rnd));
	local_irq_restore(flags);
	return n;
}

/*
 * Makes a set with a random reserve and pad.  tt_set_exit() is right after a
 * failure, too.
 */
int tt_set_init(struct tt_set *set, struct rnd_state *rnd, bool vecs, int flags)
{
	static const unsigned int pads[] = { 0, 8, 16, 33, 64, 129 };
	int ret;

	set->pool_size = 1 + tt_pick(rnd, tt_reserve);
	set->vecs = vecs;
	set->rescuer = !(flags & BSET_NO_RESCUER);
	if (vecs)
		flags |= BIOSET_NEED_BVECS;
	ret = bioset_init(&set->bs, set->pool_size,
			  pads[tt_pick(rnd, ARRAY_SIZE(pads))], flags);
	set->ready = !ret;
	return ret;
}

static void add_stats(struct tt_set *set)
{
	struct bioset_stats s;

	if (bset_get_stats(&set->bs, &s))
		return;
	tt_totals.allocs += s.allocs;
	tt_totals.punted += s.punted;
	tt_totals.rescued += s.rescued;
	tt_totals.waits += s.waits;
	tt_totals.longest_wait_ms =
		max(tt_totals.longest_wait_ms, s.longest_wait_ms);
}

/* Takes a set away, if it is there. */
void tt_set_exit(struct tt_set *set)
{
	if (set->ready)
		bioset_exit(&set->bs);
	set->ready = false;
}

/* Checks that a set, which nobody uses, has everything back. */
void tt_set_check(struct tt_set *set, const char *what)
{
	struct bioset_stats s;

	if (bset_get_stats(&set->bs, &s)) {
		tt_fail("%s: not a set any more", what);
		return;
	}
	if (s.in_flight || s.allocs != s.puts)
		tt_fail("%s: %llu allocs, %llu puts, %llu in flight", what,
			s.allocs, s.puts, s.in_flight);
	if (s.reserve != set->pool_size)
		tt_fail("%s: reserve %u of %u", what, s.reserve,
			set->pool_size);
	if (s.vec_reserve != (set->vecs ? set->pool_size : 0))
		tt_fail("%s: reserve of arrays %u of %u", what, s.vec_reserve,
			set->pool_size);
	/* The kernel punts bios as well, for what it allocates itself. */
	if (s.rescued < s.punted)
		tt_fail("%s: %llu bios punted, %llu rescued", what, s.punted,
			s.rescued);
}

static void check_stack(struct tt_stack *stack)
{
	struct tt_set *set;
	unsigned int i;

	for (i = 0; (set = tt_stack_set(stack, i)); i++) {
		tt_set_check(set, i ? "a disk's set" : "the callers' set");
		add_stats(set);
	}
}

/* ------------------------------------------------------------- the watchdog */

struct watch {
	struct {
		s64 done;
		unsigned long since; /* when done had its value first */
	} caller[TT_MAX_CALLERS];
	bool fired;
};

static void report_stall(struct tt_stack *stack, unsigned int nr,
			 unsigned long since)
{
	pr_err("watchdog: no bio of caller %u on %u disks completed for %u ms\n",
	       nr, stack->nr_disks, jiffies_to_msecs(jiffies - since));
	tt_stack_dump(stack);
	if (!negative)
		sched_show_task(stack->callers[nr].task);
}

static bool watch_caller(struct watch *w, struct tt_stack *stack,
			 unsigned int nr, unsigned long limit)
{
	s64 done = atomic64_read(&stack->callers[nr].done);

	if (done != w->caller[nr].done || !w->caller[nr].since) {
		w->caller[nr].done = done;
		w->caller[nr].since = jiffies;
		return false;
	}
	if (READ_ONCE(stack->callers[nr].ended) ||
	    time_before(jiffies, w->caller[nr].since + limit))
		return false;
	report_stall(stack, nr, w->caller[nr].since);
	return true;
}

/* True when the stack stalls; it is unblocked then, as well as can be. */
static bool watch(struct watch *w, struct tt_stack *stack, unsigned long limit)
{
	unsigned int i;

	for (i = 0; i < stack->nr_callers && !w->fired; i++)
		w->fired = watch_caller(w, stack, i, limit);
	if (w->fired)
		tt_stack_feed(stack);
	return w->fired;
}

/* ------------------------------------------------------------------- rounds */

static struct {
	struct tt_stack *stacks[TT_STACKS];
	struct watch watch[TT_STACKS];
	unsigned int nr;
	bool stopped;
} round;

static int make_stacks(struct rnd_state *rnd)
{
	const int flags = no_rescuer ? BSET_NO_RESCUER : 0;
	struct tt_stack *stack;
	unsigned int disks;

	memset(&round, 0, sizeof(round));
	while (round.nr < TT_STACKS) {
		disks = 1 + tt_pick(rnd, TT_MAX_DISKS);
		stack = tt_stack_make(rnd, disks, callers, flags);
		if (!stack)
			return -ENOMEM;
		round.stacks[round.nr++] = stack;
	}
	return 0;
}

static void free_stacks(void)
{
	unsigned int i;

	for (i = 0; i < round.nr; i++)
		tt_stack_free(round.stacks[i]);
	round.nr = 0;
}

/* True when one of the stacks stalls. */
static bool watch_stacks(void)
{
	bool stalled = false;
	unsigned int i;

	for (i = 0; i < round.nr; i++)
		stalled |= watch(&round.watch[i], round.stacks[i],
				 stall_secs * HZ);
	return stalled;
}

static void watch_until(unsigned long end)
{
	while (time_before(jiffies, end) && !kthread_should_stop()) {
		if (watch_stacks())
			return;
		schedule_timeout_idle(HZ / 10);
	}
}

static int stopper(void *unused)
{
	unsigned int i;

	for (i = 0; i < round.nr; i++)
		tt_callers_stop(round.stacks[i]);
	/* pairs with smp_load_acquire() in stop_callers() */
	smp_store_release(&round.stopped, true);
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	return 0;
}

/*
 * Another task waits for the callers' last bios, for we have to watch.  The
 * noise goes on meanwhile.
 */
static void stop_callers(void)
{
	struct task_struct *task;

	task = kthread_run(stopper, NULL, "torture_stop");
	if (IS_ERR(task)) {
		tt_fail("no thread to stop the callers");
		return;
	}
	/* pairs with smp_store_release() in stopper() */
	while (!smp_load_acquire(&round.stopped)) {
		watch_stacks();
		schedule_timeout_idle(HZ / 10);
	}
	kthread_stop(task);
}

static void finish_round(void)
{
	unsigned int i;

	for (i = 0; i < round.nr; i++) {
		if (round.watch[i].fired)
			tt_fail("stack %u stalled", i);
		tt_stack_feed(round.stacks[i]);
		check_stack(round.stacks[i]);
	}
	free_stacks();
}

/*
 * The first starved set switches all of the module to its slow path, by changing
 * its code, and the last one that is fed switches it back.  Some emulators do
 * not get it right when another CPU executes what is being changed.  For those
 * every other round is free from starvation, and in the rest a set that nobody
 * uses is starved from before the first bio until after the last one.
 */
static struct tt_set pinned;

static bool pin_path(struct rnd_state *rnd, unsigned int nr)
{
	if (!pin)
		return true;
	if (nr % 2 == 0 || tt_set_init(&pinned, rnd, false, 0))
		return false;
	bset_starve(&pinned.bs, 1);
	return true;
}

static void hold_callers(void)
{
	const unsigned long end = jiffies + hold * HZ;

	while (time_before(jiffies, end) && !kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	WRITE_ONCE(tt_held, false);
}

static void run_round(struct rnd_state *rnd, unsigned int nr,
		      unsigned long length)
{
	const bool starve = pin_path(rnd, nr);
	unsigned int i;

	if (make_stacks(rnd)) {
		tt_fail("no stacks");
		free_stacks();
		return;
	}
	WRITE_ONCE(tt_held, true);
	for (i = 0; i < round.nr; i++)
		if (tt_callers_start(round.stacks[i]))
			tt_fail("no callers");
	if (noise && tt_noise_start(round.stacks, round.nr,
				    prandom_u32_state(rnd), starve))
		tt_fail("no noise");
	hold_callers();
	watch_until(jiffies + length);
	stop_callers();
	tt_noise_stop();
	tt_lanes_settle();
	finish_round();
	tt_set_exit(&pinned);
}

/* ----------------------------------------------------- the negative control */

/*
 * One caller, a disk that needs a second bio of its set for each bio that it
 * gets, a reserve of one, no memory but that, and no rescuer.
 */
static struct tt_stack *make_hanging(struct rnd_state *rnd)
{
	const unsigned int reserve = tt_reserve;
	struct tt_stack *stack;

	tt_reserve = 1;
	stack = tt_stack_make(rnd, 2, 1, BSET_NO_RESCUER);
	tt_reserve = reserve;
	if (stack)
		bset_starve(&stack->disks[1].set.bs, 1);
	return stack;
}

/* Whether the watchdog fires in time on a stack that cannot but hang. */
static void run_negative(struct rnd_state *rnd)
{
	const unsigned long limit = 2 * HZ;
	const unsigned long end = jiffies + limit + 20 * HZ;
	struct tt_stack *stack = make_hanging(rnd);
	struct watch w = {};

	if (!stack) {
		tt_fail("no stack for the negative control");
		return;
	}
	negative = true;
	if (tt_callers_start(stack))
		tt_fail("no caller for the negative control");
	while (!watch(&w, stack, limit) && time_before(jiffies, end))
		schedule_timeout_idle(HZ / 10);
	if (w.fired)
		pr_info("negative control: hangs without a rescuer, as it must\n");
	else
		tt_fail("the watchdog did not fire without a rescuer");
	tt_stack_feed(stack);
	tt_callers_stop(stack);
	tt_lanes_settle();
	check_stack(stack);
	tt_stack_free(stack);
	negative = false;
	memset(&tt_totals, 0, sizeof(tt_totals));
}

/* -------------------------------------------------------------- the verdict */

/* A run that did not meet what it is for has shown nothing. */
static void check_exercise(void)
{
	if (seconds < 10 || no_rescuer)
		return;
	/* In a short run the stacks that split may never have been starved. */
	if (seconds >= 20 && (!tt_totals.punted || !tt_totals.rescued))
		tt_fail("nothing was punted");
	if (!tt_totals.waits)
		tt_fail("nothing waited");
	if (!atomic64_read(&tt_totals.in_softirq) ||
	    !atomic64_read(&tt_totals.in_task))
		tt_fail("a context is missing");
	if (!TEST_PREEMPT_RT && !atomic64_read(&tt_totals.in_hardirq))
		tt_fail("nothing completed in hard interrupt context");
	if (noise && num_possible_cpus() > 1 &&
	    !atomic64_read(&tt_totals.hotplugs))
		tt_fail("no CPU went");
}

static void print_totals(unsigned int rounds)
{
	struct tt_totals *t = &tt_totals;

	pr_info("%u rounds, %lld bios, %lld clones, %lld splits, %lld errors injected\n",
		rounds, atomic64_read(&t->ops), atomic64_read(&t->clones),
		atomic64_read(&t->splits), atomic64_read(&t->errors));
	pr_info("completed in task %lld, softirq %lld, hard interrupt %lld; allocated there without sleeping %lld, without success %lld\n",
		atomic64_read(&t->in_task), atomic64_read(&t->in_softirq),
		atomic64_read(&t->in_hardirq), atomic64_read(&t->side_allocs),
		atomic64_read(&t->side_misses));
	pr_info("allocs %llu, punted %llu, rescued %llu, waits %llu, longest wait %llu ms\n",
		t->allocs, t->punted, t->rescued, t->waits, t->longest_wait_ms);
	pr_info("sets made and freed %lld, starve switched %lld, CPUs off or on %lld, bursts under interrupts %lld\n",
		atomic64_read(&t->sets), atomic64_read(&t->starves),
		atomic64_read(&t->hotplugs), atomic64_read(&t->bursts));
}

static void verdict(unsigned int rounds)
{
	int n;

	check_exercise();
	print_totals(rounds);
	n = atomic_read(&failures);
	if (kthread_should_stop())
		pr_info("seed %lu: FAIL, stopped early\n", seed);
	else
		pr_info("seed %lu: %s %d failures\n", seed, n ? "FAIL" : "PASS",
			n);
	strscpy(result, n || kthread_should_stop() ? "FAIL" : "PASS",
		sizeof(result));
}

/*
 * Where the module tracks all sets, a set that is always there: without it the
 * first set that is made and the last that goes would switch the tracking's
 * tracepoint on and off, and so patch code, while all else runs.
 */
static struct bio_set keep_on;

static void keep_path(void)
{
	if (pin && bioset_init(&keep_on, 1, 0, 0))
		tt_fail("no set that keeps the tracking on");
}

static int control_thread(void *unused)
{
	const unsigned long length = round_secs * HZ;
	unsigned long end, left;
	unsigned int rounds = 0;
	struct rnd_state rnd;

	keep_path();
	prandom_seed_state(&rnd, seed);
	run_negative(&rnd);
	end = jiffies + seconds * HZ;
	do {
		left = end - jiffies;
		run_round(&rnd, ++rounds, min(left, length));
	} while (time_before(jiffies, end) && !atomic_read(&failures) &&
		 !kthread_should_stop());
	verdict(rounds);
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	bioset_exit(&keep_on);
	return 0;
}

static int check_params(void)
{
	if (!seconds || !round_secs || !stall_secs)
		pr_err("seconds, round_secs and stall_secs must not be 0\n");
	else if (!callers || callers > TT_MAX_CALLERS)
		pr_err("callers=%u: not 1 to %u\n", callers, TT_MAX_CALLERS);
	else
		return 0;
	return -EINVAL;
}

static int __init torture_init(void)
{
	int cpu, ret;

	ret = check_params();
	if (ret)
		return ret;
	while (!seed)
		seed = get_random_u32();
	for_each_possible_cpu(cpu)
		prandom_seed_state(per_cpu_ptr(&cpu_rnd, cpu), seed + cpu);
	ret = tt_lanes_start();
	if (ret)
		return ret;
	pr_info("seed %lu: %u s, %u callers on each stack, %u CPUs\n", seed,
		seconds, callers, num_online_cpus());
	control = kthread_run(control_thread, NULL, "torture");
	if (IS_ERR(control)) {
		tt_lanes_stop();
		return PTR_ERR(control);
	}
	return 0;
}

static void __exit torture_exit(void)
{
	kthread_stop(control);
	tt_lanes_stop();
}

TEST_IMPORT_INTERNAL();
module_init(torture_init);
module_exit(torture_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Long random runs on bio_sets, with a verdict");
