// SPDX-License-Identifier: GPL-2.0
/*
 * sets.c - make many sets and keep them, for a script that looks at what they
 * take
 *
 * Load with part=sets, then write "KIND NUMBER" to the parameter "sets"; KIND
 * is ours, kernel (with a rescuer) or plain (the kernel's, without); the sets
 * made before are freed first.  The structs bio_set themselves, which a driver
 * embeds in its own, are there from the start and not counted.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define MAX_SETS 1000

static DEFINE_MUTEX(lock);
static struct bio_set *sets;
static unsigned int nr_sets;
static bool are_ours;

static int make_one(const char *kind, struct bio_set *bs)
{
	int flags = BIOSET_NEED_BVECS;

	if (are_ours)
		return bset_init(bs, BIO_POOL_SIZE, FRONT_PAD, flags);
	if (!strcmp(kind, "kernel"))
		flags |= BIOSET_NEED_RESCUER;
	return bioset_init(bs, BIO_POOL_SIZE, FRONT_PAD, flags);
}

static void free_all(void)
{
	while (nr_sets) {
		nr_sets--;
		if (are_ours)
			bset_exit(&sets[nr_sets]);
		else
			bioset_exit(&sets[nr_sets]);
	}
}

static int make_all(const char *kind, unsigned int nr)
{
	int ret = 0;

	are_ours = !strcmp(kind, "ours");
	while (nr_sets < nr && !ret) {
		ret = make_one(kind, &sets[nr_sets]);
		if (!ret)
			nr_sets++;
	}
	return ret;
}

static int set_sets(const char *val, const struct kernel_param *kp)
{
	unsigned int nr;
	char kind[8];
	int ret = -EINVAL;

	if (sscanf(val, "%7s %u", kind, &nr) != 2 || nr > MAX_SETS)
		return -EINVAL;
	mutex_lock(&lock);
	if (sets) {
		free_all();
		ret = make_all(kind, nr);
	}
	mutex_unlock(&lock);
	return ret;
}

static const struct kernel_param_ops sets_ops = {
	.set = set_sets,
};
module_param_cb(sets, &sets_ops, NULL, 0200);
MODULE_PARM_DESC(sets, "KIND NUMBER: make so many sets (ours, kernel, plain)");

int bench_sets_init(void)
{
	sets = vzalloc(MAX_SETS * sizeof(*sets));
	return sets ? 0 : -ENOMEM;
}

void bench_sets_exit(void)
{
	free_all();
	vfree(sets);
}
