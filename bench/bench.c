// SPDX-License-Identifier: GPL-2.0
/*
 * bench.c - what an allocation costs, next to the kernel's own
 *
 * Prints lines "bench: result PART|ROW|COLUMN|LEAST|MEDIAN", as tables call them, in
 * nanoseconds for each operation; bench/run has it run where a nanosecond is an
 * instruction.
 */
#define pr_fmt(fmt) "bench: " fmt

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "bench.h"

#define ITERATIONS 1024
#define MAX_REPS 101U

static char *parts[8] = { "pairs" };
static unsigned int nr_parts = 1;
module_param_array_named(part, parts, charp, &nr_parts, 0444);
MODULE_PARM_DESC(part,
		 "pairs, halves, depth, irq, starved, smp, sets, io, native");

static unsigned int reps = 9;
module_param(reps, uint, 0444);
MODULE_PARM_DESC(reps, "repetitions, 1 to 101 (default 9)");

static bool quick;
module_param(quick, bool, 0444);
MODULE_PARM_DESC(quick, "part=pairs: only the most important columns");

const unsigned int bench_sizes[8] = { 0, 1, 4, 5, 16, 64, 128, 256 };
struct bio_set bench_ours[2], bench_kernels[2], bench_percpu[2];

static struct bio *batch[BATCH];

int bench_cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The first run is for warming up. */
struct result bench_measure(timed_fn *fn, const struct job *job)
{
	static u64 t[MAX_REPS];
	const unsigned int n = clamp(reps, 1U, MAX_REPS);
	unsigned int i;

	fn(job);
	/*
	 * No other task may have the CPU in a run, its slice would be counted;
	 * where preemption is lazy (7.2), cond_resched() does not keep it out.
	 * Nor may one wait for it, or each preempt_enable() takes some
	 * instructions more: on 6.1 a request from before the change of class is
	 * still there, and cond_resched() ends it.
	 */
	sched_set_fifo(current);
	for (i = 0; i < n; i++) {
		cond_resched();
		t[i] = fn(job);
	}
	sched_set_normal(current, 0);
	sort(t, n, sizeof(t[0]), bench_cmp_u64, NULL);
	return (struct result){ .least = t[0], .median = t[n / 2] };
}

void bench_report(const char *part, const char *row, const char *column,
		  struct result r)
{
	u32 least, median;
	u64 least_ns = div_u64_rem(r.least, 10, &least);
	u64 median_ns = div_u64_rem(r.median, 10, &median);

	pr_info("result %s|%s|%s|%llu.%u|%llu.%u\n", part, row, column,
		least_ns, least, median_ns, median);
	cond_resched();
}

/* Measures one number of a table and subtracts what the measuring costs. */
void bench_cell(const char *part, timed_fn *fn, const struct variant *v,
		struct bio_set *bs, unsigned int vecs)
{
	struct job job = { .v = &v_empty,
			   .bs = bs,
			   .vecs = vecs,
			   .n = BATCH,
			   .batch = batch };
	struct result base, r;
	char row[8];

	/* Before 5.18 there is nothing to be compared with. */
	if (v == &v_percpu && !TEST_KERNEL_HAS_CACHE)
		return;
	bench_slab_select(vecs);
	base = bench_measure(fn, &job);
	job.v = v;
	r = bench_measure(fn, &job);
	r.least -= min(base.least, r.least);
	r.median -= min(base.median, r.median);
	snprintf(row, sizeof(row), "%u", vecs);
	bench_report(part, row, v->name, r);
}

u64 bench_time_pairs(const struct job *job)
{
	struct job many = *job;
	u64 start;

	many.n = ITERATIONS;
	start = ktime_get_ns();
	job->v->pairs(&many);
	return tenths(ktime_get_ns() - start, ITERATIONS);
}

static void pairs(void)
{
	static const struct variant *const variants[] = {
		&v_init,   &v_slab, &v_kmalloc,	 &v_kernel,
		&v_percpu, &v_ours, &v_ours_4_6, &v_ours_kput,
	};
	/* For the impatient, only those that a change of ours can change */
	const int first = quick ? 3 : 0;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(bench_sizes); i++)
		for (j = first; j < ARRAY_SIZE(variants); j++)
			bench_cell("Allocation and put", bench_time_pairs,
				   variants[j], variants[j]->sets,
				   bench_sizes[i]);
}

static int run_part(const char *part)
{
	if (!strcmp(part, "pairs"))
		pairs();
	else if (!strcmp(part, "halves"))
		bench_halves();
	else if (!strcmp(part, "depth"))
		bench_depth();
	else if (!strcmp(part, "irq"))
		bench_interrupts();
	else if (!strcmp(part, "starved"))
		return bench_starved();
	else if (!strcmp(part, "smp"))
		return bench_smp();
	else if (!strcmp(part, "io"))
		return bench_io();
	else if (!strcmp(part, "native"))
		bench_native();
	else if (!strcmp(part, "sets"))
		return bench_sets_init();
	else
		return -EINVAL;
	return 0;
}

static void free_sets(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		bioset_exit(&bench_percpu[i]);
		bioset_exit(&bench_kernels[i]);
		bset_exit(&bench_ours[i]);
	}
	bench_slabs_exit();
}

static int make_sets(void)
{
	int i, ret = bench_slabs_init();

	for (i = 0; i < 2 && !ret; i++) {
		ret = bset_init(&bench_ours[i], POOL_SIZE, FRONT_PAD,
				BIOSET_NEED_BVECS);
		if (!ret)
			ret = bioset_init(&bench_kernels[i], POOL_SIZE,
					  FRONT_PAD,
					  BIOSET_NEED_BVECS |
						  BIOSET_NEED_RESCUER);
		if (!ret)
			ret = bioset_init(&bench_percpu[i], POOL_SIZE,
					  FRONT_PAD,
					  BIOSET_NEED_BVECS |
						  BIOSET_PERCPU_CACHE);
	}
	return ret;
}

static int __init bench_init(void)
{
	unsigned int i;
	int ret;

	ret = make_sets();
	for (i = 0; i < nr_parts && !ret; i++)
		ret = run_part(parts[i]);
	free_sets();
	return ret;
}

static void __exit bench_exit(void)
{
	bench_sets_exit();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of bioset_core");
