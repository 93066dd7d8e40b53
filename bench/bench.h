/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the benchmark share
 *
 * Every way to get a bio is a variant, and every variant is put through the
 * same patterns.  The variant "empty" does nothing: its cost, the loop and the
 * clock, is subtracted from all others.
 */
#ifndef BENCH_H
#define BENCH_H

#define BIOSET_NO_DOCUMENTED_NAMES

#include <linux/bio.h>
#include <linux/ktime.h>

#include "bioset.h"
#include "tests/testcompat.h"

#define BATCH 64
#define POOL_SIZE 16
#define FRONT_PAD 32

struct variant;

/* @n operations of one kind, and what they are to be done with. */
struct job {
	const struct variant *v;
	struct bio_set *bs;
	unsigned int vecs;
	unsigned int n;
	struct bio **batch;
};

struct variant {
	const char *name; /* as tables call it */
	struct bio_set *sets; /* two alike, or NULL */
	bool irq_ok; /* may be put in interrupts */
	void (*pairs)(const struct job *job); /* get, put, get, put, ... */
	void (*get)(const struct job *job); /* all of a batch */
	void (*put)(const struct job *job);
};

/* In tenths of a nanosecond for each operation */
struct result {
	u64 least, median;
};

/* Does @job, some times over, and returns tenths of a nanosecond for each. */
typedef u64 timed_fn(const struct job *job);

extern const unsigned int bench_sizes[8];
extern const struct variant v_empty, v_init, v_slab, v_kmalloc, v_kernel,
	v_percpu, v_ours, v_ours_4_6, v_ours_kput;
extern struct bio_set bench_ours[2], bench_kernels[2], bench_percpu[2];

/* bench.c */
struct result bench_measure(timed_fn *fn, const struct job *job);
void bench_report(const char *part, const char *row, const char *column,
		  struct result r);
void bench_cell(const char *part, timed_fn *fn, const struct variant *v,
		struct bio_set *bs, unsigned int vecs);
u64 bench_time_pairs(const struct job *job);
int bench_cmp_u64(const void *a, const void *b);

/* variants.c */
int bench_slabs_init(void);
void bench_slab_select(unsigned int vecs);
void bench_slabs_exit(void);

/* patterns.c */
void bench_halves(void);
void bench_depth(void);
void bench_interrupts(void);
int bench_starved(void);

/* smp.c */
int bench_smp(void);

/* sets.c */
int bench_sets_init(void);
void bench_sets_exit(void);

/* io.c */
int bench_io(void);

/* native.c */
void bench_native(void);

static inline u64 tenths(u64 ns, unsigned int n)
{
	return div_u64(ns * 10, n);
}

#endif /* BENCH_H */
