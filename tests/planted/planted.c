// SPDX-License-Identifier: GPL-2.0
/*
 * A module with a bug in it, one of each kind that a test kernel must report.
 * The harness loads it to prove that a clean run means something.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *bug = "";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "oob, uaf, leak, lock, sleep, race, atomic, ub or warn");

static void plant_oob(void)
{
	char *p = kmalloc(32, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	p[32] = 1;
	kfree(p);
}

static void plant_uaf(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[32], 1);
}

static void plant_leak(void)
{
	char *p = kmalloc(640, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void plant_lock(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void plant_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void plant_atomic(void)
{
	preempt_disable();
	schedule_timeout_uninterruptible(1);
	preempt_enable();
}

static unsigned long racy;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		racy++;
		cond_resched();
	}
	return 0;
}

static void plant_race(void)
{
	struct task_struct *other = kthread_run(racer, NULL, "planted");
	unsigned long end = jiffies + 5 * HZ;

	if (IS_ERR(other))
		return;
	while (time_before(jiffies, end)) {
		racy++;
		cond_resched();
	}
	kthread_stop(other);
}

static void plant_ub(void)
{
	unsigned int shift = 40;
	int one = 1;

	OPTIMIZER_HIDE_VAR(shift);
	one <<= shift;
	OPTIMIZER_HIDE_VAR(one);
}

static void plant_warn(void)
{
	WARN(1, "planted warning\n");
}

static const struct {
	const char *name;
	void (*plant)(void);
} bugs[] = {
	{ "oob", plant_oob },	    { "uaf", plant_uaf },
	{ "leak", plant_leak },	    { "lock", plant_lock },
	{ "sleep", plant_sleep },   { "race", plant_race },
	{ "atomic", plant_atomic }, { "ub", plant_ub },
	{ "warn", plant_warn },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(bug, bugs[i].name)) {
			bugs[i].plant();
			return 0;
		}
	}
	pr_err("planted: no bug named \"%s\"\n", bug);
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("One bug of each kind, to test the test kernels");
MODULE_LICENSE("GPL");
