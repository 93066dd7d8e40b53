// SPDX-License-Identifier: GPL-2.0
/*
 * sets.c - make many sets, see what one more takes, and keep them for a script that
 * looks at memory
 *
 * Load with part=sets, then write "NUMBER KIND" to the parameter "sets"; the sets
 * made before are freed first.  The structs bio_set themselves, which a driver
 * embeds in its own, are there from the start.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define MAX_SETS 10000

static const struct kind {
	const char *name;
	bool ours;
	int flags;
} kinds[] = {
	{ "ours", true, BIOSET_NEED_BVECS },
	{ "ours, no rescuer", true, BIOSET_NEED_BVECS | BSET_NO_RESCUER },
	{ "kernel", false, BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER },
	{ "kernel, no rescuer", false, BIOSET_NEED_BVECS },
};

static DEFINE_MUTEX(lock);
static const struct kind *kind = &kinds[0];
static struct bio_set *sets;
static unsigned int nr_sets;
static int error;

static void make_one(void)
{
	struct bio_set *bs = &sets[nr_sets];

	if (error)
		return;
	if (kind->ours)
		error = bset_init(bs, BIO_POOL_SIZE, FRONT_PAD, kind->flags);
	else
		error = bioset_init(bs, BIO_POOL_SIZE, FRONT_PAD, kind->flags);
	nr_sets += !error;
}

static void free_one(void)
{
	struct bio_set *bs = &sets[nr_sets - 1];

	if (kind->ours)
		bset_exit(bs);
	else
		bioset_exit(bs);
	nr_sets--;
}

static void free_all(void)
{
	while (nr_sets)
		free_one();
}

static u64 time_make(const struct job *job)
{
	u64 ns, start = ktime_get_ns();

	make_one();
	ns = ktime_get_ns() - start;
	if (!error)
		free_one();
	return tenths(ns, 1);
}

static u64 time_free(const struct job *job)
{
	u64 start;

	make_one();
	start = ktime_get_ns();
	if (!error)
		free_one();
	return tenths(ktime_get_ns() - start, 1);
}

/* What one more takes beside so many */
static void time_both(unsigned int nr)
{
	char column[24];

	snprintf(column, sizeof(column), "making, %u alive", nr);
	bench_report("One set", kind->name, column,
		     bench_measure(time_make, NULL));
	snprintf(column, sizeof(column), "freeing, %u alive", nr);
	bench_report("One set", kind->name, column,
		     bench_measure(time_free, NULL));
}

static int make_all(unsigned int nr)
{
	error = 0;
	while (nr_sets < nr && !error) {
		make_one();
		cond_resched();
	}
	if (nr && !error)
		time_both(nr);
	return error;
}

static const struct kind *kind_of(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static int set_sets(const char *val, const struct kernel_param *kp)
{
	unsigned int nr;
	char name[20];
	int ret = -EINVAL;

	if (sscanf(val, "%u %19[a-z, ]", &nr, name) != 2 || nr > MAX_SETS ||
	    !kind_of(name))
		return -EINVAL;
	mutex_lock(&lock);
	if (sets) {
		free_all();
		kind = kind_of(name);
		ret = make_all(nr);
	}
	mutex_unlock(&lock);
	return ret;
}

static const struct kernel_param_ops sets_ops = {
	.set = set_sets,
};
module_param_cb(sets, &sets_ops, NULL, 0200);
MODULE_PARM_DESC(sets, "NUMBER KIND: make so many sets, ours or kernel's");

int bench_sets_init(void)
{
	sets = vzalloc((MAX_SETS + 1) * sizeof(*sets));
	return sets ? 0 : -ENOMEM;
}

void bench_sets_exit(void)
{
	free_all();
	vfree(sets);
}
