// SPDX-License-Identifier: GPL-2.0
/*
 * bench.c - what an allocation costs, next to the kernel's own
 */
#define pr_fmt(fmt) "bench: " fmt
#define BIOSET_NO_DOCUMENTED_NAMES

#include <linux/bio.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sort.h>

#include "bioset.h"

#define REPS 9
#define ITERATIONS 1024
#define FRONT_PAD 32

static struct bio_set ours, kernels, percpu;

/* Times @n runs of the body; %vecs, %bio are its own. */
#define DEFINE_LOOP(name, body)                                                \
	static noinline u64 name(unsigned int vecs, unsigned int n)            \
	{                                                                      \
		u64 start = ktime_get_ns();                                    \
		struct bio *bio = NULL;                                        \
									       \
		while (n--) {                                                  \
			OPTIMIZER_HIDE_VAR(vecs);                              \
			body;                                                  \
			OPTIMIZER_HIDE_VAR(bio);                               \
		}                                                              \
		return ktime_get_ns() - start;                                 \
	}

DEFINE_LOOP(loop_empty, )
DEFINE_LOOP(loop_kernel, {
	bio = bio_alloc_bioset(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, &kernels);
	bio_put(bio);
})
DEFINE_LOOP(loop_percpu, {
	bio = bio_alloc_bioset(NULL, vecs, REQ_OP_WRITE | REQ_ALLOC_CACHE,
			       GFP_NOIO, &percpu);
	bio_put(bio);
})
DEFINE_LOOP(loop_ours, {
	bio = bset_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, &ours);
	bset_put(bio);
})
DEFINE_LOOP(loop_ours_4_6, {
	bio = bset_alloc_4_6(GFP_NOIO, vecs, &ours);
	bset_put(bio);
})
DEFINE_LOOP(loop_ours_kput, {
	bio = bset_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, &ours);
	bio_put(bio);
})


/* One half of a pair: what is not timed is undone between the rounds. */
#define HALF_BATCH 16
static struct bio *batch[HALF_BATCH];

#define DEFINE_HALF_LOOP(name, timed_alloc, get, put)                          \
	static noinline u64 name(unsigned int vecs, unsigned int n)            \
	{                                                                      \
		u64 t = 0, start;                                              \
		unsigned int i;                                                \
									       \
		for (; n >= HALF_BATCH; n -= HALF_BATCH) {                     \
			start = ktime_get_ns();                                \
			for (i = 0; i < HALF_BATCH; i++) {                     \
				OPTIMIZER_HIDE_VAR(vecs);                      \
				batch[i] = get;                                \
			}                                                      \
			if (timed_alloc)                                       \
				t += ktime_get_ns() - start;                   \
			else                                                   \
				start = ktime_get_ns();                        \
			for (i = 0; i < HALF_BATCH; i++)                       \
				put;                                           \
			if (!(timed_alloc))                                    \
				t += ktime_get_ns() - start;                   \
		}                                                              \
		return t;                                                      \
	}

static noinline struct bio *get_nothing(unsigned int vecs)
{
	OPTIMIZER_HIDE_VAR(vecs);
	return NULL;
}

#define GET_OURS bset_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, &ours)
DEFINE_HALF_LOOP(half_empty_alloc, true, get_nothing(vecs), )
DEFINE_HALF_LOOP(half_ours_alloc, true, GET_OURS, bset_put(batch[i]))
DEFINE_HALF_LOOP(half_ours_put, false, GET_OURS, bset_put(batch[i]))

typedef u64 loop_fn(unsigned int vecs, unsigned int n);

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The least of REPS times, in tenths of a nanosecond an iteration. */
static u64 measure(loop_fn *fn, unsigned int vecs, u64 *median)
{
	u64 t[REPS];
	int i;

	fn(vecs, ITERATIONS / 4); /* warm up */
	for (i = 0; i < REPS; i++)
		t[i] = fn(vecs, ITERATIONS) * 10 / ITERATIONS;
	sort(t, REPS, sizeof(t[0]), cmp_u64, NULL);
	*median = t[REPS / 2];
	return t[0];
}

static void pair(const char *name, loop_fn *fn, unsigned int vecs)
{
	u64 median, base_median, base, t;

	base = measure(loop_empty, vecs, &base_median);
	t = measure(fn, vecs, &median);
	t -= base;
	median -= base_median;
	pr_info("pair %s %u %llu.%llu median %llu.%llu\n", name, vecs, t / 10,
		t % 10, median / 10, median % 10);
}

static void pairs(void)
{
	static const unsigned int sizes[] = { 0, 1, 4, 5, 16, 64, 128, 256 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pair("kernel", loop_kernel, sizes[i]);
		pair("percpu", loop_percpu, sizes[i]);
		pair("ours", loop_ours, sizes[i]);
		pair("ours_4_6", loop_ours_4_6, sizes[i]);
		pair("ours_kput", loop_ours_kput, sizes[i]);
	}
}

/* Batches of 16: rough, but tells which half to look at. */
static void halves(void)
{
	u64 m, base = measure(half_empty_alloc, 0, &m);
	u64 a = measure(half_ours_alloc, 0, &m) - base;
	u64 p = measure(half_ours_put, 0, &m) - base;

	pr_info("halves of ours 0: alloc %llu put %llu\n", a / 10, p / 10);
}

static int __init bench_init(void)
{
	int ret;

	ret = bset_init(&ours, 16, FRONT_PAD, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	ret = bioset_init(&kernels, 16, FRONT_PAD,
			  BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER);
	if (ret)
		goto out;
	ret = bioset_init(&percpu, 16, FRONT_PAD,
			  BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	if (ret)
		goto out_kernels;
	pairs();
	halves();
	bioset_exit(&percpu);
out_kernels:
	bioset_exit(&kernels);
out:
	bset_exit(&ours);
	return ret;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of bioset_core");
