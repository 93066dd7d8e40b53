// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_stuckwork - a work item on the system's queue that does not end for a
 * while, as one does that waits for a device: nobody else may wait for it
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/workqueue.h>

/* For how long, if not unloaded before (default 30) */
static unsigned int seconds = 30;
module_param(seconds, uint, 0444);

static bool stuck; /* whether it is so now */
module_param(stuck, bool, 0444);

static DECLARE_COMPLETION(enough);

static void get_stuck(struct work_struct *work)
{
	WRITE_ONCE(stuck, true);
	wait_for_completion_timeout(&enough, seconds * HZ);
	WRITE_ONCE(stuck, false);
}

static DECLARE_WORK(stuck_work, get_stuck);

static int __init stuckwork_init(void)
{
	schedule_work(&stuck_work);
	return 0;
}

static void __exit stuckwork_exit(void)
{
	complete(&enough);
	flush_work(&stuck_work);
}

module_init(stuckwork_init);
module_exit(stuckwork_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A work item that is stuck on the system's queue");
