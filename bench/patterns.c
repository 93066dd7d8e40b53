// SPDX-License-Identifier: GPL-2.0
/*
 * patterns.c - many bios in flight, puts in interrupts, no memory
 */
#include <linux/interrupt.h>
#include <linux/irq_work.h>

#include "bench.h"

#define ROUNDS 4

static const struct variant *const all[] = {
	&v_slab, &v_kmalloc, &v_kernel, &v_percpu, &v_ours, &v_ours_kput,
};

/* A batch is allocated, then all of it is put. */
static u64 time_depth(const struct job *job)
{
	u64 start = ktime_get_ns();
	int i;

	for (i = 0; i < ROUNDS; i++) {
		job->v->get(job);
		job->v->put(job);
	}
	return tenths(ktime_get_ns() - start, ROUNDS * job->n);
}

void bench_depth(void)
{
	int i, j;

	for (i = 0; i < ARRAY_SIZE(bench_sizes); i++)
		for (j = 0; j < ARRAY_SIZE(all); j++)
			bench_cell("64 in flight, then all put", time_depth,
				   all[j], all[j]->sets, bench_sizes[i]);
}

/* One half of a pair, in batches that the caches hold */
#define HALF_BATCH 16

static u64 time_half(const struct job *job, bool alloc)
{
	struct job few = *job;
	u64 start, ns = 0;
	int i;

	few.n = HALF_BATCH;
	for (i = 0; i < ROUNDS; i++) {
		start = ktime_get_ns();
		job->v->get(&few);
		if (alloc)
			ns += ktime_get_ns() - start;
		else
			start = ktime_get_ns();
		job->v->put(&few);
		if (!alloc)
			ns += ktime_get_ns() - start;
	}
	return tenths(ns, ROUNDS * HALF_BATCH);
}

static u64 time_alloc(const struct job *job)
{
	return time_half(job, true);
}

static u64 time_put(const struct job *job)
{
	return time_half(job, false);
}

void bench_halves(void)
{
	static const struct variant *const variants[] = { &v_kernel, &v_ours };
	static const unsigned int sizes[] = { 0, 256 };
	int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(variants); j++) {
			bench_cell("Allocation alone", time_alloc, variants[j],
				   variants[j]->sets, sizes[i]);
			bench_cell("Put alone", time_put, variants[j],
				   variants[j]->sets, sizes[i]);
		}
	}
}

/* A put in an interrupt: its time is taken inside. */
static struct {
	const struct job *job;
	u64 ns;
	bool done;
} interrupt;

static void in_interrupt_put(void)
{
	u64 start = ktime_get_ns();

	interrupt.job->v->put(interrupt.job);
	interrupt.ns = ktime_get_ns() - start;
	WRITE_ONCE(interrupt.done, true);
}

static void hardirq_fn(struct irq_work *work)
{
	in_interrupt_put();
}

static void softirq_fn(struct tasklet_struct *tasklet)
{
	in_interrupt_put();
}

static DEFINE_IRQ_WORK(hardirq, hardirq_fn);
static DECLARE_TASKLET(softirq, softirq_fn);

static void raise_hardirq(void)
{
	irq_work_queue(&hardirq);
	irq_work_sync(&hardirq);
}

static void raise_softirq_here(void)
{
	local_bh_disable();
	tasklet_schedule(&softirq);
	local_bh_enable();
}

static u64 time_interrupt(const struct job *job, void (*raise)(void))
{
	u64 start, ns = 0;
	int i;

	interrupt.job = job;
	for (i = 0; i < ROUNDS; i++) {
		start = ktime_get_ns();
		job->v->get(job);
		ns += ktime_get_ns() - start;
		interrupt.done = false;
		raise();
		WARN_ON_ONCE(!READ_ONCE(interrupt.done));
		ns += interrupt.ns;
	}
	return tenths(ns, ROUNDS * job->n);
}

static u64 time_hardirq(const struct job *job)
{
	return time_interrupt(job, raise_hardirq);
}

static u64 time_softirq(const struct job *job)
{
	return time_interrupt(job, raise_softirq_here);
}

/* What the interrupts themselves cost, which the above leaves out. */
static u64 time_raise(const struct job *job, void (*raise)(void))
{
	u64 start = ktime_get_ns();
	int i;

	interrupt.job = job;
	for (i = 0; i < ROUNDS; i++)
		raise();
	return tenths(ktime_get_ns() - start, ROUNDS);
}

static u64 time_raise_hardirq(const struct job *job)
{
	return time_raise(job, raise_hardirq);
}

static u64 time_raise_softirq(const struct job *job)
{
	return time_raise(job, raise_softirq_here);
}

void bench_interrupts(void)
{
	const struct job empty = { .v = &v_empty };
	int i, j;

	for (i = 0; i < ARRAY_SIZE(bench_sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(all); j++) {
			if (!all[j]->irq_ok)
				continue;
			bench_cell("Put in softirq", time_softirq, all[j],
				   all[j]->sets, bench_sizes[i]);
			bench_cell("Put in hard IRQ", time_hardirq, all[j],
				   all[j]->sets, bench_sizes[i]);
		}
	}
	bench_report("The interrupt itself", "softirq", "instructions",
		     bench_measure(time_raise_softirq, &empty));
	bench_report("The interrupt itself", "hard IRQ", "instructions",
		     bench_measure(time_raise_hardirq, &empty));
}

/*
 * No memory but the reserve.  Ours has a switch for that.  A set of the
 * kernel's is given callbacks that never find memory; what its pools put back
 * still goes to the reserve.  Its arrays of 5...128 vecs cannot be starved from
 * outside: they come from slabs of the kernel's own.  So does all of it on
 * kernels that ask the slab before the pool: a bio or array for which nobody
 * called back was not starved, and is no result.
 */
static unsigned int asked;

static void *find_nothing(gfp_t gfp, void *data)
{
	asked++;
	return NULL;
}

static void starve_kernels(unsigned int vecs)
{
	struct job one = { .bs = &bench_kernels[1], .vecs = vecs, .n = 1 };
	const unsigned int least = vecs > 4 ? 1 : 0;

	asked = 0;
	v_kernel.pairs(&one);
	if (asked > least)
		bench_cell("Only the reserve left", bench_time_pairs, &v_kernel,
			   &bench_kernels[1], vecs);
}

int bench_starved(void)
{
	static const unsigned int sizes[] = { 0, 4, 256 };
	mempool_alloc_t *bios = bench_kernels[1].bio_pool.alloc;
	mempool_alloc_t *vecs = bench_kernels[1].bvec_pool.alloc;
	int i, ret;

	ret = bset_starve(&bench_ours[1], 1);
	if (ret)
		return ret;
	bench_kernels[1].bio_pool.alloc = find_nothing;
	bench_kernels[1].bvec_pool.alloc = find_nothing;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		starve_kernels(sizes[i]);
		bench_cell("Only the reserve left", bench_time_pairs, &v_ours,
			   &bench_ours[1], sizes[i]);
		bench_cell("Only the reserve left", bench_time_pairs,
			   &v_ours_kput, &bench_ours[1], sizes[i]);
	}
	bench_kernels[1].bio_pool.alloc = bios;
	bench_kernels[1].bvec_pool.alloc = vecs;
	return bset_starve(&bench_ours[1], 0);
}
