// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_eatmem - leaves the machine next to no memory, and keeps it so
 *
 * A thread allocates pages until there are none to be had, and goes on taking
 * what others free.  When the kernel is about to kill for memory, which it
 * does for those who insist (a new thread's stack), it gets a little back
 * instead.  All others, who can do without, do without.
 */
#define pr_fmt(fmt) "eatmem: " fmt

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

#define TIP 64 /* pages that the OOM killer gets */

/* Give all of it back after this long (0: never) */
static unsigned int seconds;
module_param(seconds, uint, 0444);

static bool done; /* whether it has given all back (output) */
module_param(done, bool, 0444);

static DEFINE_SPINLOCK(lock); /* protects pages and held */
static LIST_HEAD(pages);
static unsigned long held;
static unsigned long most_held;
static unsigned long tips;
static struct task_struct *eater;

/*
 * __GFP_HIGH goes below the watermark that others stop at.  Without
 * __GFP_DIRECT_RECLAIM we are no cause to kill anybody.
 */
static bool eat_one(void)
{
	struct page *page;

	page = alloc_page(__GFP_HIGH | __GFP_KSWAPD_RECLAIM | __GFP_NOWARN);
	if (!page)
		return false;
	spin_lock(&lock);
	list_add(&page->lru, &pages);
	most_held = max(most_held, ++held);
	spin_unlock(&lock);
	return true;
}

static bool give_one(void)
{
	struct page *page;

	spin_lock(&lock);
	page = list_first_entry_or_null(&pages, struct page, lru);
	if (page) {
		list_del(&page->lru);
		held--;
	}
	spin_unlock(&lock);
	if (page)
		__free_page(page);
	return page;
}

static int give_tip(struct notifier_block *nb, unsigned long unused, void *data)
{
	unsigned long *freed = data, n;

	for (n = 0; n < TIP && give_one(); n++)
		++*freed;
	WRITE_ONCE(tips, tips + 1);
	return NOTIFY_OK;
}

static struct notifier_block oom_nb = { .notifier_call = give_tip };

/* Leaves who was given something the time to take it. */
static void eat_until(unsigned long end)
{
	unsigned long seen = 0;

	while (!kthread_should_stop() &&
	       (!seconds || time_before(jiffies, end))) {
		if (READ_ONCE(tips) != seen)
			schedule_timeout_idle(HZ / 20);
		else if (!eat_one())
			schedule_timeout_idle(1);
		seen = READ_ONCE(tips);
		cond_resched();
	}
}

static int eat(void *unused)
{
	eat_until(jiffies + seconds * HZ);
	pr_info("held up to %lu KiB, %lu KiB are free, tipped %lu times\n",
		most_held << (PAGE_SHIFT - 10),
		global_zone_page_state(NR_FREE_PAGES) << (PAGE_SHIFT - 10),
		tips);
	while (give_one())
		cond_resched();
	WRITE_ONCE(done, true);
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	return 0;
}

static int __init eatmem_init(void)
{
	int ret = register_oom_notifier(&oom_nb);

	if (ret)
		return ret;
	eater = kthread_run(eat, NULL, "eatmem");
	if (IS_ERR(eater))
		unregister_oom_notifier(&oom_nb);
	return PTR_ERR_OR_ZERO(eater);
}

static void __exit eatmem_exit(void)
{
	kthread_stop(eater);
	unregister_oom_notifier(&oom_nb);
}

module_init(eatmem_init);
module_exit(eatmem_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves the machine next to no memory");
