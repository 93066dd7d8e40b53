// SPDX-License-Identifier: GPL-2.0
/*
 * Counts: what a set holds and what it did
 */
#include <linux/jiffies.h>

#include "internal.h"

/**
 * bset_in_flight() - how many bios of a set are out
 * @set:	the set
 * @allocs:	set to the bios handed out so far
 * @puts:	set to the bios that came back
 *
 * Puts are read first: an alloc is counted before its put, so the difference is
 * never negative.  (The exception: since 7.1 bio_alloc_bioset() of the kernel,
 * called for one of our sets by code without our header, takes a bio with more
 * than 4 vecs without asking us.  It is counted when it is put only.)  When
 * nobody allocates any more the puts can only be behind, so a result of 0 is
 * final.
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
	smp_mb(); /* pairs with smp_mb__before_atomic() before each put */
	for_each_possible_cpu(cpu)
		a += READ_ONCE(per_cpu_ptr(set->counts, cpu)->allocs);
	*allocs = a;
	*puts = p;
	return (long)(a - p) > 0 ? a - p : 0;
}

/**
 * bset_note_wait() - account for an allocation that had to sleep
 * @set:	the set
 * @since:	when it began to, in jiffies
 *
 * Context: any.
 */
void bset_note_wait(struct bset *set, unsigned long since)
{
	s64 waited = jiffies - since;
	s64 longest = atomic64_read(&set->longest_wait);

	while (waited > longest &&
	       !atomic64_try_cmpxchg(&set->longest_wait, &longest, waited))
		;
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
	unsigned long longest = atomic64_read(&set->longest_wait);
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
	stats->waits = atomic64_read(&set->waits);
	stats->stalls = atomic64_read(&set->stalls);
	stats->misuses = atomic64_read(&set->misuses);
	stats->longest_wait_ms = jiffies_to_msecs(longest);
}
