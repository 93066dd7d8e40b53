// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_oddio - I/O that no program can ask for, with bios of a set of ours
 *
 *	insmod bioset_oddio.ko device=/dev/x
 *
 * Each of these, in /sys/module/bioset_oddio/parameters, runs when something is
 * written to it, and returns an error if the device does:
 *
 *	nowait=N	N reads that may not sleep, at once, by REQ_NOWAIT and
 *			GFP_NOWAIT; the parameters done, again and none count
 *			what became of them
 *	polled=N	N reads, one after the other, that end when somebody polls
 *			for them; the parameter done counts those that did
 *	hold=N		allocates N bios with __GFP_ACCOUNT from each kind, and
 *			keeps them until hold=0
 *	hold_kernel=N	the same from one of the kernel's sets
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "testcompat.h"

#define MOST 4096

static char *device; /* block device that it goes to */
module_param(device, charp, 0444);

static unsigned int pool_size = 4; /* bios in reserve (default 4) */
module_param(pool_size, uint, 0444);

/* Reads that were done, that would have slept, that there was no bio for (output) */
static unsigned int done, again, none;
module_param(done, uint, 0444);
module_param(again, uint, 0444);
module_param(none, uint, 0444);

static struct compat_bdev dev;
static struct bio_set set;
static struct bio_set kernel_set;
static struct page *page;
static struct bio *held[MOST];
static unsigned int nr_held;
static DEFINE_MUTEX(lock); /* one of them at a time */

/* What the reads of one "nowait" end in */
static atomic_t left, nr_done, nr_again;
static DECLARE_COMPLETION(all_ended);

static void one_less(void)
{
	if (atomic_dec_and_test(&left))
		complete(&all_ended);
}

static void read_ended(struct bio *bio)
{
	if (!bio->bi_status)
		atomic_inc(&nr_done);
	else if (bio->bi_status == BLK_STS_AGAIN)
		atomic_inc(&nr_again);
	bio_put(bio);
	one_less();
}

static bool read_one(unsigned int n)
{
	struct bio *bio;

	bio = bio_alloc_bioset(dev.bdev, 1, REQ_OP_READ | REQ_NOWAIT,
			       GFP_NOWAIT | __GFP_NOWARN, &set);
	if (!bio)
		return false;
	__bio_add_page(bio, page, PAGE_SIZE, 0);
	bio->bi_iter.bi_sector = n * (PAGE_SIZE >> SECTOR_SHIFT);
	bio->bi_end_io = read_ended;
	atomic_inc(&left);
	submit_bio(bio);
	return true;
}

static int parse_number(const char *text, unsigned int most, unsigned int *n)
{
	int ret = kstrtouint(text, 0, n);

	if (!ret && *n > most)
		ret = -ERANGE;
	return ret;
}

static int nowait(const char *text, const struct kernel_param *kp)
{
	unsigned int n, i;
	int ret = parse_number(text, MOST, &n);

	if (ret)
		return ret;
	mutex_lock(&lock);
	atomic_set(&left, 1);
	atomic_set(&nr_done, 0);
	atomic_set(&nr_again, 0);
	reinit_completion(&all_ended);
	none = 0;
	for (i = 0; i < n; i++)
		none += !read_one(i);
	one_less();
	wait_for_completion(&all_ended);
	done = atomic_read(&nr_done);
	again = atomic_read(&nr_again);
	mutex_unlock(&lock);
	return done + again + none == n ? 0 : -EIO;
}

module_param_call(nowait, nowait, NULL, NULL, 0200);

static void note_end(struct bio *bio)
{
	WRITE_ONCE(*(bool *)bio->bi_private, true);
}

/* Returns whether polling ended it, and not an interrupt. */
static bool poll_one(unsigned int n, int *err)
{
	bool ended = false, by_us = false;
	struct bio *bio;

	bio = bio_alloc_bioset(dev.bdev, 1, REQ_OP_READ | REQ_POLLED,
			       GFP_KERNEL, &set);
	__bio_add_page(bio, page, PAGE_SIZE, 0);
	bio->bi_iter.bi_sector = n * (PAGE_SIZE >> SECTOR_SHIFT);
	bio->bi_private = &ended;
	bio->bi_end_io = note_end;
	submit_bio(bio);
	while (!READ_ONCE(ended)) {
		by_us = test_poll(bio);
		cond_resched();
	}
	*err = *err ?: blk_status_to_errno(bio->bi_status);
	if (n % 2)
		(bio_put)(bio);
	else
		bio_put(bio);
	return by_us;
}

static int polled(const char *text, const struct kernel_param *kp)
{
	unsigned int n, i;
	int ret = TEST_CAN_POLL ? parse_number(text, MOST, &n) : -EOPNOTSUPP;

	if (ret)
		return ret;
	mutex_lock(&lock);
	done = 0;
	for (i = 0; i < n; i++)
		done += poll_one(i, &ret);
	mutex_unlock(&lock);
	return ret;
}

module_param_call(polled, polled, NULL, NULL, 0200);

static void let_go(void)
{
	while (nr_held)
		bio_put(held[--nr_held]);
}

/* Without an array, and with one of each size */
static int hold_of(const char *text, struct bio_set *bs)
{
	static const unsigned short vecs[] = { 0, 16, 64, 256 };
	unsigned int n, i;
	int ret = parse_number(text, MOST, &n);

	if (ret)
		return ret;
	mutex_lock(&lock);
	let_go();
	for (i = 0; i < n; i++) {
		held[i] = bio_alloc_bioset(dev.bdev, vecs[i % ARRAY_SIZE(vecs)],
					   0, GFP_KERNEL_ACCOUNT, bs);
		if (!held[i])
			break;
		nr_held++;
	}
	ret = nr_held == n ? 0 : -ENOMEM;
	mutex_unlock(&lock);
	return ret;
}

static int hold(const char *text, const struct kernel_param *kp)
{
	return hold_of(text, &set);
}

module_param_call(hold, hold, NULL, NULL, 0200);

static int hold_kernel(const char *text, const struct kernel_param *kp)
{
	return hold_of(text, &kernel_set);
}

module_param_call(hold_kernel, hold_kernel, NULL, NULL, 0200);

static void oddio_free(void)
{
	let_go();
	bioset_exit(&set);
	bioset_exit(&kernel_set);
	if (page)
		__free_page(page);
	if (dev.bdev)
		compat_bdev_close(&dev);
}

static int __init oddio_init(void)
{
	int ret;

	if (!device)
		return -EINVAL;
	ret = compat_bdev_open(&dev, device, NULL);
	if (ret) {
		dev.bdev = NULL;
		return ret;
	}
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	ret = page ? 0 : -ENOMEM;
	if (!ret)
		ret = bioset_init(&set, pool_size, 0, BIOSET_NEED_BVECS);
	if (!ret)
		ret = (bioset_init)(&kernel_set, pool_size, 0,
				    BIOSET_NEED_BVECS);
	if (ret)
		oddio_free();
	return ret;
}

static void __exit oddio_exit(void)
{
	oddio_free();
}

module_init(oddio_init);
module_exit(oddio_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("I/O that no program can ask for");
