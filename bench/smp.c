// SPDX-License-Identifier: GPL-2.0
/*
 * smp.c - two CPUs
 *
 * A second CPU and counting instructions do not go together in the emulator (see
 * docs/performance.md), so these are times, to be read as ratios only.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "bench.h"

#define CROSS_ROUNDS 8
#define BOTH_ROUNDS 256

static const struct variant *const all[] = {
	&v_slab, &v_kmalloc, &v_kernel, &v_percpu, &v_ours, &v_ours_kput,
};

/* The sleep lets the CPU that called us come to rest. */
static long put_here(void *arg)
{
	const struct job *job = arg;
	u64 start;

	usleep_range(50, 60);
	start = ktime_get_ns();
	job->v->put(job);
	return ktime_get_ns() - start;
}

/* Allocated on one CPU, put on the other: a batch at a time is handed over. */
static u64 time_cross(const struct job *job)
{
	u64 start, ns = 0;
	int i;

	for (i = 0; i < CROSS_ROUNDS; i++) {
		usleep_range(50, 60);
		start = ktime_get_ns();
		job->v->get(job);
		ns += ktime_get_ns() - start;
		ns += work_on_cpu(1, put_here, (void *)job);
	}
	return tenths(ns, CROSS_ROUNDS * job->n);
}

/* Both CPUs allocate and put at the same time. */
struct both {
	struct work_struct work;
	struct job job;
	u64 ns;
};

static atomic_t ready;
static bool own_sets;

static u64 run_both(const struct job *job)
{
	struct job many = *job;
	u64 start;

	many.n = BOTH_ROUNDS;
	atomic_inc(&ready);
	while (atomic_read(&ready) < 2)
		cpu_relax();
	start = ktime_get_ns();
	job->v->pairs(&many);
	return ktime_get_ns() - start;
}

static void both_fn(struct work_struct *work)
{
	struct both *other = container_of(work, struct both, work);

	other->ns = run_both(&other->job);
}

static u64 time_both(const struct job *job)
{
	struct both other = { .job = *job };
	u64 ns;

	if (own_sets && job->bs)
		other.job.bs = job->bs + 1;
	atomic_set(&ready, 0);
	INIT_WORK_ONSTACK(&other.work, both_fn);
	queue_work_on(1, system_highpri_wq, &other.work);
	ns = run_both(job);
	flush_work(&other.work);
	destroy_work_on_stack(&other.work);
	return tenths(ns + other.ns, 2 * BOTH_ROUNDS);
}

/*
 * That two CPUs write to one line costs no instruction.  So look: no byte of
 * what they share about a set (the public struct, and the private one that it
 * leads to) may change while bios come and go.
 */
struct look {
	u8 *public, *private;
	size_t size;
};

static struct bio *held[2];

static int look_at(struct look *look, const struct bio_set *bs)
{
	const void *private = bs->bio_pool.pool_data;

	look->size = ksize(private);
	look->public = kmemdup(bs, sizeof(*bs), GFP_KERNEL);
	look->private = kmemdup(private, look->size, GFP_KERNEL);
	return look->public && look->private ? 0 : -ENOMEM;
}

static void look_away(struct look *look)
{
	kfree(look->public);
	kfree(look->private);
}

static u64 changed_bytes(const struct look *look, const struct bio_set *bs)
{
	const u8 *public = (const u8 *)bs;
	const u8 *private = bs->bio_pool.pool_data;
	u64 n = 0;
	size_t i;

	for (i = 0; i < sizeof(*bs); i++)
		n += public[i] != look->public[i];
	for (i = 0; i < look->size; i++)
		n += private[i] != look->private[i];
	return n;
}

static long hold_one(void *bs)
{
	held[smp_processor_id()] =
		bset_alloc(NULL, 4, REQ_OP_WRITE, GFP_NOIO, bs);
	return 0;
}

static long drop_one(void *arg)
{
	bset_put(held[smp_processor_id()]);
	return 0;
}

static int bench_shared_bytes(struct bio_set *bs)
{
	struct result out = {}, back = {};
	struct look look = {};
	int cpu, ret;

	for (cpu = 0; cpu < 2; cpu++) {
		work_on_cpu(cpu, hold_one, bs);
		work_on_cpu(cpu, drop_one, NULL);
	}
	ret = look_at(&look, bs);
	if (ret)
		goto away;
	for (cpu = 0; cpu < 2; cpu++)
		work_on_cpu(cpu, hold_one, bs);
	out.least = 10 * changed_bytes(&look, bs);
	out.median = out.least;
	for (cpu = 0; cpu < 2; cpu++)
		work_on_cpu(cpu, drop_one, NULL);
	back.least = 10 * changed_bytes(&look, bs);
	back.median = back.least;
	bench_report("Bytes shared that change", "out", "ours", out);
	bench_report("Bytes shared that change", "back", "ours", back);
away:
	look_away(&look);
	return ret;
}

int bench_smp(void)
{
	int i, j;

	if (num_online_cpus() < 2)
		return -ENODEV;
	set_cpus_allowed_ptr(current, cpumask_of(0));
	for (i = 0; i < ARRAY_SIZE(bench_sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(all); j++) {
			bench_cell("Allocated on one CPU, put on another",
				   time_cross, all[j], all[j]->sets,
				   bench_sizes[i]);
			own_sets = true;
			bench_cell("Two CPUs at once, each with its own set",
				   time_both, all[j], all[j]->sets,
				   bench_sizes[i]);
			own_sets = false;
			bench_cell("Two CPUs at once, one set", time_both,
				   all[j], all[j]->sets, bench_sizes[i]);
		}
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return bench_shared_bytes(&bench_ours[0]);
}
