// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_lastput - the last puts of a set's bios race with its end
 *
 * Loading it makes a set and takes bios from it; a timer on each CPU puts its
 * share from its interrupt, ours and the kernel's bio_put() in turn.  Unloading
 * it exits the set at once: before, while or after they run.  Who unloads
 * bioset_core next takes away the code that the last put is in.
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/smp.h>

#include "testcompat.h"

#define SHARE 16
#define WITHIN_NS 5000000 /* when the last put comes, at most */

struct putter {
	struct hrtimer timer;
	struct bio *bio[SHARE];
};

static struct bio_set set;
static DEFINE_PER_CPU(struct putter, putters);

static enum hrtimer_restart put_share(struct hrtimer *timer)
{
	struct putter *p = container_of(timer, struct putter, timer);
	unsigned int i;

	for (i = 0; i < SHARE; i++) {
		if (i % 2)
			(bio_put)(p->bio[i]);
		else
			bio_put(p->bio[i]);
	}
	return HRTIMER_NORESTART;
}

/* Runs on the CPU whose timer it starts. */
static void start_timer(void *unused)
{
	struct putter *p = this_cpu_ptr(&putters);

	hrtimer_start(&p->timer, ns_to_ktime(get_random_u32() % WITHIN_NS),
		      HRTIMER_MODE_REL_PINNED);
}

static int __init lastput_init(void)
{
	static const unsigned short vecs[] = { 0, 4, 16, 256 };
	unsigned int i;
	struct putter *p;
	int cpu, ret;

	ret = bioset_init(&set, 2, 24, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	for_each_possible_cpu(cpu) {
		p = per_cpu_ptr(&putters, cpu);
		test_hrtimer_init(&p->timer, put_share,
				  HRTIMER_MODE_REL_PINNED);
	}
	/* No CPU may go between its share and its timer. */
	cpus_read_lock();
	for_each_online_cpu(cpu)
		for (i = 0; i < SHARE; i++)
			per_cpu_ptr(&putters, cpu)->bio[i] =
				bio_alloc_bioset(GFP_NOIO,
						 vecs[i % ARRAY_SIZE(vecs)],
						 &set);
	on_each_cpu(start_timer, NULL, 1);
	cpus_read_unlock();
	return 0;
}

static void __exit lastput_exit(void)
{
	int cpu;

	bioset_exit(&set);
	/* Their code is ours. */
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(&putters, cpu)->timer);
}

module_init(lastput_init);
module_exit(lastput_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Last puts that race with the end of their set");
