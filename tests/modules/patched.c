// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_patched - does a CPU execute what another has just patched? Nothing of
 * ours is tested here, but the machine: an emulator has to notice each change of
 * what it has translated, and one that misses some makes any test hang or crash.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/kthread.h>
#include <linux/module.h>

static unsigned int secs = 60;
module_param(secs, uint, 0444);
MODULE_PARM_DESC(secs, "how long to go on (default 60)");

static unsigned int flips;
module_param(flips, uint, 0444);
MODULE_PARM_DESC(flips, "how often code was patched");

static DEFINE_STATIC_KEY_FALSE(flipped);

/* What the reader found in its latest round */
static u64 found;

static __always_inline u64 place(unsigned int n)
{
	return static_branch_unlikely(&flipped) ? BIT_ULL(n) : 0;
}

static __always_inline u64 places_4(unsigned int n)
{
	return place(n) | place(n + 1) | place(n + 2) | place(n + 3);
}

static __always_inline u64 places_16(unsigned int n)
{
	return places_4(n) | places_4(n + 4) | places_4(n + 8) |
	       places_4(n + 12);
}

/* Many places, so that some are entered in the very moment of their change. */
static int read_places(void *unused)
{
	while (!kthread_should_stop()) {
		WRITE_ONCE(found, places_16(0) | places_16(16) | places_16(32) |
					  places_16(48));
		cond_resched();
	}
	return 0;
}

/* Not each architecture promises that the next round is the new one. */
static int wait_for(u64 expected)
{
	unsigned long end = jiffies + 10 * HZ;
	u64 seen;

	while ((seen = READ_ONCE(found)) != expected) {
		if (time_after(jiffies, end)) {
			pr_err("patched: %u flips: %#llx instead of %#llx\n",
			       flips, seen, expected);
			return -EIO;
		}
		cond_resched();
	}
	return 0;
}

static int flip(bool on)
{
	flips++;
	if (on)
		static_branch_enable(&flipped);
	else
		static_branch_disable(&flipped);
	return wait_for(on ? ~0ULL : 0);
}

static int __init patched_init(void)
{
	unsigned long end = jiffies + secs * HZ;
	struct task_struct *reader;
	bool on = true;
	int err = 0;

	reader = kthread_create(read_places, NULL, "patched");
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	kthread_bind(reader, 1);
	wake_up_process(reader);
	for (; !err && time_before(jiffies, end); on = !on)
		err = flip(on);
	kthread_stop(reader);
	return err;
}

static void __exit patched_exit(void)
{
}

module_init(patched_init);
module_exit(patched_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Whether CPUs execute what others have patched");
