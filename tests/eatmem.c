// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_eatmem - leaves the machine next to no memory, and keeps it so
 *
 * A thread allocates pages until there are none to be had, and goes on taking
 * what others free.  It takes them without waking the OOM killer, and does not
 * touch the last reserves, which are for those who free memory.
 *
 * The parameter leave_kb is how much it leaves free; what it holds is in
 * held_kb.
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
static unsigned long held_kb;
module_param(held_kb, ulong, 0444);
MODULE_PARM_DESC(held_kb, "KiB held (output)");

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
	WRITE_ONCE(held_kb, held_kb + (PAGE_SIZE >> 10));
	return true;
}

static int eat(void *unused)
{
	while (!kthread_should_stop()) {
		if (!eat_one())
			schedule_timeout_idle(1);
		cond_resched();
	}
	return 0;
}

static int __init eatmem_init(void)
{
	eater = kthread_run(eat, NULL, "eatmem");
	return PTR_ERR_OR_ZERO(eater);
}

static void __exit eatmem_exit(void)
{
	struct page *page, *next;

	kthread_stop(eater);
	pr_info("held %lu KiB at the end\n", held_kb);
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
}

module_init(eatmem_init);
module_exit(eatmem_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves the machine next to no memory");
