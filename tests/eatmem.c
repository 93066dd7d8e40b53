// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_eatmem - leaves the machine next to no memory, and keeps it so
 *
 * A thread allocates pages until there are none to be had, and goes on taking
 * what others free.  It takes them without waking the OOM killer, and does not
 * touch the last reserves, which are for those who free memory.
 *
 * While it lasts nothing in the guest can be started, not even to end it; hence
 * the time limit.
 */
#define pr_fmt(fmt) "eatmem: " fmt

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmstat.h>

static unsigned long leave_kb;
module_param(leave_kb, ulong, 0644);
MODULE_PARM_DESC(leave_kb,
		 "KiB to leave free (default 0: all that can be had)");
static unsigned int seconds;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "give all of it back after this long (0: never)");

static unsigned long held_kb;

static LIST_HEAD(pages);
static struct task_struct *eater;

static unsigned long free_kb(void)
{
	return global_zone_page_state(NR_FREE_PAGES) << (PAGE_SHIFT - 10);
}

/*
 * __GFP_HIGH goes below the watermark that others stop at, so that atomic
 * allocations fail, too.  Without __GFP_DIRECT_RECLAIM there is no OOM kill.
 */
static bool eat_one(void)
{
	struct page *page;

	if (free_kb() <= leave_kb)
		return false;
	page = alloc_page(__GFP_HIGH | __GFP_KSWAPD_RECLAIM | __GFP_NOWARN);
	if (!page)
		return false;
	list_add(&page->lru, &pages);
	held_kb += PAGE_SIZE >> 10;
	return true;
}

static void give_back(void)
{
	struct page *page, *next;

	pr_info("held %lu KiB, %lu KiB were free\n", held_kb, free_kb());
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
	INIT_LIST_HEAD(&pages);
	held_kb = 0;
}

static int eat(void *unused)
{
	unsigned long end = jiffies + seconds * HZ;

	while (!kthread_should_stop() &&
	       (!seconds || time_before(jiffies, end))) {
		if (!eat_one())
			schedule_timeout_idle(1);
		cond_resched();
	}
	give_back();
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	return 0;
}

static int __init eatmem_init(void)
{
	eater = kthread_run(eat, NULL, "eatmem");
	return PTR_ERR_OR_ZERO(eater);
}

static void __exit eatmem_exit(void)
{
	kthread_stop(eater);
}

module_init(eatmem_init);
module_exit(eatmem_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves the machine next to no memory");
