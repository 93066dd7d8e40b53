// SPDX-License-Identifier: GPL-2.0
/*
 * Counts: what a set holds and what it did
 */
#include <linux/log2.h>
#include <linux/math64.h>

#include "internal.h"

/**
 * bset_in_flight() - how many bios of a set are out
 * @set:	the set
 * @allocs:	set to the bios handed out so far
 * @puts:	set to the bios that came back
 *
 * Puts are read first: an alloc is counted before its put, so the difference is
 * never negative.  When nobody allocates any more the puts can only be behind,
 * so a result of 0 is final.  Bios that the kernel takes from a set without
 * asking us (bset_kernel_takes) are counted neither way.
 *
 * Context: any.
 * Return: the number.
 */
unsigned long bset_in_flight(struct bset *set, unsigned long *allocs,
			     unsigned long *puts)
{
	unsigned long a = 0, p = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		p += READ_ONCE(per_cpu_ptr(set->counts, cpu)->puts);
	smp_mb(); /* pairs with bset_mb_before_inc() before each put */
	for_each_possible_cpu(cpu)
		a += READ_ONCE(per_cpu_ptr(set->counts, cpu)->allocs);
	*allocs = a;
	*puts = p;
	return (long)(a - p) > 0 ? a - p : 0;
}

/* 0 for less than 1 µs, else 1 + log2 of the microseconds. */
static unsigned int bset_wait_bucket(u64 ns)
{
	return min_t(unsigned int, fls64(div_u64(ns, NSEC_PER_USEC)),
		     BSET_WAIT_BUCKETS - 1);
}

/**
 * bset_note_wait() - account for an allocation that had to sleep
 * @set:	the set
 * @ns:		how long it did, in nanoseconds
 *
 * Context: any.
 */
void bset_note_wait(struct bset *set, u64 ns)
{
	s64 longest = atomic64_read(&set->longest_wait);

	atomic_inc(&set->wait_us_log2[bset_wait_bucket(ns)]);
	while ((s64)ns > longest &&
	       !atomic64_try_cmpxchg(&set->longest_wait, &longest, ns))
		;
}
EXPORT_SYMBOL_BSET(bset_note_wait);

/* The sum of all CPUs' shares. */
static u64 bset_taken_from_reserve(struct bset *set)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu_ptr(set->counts, cpu)->from_reserve);
	return n;
}

/**
 * bset_read_stats() - fill in what bset_get_stats() gives
 * @set:	the set
 * @stats:	filled in
 *
 * Context: any.
 */
void bset_read_stats(struct bset *set, struct bioset_stats *stats)
{
	u64 longest = atomic64_read(&set->longest_wait);
	unsigned long allocs, puts;

	stats->in_flight = bset_in_flight(set, &allocs, &puts);
	stats->allocs = allocs;
	stats->puts = puts;
	stats->pool_size = set->pool_size;
	/* Numbers for people: they may be off by what moves meanwhile. */
	stats->reserve = data_race(set->bio.reserve.curr_nr);
	/* likewise */
	stats->vec_reserve = data_race(set->vec.reserve.curr_nr);
	stats->cached = bset_cache_count(set->bio.cache);
	stats->punted = atomic64_read(&set->punted);
	stats->rescued = atomic64_read(&set->rescued);
	stats->from_reserve = bset_taken_from_reserve(set);
	stats->failed = atomic64_read(&set->failed);
	stats->waits = atomic64_read(&set->waits);
	stats->waiting = atomic_read(&set->waiting);
	stats->stalls = atomic64_read(&set->stalls);
	stats->misuses = atomic64_read(&set->misuses);
	stats->longest_wait_us = div_u64(longest, NSEC_PER_USEC);
	stats->longest_wait_ms = div_u64(longest, NSEC_PER_MSEC);
}
