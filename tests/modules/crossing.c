// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_crossing - bios that are allocated on some CPUs and put on others
 *
 *	insmod bioset_crossing.ko from=0,1 to=6,7
 *
 * So objects, and the memory of the nodes that they lie on, cross over all the
 * time.  Each CPU of "from" has a task that allocates, each of "to" one that
 * puts, and all meet at one list.  The parameter "on" stops and starts them; how
 * much is cached meanwhile is for a guest script to look at.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "bioset.h"

#define MAX_TASKS 16
#define MOST_OUT 4096
#define BURST 256

static unsigned int from[MAX_TASKS];
static unsigned int nr_from;
module_param_array(from, uint, &nr_from, 0444);
MODULE_PARM_DESC(from, "CPUs that allocate");

static unsigned int to[MAX_TASKS];
static unsigned int nr_to;
module_param_array(to, uint, &nr_to, 0444);
MODULE_PARM_DESC(to, "CPUs that put");

static bool on = true; /* whether bios cross now (default Y) */
module_param(on, bool, 0644);

struct crossing {
	struct llist_node node;
	struct bio bio; /* must be last */
};

static struct bio_set set;
static LLIST_HEAD(crossers);
static atomic_t nr_crossing;
static struct task_struct *tasks[2 * MAX_TASKS];
static unsigned int nr_tasks;

static void allocate_some(void)
{
	struct bio *bio;
	unsigned int n;

	if (atomic_read(&nr_crossing) >= MOST_OUT)
		return;
	for (n = 0; n < BURST; n++) {
		bio = bio_alloc_bioset(GFP_NOIO, 0, &set);
		atomic_inc(&nr_crossing);
		llist_add(&container_of(bio, struct crossing, bio)->node,
			  &crossers);
	}
}

static void put_all(void)
{
	struct llist_node *node = llist_del_all(&crossers);
	struct crossing *c;

	while (node) {
		c = llist_entry(node, struct crossing, node);
		node = node->next;
		bio_put(&c->bio);
		atomic_dec(&nr_crossing);
	}
}

/* Somewhere else while its CPU is off line, and there again after that. */
static void go_to(unsigned int cpu)
{
	if (raw_smp_processor_id() != cpu)
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

static int allocator(void *cpu)
{
	while (!kthread_should_stop()) {
		go_to(*(unsigned int *)cpu);
		if (READ_ONCE(on))
			allocate_some();
		schedule_timeout_idle(1);
	}
	return 0;
}

static int putter(void *cpu)
{
	while (!kthread_should_stop()) {
		go_to(*(unsigned int *)cpu);
		put_all();
		schedule_timeout_idle(1);
	}
	return 0;
}

static int start(int (*fn)(void *), unsigned int *cpus, unsigned int nr)
{
	struct task_struct *task;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (cpus[i] >= nr_cpu_ids)
			return -EINVAL;
		task = kthread_run(fn, &cpus[i], "crossing/%u", cpus[i]);
		if (IS_ERR(task))
			return PTR_ERR(task);
		tasks[nr_tasks++] = task;
	}
	return 0;
}

static void stop(void)
{
	while (nr_tasks)
		kthread_stop(tasks[--nr_tasks]);
	put_all();
	bioset_exit(&set);
}

static int __init crossing_init(void)
{
	int ret;

	ret = bioset_init(&set, 4, offsetof(struct crossing, bio), 0);
	if (ret)
		return ret;
	ret = start(putter, to, nr_to);
	if (!ret)
		ret = start(allocator, from, nr_from);
	if (ret)
		stop();
	return ret;
}

static void __exit crossing_exit(void)
{
	stop();
}

module_init(crossing_init);
module_exit(crossing_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Allocates bios on some CPUs and puts them on others");
