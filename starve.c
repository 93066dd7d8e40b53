// SPDX-License-Identifier: GPL-2.0
/*
 * Takes memory away from a set, for testing
 *
 * Owns the static key that leads every allocation and put to the slow path
 * while any set is starved or tracked.
 */
#include "internal.h"

struct static_key_false bset_slow = STATIC_KEY_FALSE_INIT;
EXPORT_SYMBOL_GPL(bset_slow);

/**
 * bset_slow_get() - send everybody to the slow path
 *
 * Context: task context, may sleep.
 */
void bset_slow_get(void)
{
	static_branch_inc(&bset_slow);
}

/**
 * bset_slow_put() - undo one bset_slow_get()
 *
 * Context: task context, may sleep.
 */
void bset_slow_put(void)
{
	static_branch_dec(&bset_slow);
}

/**
 * bset_starved() - whether an attempt to get memory for a set is to fail
 * @set:	the set
 *
 * Counts as an attempt.
 *
 * Context: any.
 * Return: whether it fails.
 */
bool bset_starved(struct bset *set)
{
	unsigned int nth;

	if (!static_branch_unlikely(&bset_slow))
		return false;
	nth = READ_ONCE(set->starve);
	if (nth <= 1)
		return nth;
	return (unsigned int)atomic_inc_return(&set->attempts) % nth == 0;
}

/**
 * bset_set_starve() - make attempts to get memory for a set fail
 * @set:	the set
 * @nth:	0 for none, 1 for all, N for each Nth
 *
 * For bset_pools_starve(), which wakes those who wait.
 *
 * Context: task context, may sleep; takes the set's lock for knobs.
 */
void bset_set_starve(struct bset *set, unsigned int nth)
{
	mutex_lock(&set->knobs);
	if (nth && !set->starve)
		bset_slow_get();
	else if (!nth && set->starve)
		bset_slow_put();
	WRITE_ONCE(set->starve, nth);
	mutex_unlock(&set->knobs);
}
