// SPDX-License-Identifier: GPL-2.0
/*
 * native.c - ours against the kernel's where a nanosecond is a nanosecond
 *
 * Time wanders with what else the machine does, the same for both: so they
 * take turns of some microseconds, and what counts is the ratio of two turns
 * side by side.  A pair of results is the median of many such turns.
 *
 * Prints "bench: native COLUMN|VECS|KERNEL_NS|OURS_NS|RATIO" for each pair.
 */
#define pr_fmt(fmt) "bench: " fmt

#include <linux/sort.h>

#include "bench.h"

#define PAIRS 11
#define TURNS 101
#define TURN_OPS 2000

static u64 kernels_ns[TURNS], ours_ns[TURNS], ratios[TURNS];

static u64 median(u64 *t)
{
	sort(t, TURNS, sizeof(t[0]), bench_cmp_u64, NULL);
	return t[TURNS / 2];
}

static u64 time_turn(const struct variant *v, unsigned int vecs)
{
	const struct job job = {
		.v = v, .bs = v->sets, .vecs = vecs, .n = TURN_OPS
	};
	u64 start = ktime_get_ns();

	v->pairs(&job);
	return ktime_get_ns() - start;
}

/* Who goes first changes each time. */
static void take_turns(const struct variant *v, unsigned int vecs)
{
	int i;

	for (i = 0; i < TURNS; i++) {
		if (i & 1)
			kernels_ns[i] = time_turn(&v_kernel, vecs);
		ours_ns[i] = time_turn(v, vecs);
		if (!(i & 1))
			kernels_ns[i] = time_turn(&v_kernel, vecs);
		ratios[i] = div64_u64(ours_ns[i] * 10000, kernels_ns[i] ?: 1);
	}
}

static void one_pair(const struct variant *v, unsigned int vecs)
{
	u32 k_rest, o_rest, r_rest;
	u64 k, o, r;

	take_turns(v, vecs);
	r = div_u64_rem(median(ratios), 10000, &r_rest);
	k = div_u64_rem(tenths(median(kernels_ns), TURN_OPS), 10, &k_rest);
	o = div_u64_rem(tenths(median(ours_ns), TURN_OPS), 10, &o_rest);
	pr_info("native %s|%u|%llu.%u|%llu.%u|%llu.%04u\n", v->name, vecs, k,
		k_rest, o, o_rest, r, r_rest);
	cond_resched();
}

void bench_native(void)
{
	static const struct variant *const variants[] = {
		&v_ours,
		&v_ours_kput,
	};
	int i, j, pair;

	for (pair = 0; pair < PAIRS; pair++)
		for (i = 0; i < ARRAY_SIZE(bench_sizes); i++)
			for (j = 0; j < ARRAY_SIZE(variants); j++)
				one_pair(variants[j], bench_sizes[i]);
}
