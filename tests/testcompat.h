/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests and the benchmark need beside samples/compat.h: timers, disks
 * without devices below, and the kernel's own functions for bios in the form
 * that they have since 5.18
 */
#ifndef BSET_TESTCOMPAT_H
#define BSET_TESTCOMPAT_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "bioset.h"
#include "bset_features.h"
#include "samples/compat.h"

/* 6.13: the name of a symbol namespace is a string. */
#if BSET_HAVE_SYMBOL_NS_STRING
#define TEST_IMPORT_INTERNAL() MODULE_IMPORT_NS("BIOSET_INTERNAL")
#else
#define TEST_IMPORT_INTERNAL() MODULE_IMPORT_NS(BIOSET_INTERNAL)
#endif

/* 5.18: before, there is nothing that the bit could do to a bio of ours. */
#if !BSET_HAVE_REQ_ALLOC_CACHE
#define REQ_ALLOC_CACHE 0
#endif

/* 5.15; sets of ours take the flag everywhere. */
#if !BSET_HAVE_BIO_SET_CACHE
#define BIOSET_PERCPU_CACHE BIT(2)
#endif

/* 5.12 renamed it. */
#if !BSET_HAVE_BIO_MAX_VECS
#define BIO_MAX_VECS BIO_MAX_PAGES
#endif

/* 5.11 */
#if !BSET_HAVE_IN_HARDIRQ
#define in_hardirq() in_irq()
#endif

#if !BSET_HAVE_INIT_CSD
#define INIT_CSD(csd, fn, arg) \
	(*(csd) = (call_single_data_t){ .func = (fn), .info = (arg) })
#endif

/* 5.17: nobody looks for partitions; before, nobody is asked to. */
#if !BSET_HAVE_GENHD_NO_PART
#define GENHD_FL_NO_PART GENHD_FL_NO_PART_SCAN
#endif

/* 6.17: what is not unbound says that it is per-CPU. */
#if !BSET_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

/* 6.13: the function is given at once. */
static inline void
test_hrtimer_init(struct hrtimer *timer,
		  enum hrtimer_restart (*fn)(struct hrtimer *timer),
		  enum hrtimer_mode mode)
{
#if BSET_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#endif
}

/* 6.2 renamed it, 6.15 took the old name away. */
static inline void test_timer_stop(struct timer_list *timer)
{
#if BSET_HAVE_TIMER_DELETE_SYNC
	timer_delete_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

/*
 * A disk whose bios go to a method of ours, and the block_device that they
 * name.  Until 5.10 a disk has none before it is opened; what bio_set_dev()
 * reads of it is made up here.
 */
struct test_gd {
	struct gendisk *gd;
	struct block_device *bdev;
};

static inline void test_gd_free(struct test_gd *t)
{
	compat_disk_put(t->gd);
#if !BSET_HAVE_GENDISK_PART0_BDEV
	kfree(t->bdev);
#endif
	t->gd = NULL;
	t->bdev = NULL;
}

/* Returns whether there was memory; test_gd_free() is right in both cases. */
static inline bool test_gd_alloc(struct test_gd *t)
{
	t->gd = compat_disk_alloc();
	t->bdev = NULL;
	if (!t->gd)
		return false;
#if BSET_HAVE_GENDISK_PART0_BDEV
	t->bdev = t->gd->part0;
#else
	t->bdev = kzalloc(sizeof(*t->bdev), GFP_KERNEL);
	if (t->bdev)
		t->bdev->bd_disk = t->gd;
#endif
	return t->bdev;
}

/* Whether @bio is for @bdev; NULL: for none. */
static inline bool test_bio_is_for(const struct bio *bio,
				   const struct block_device *bdev)
{
#if BSET_HAVE_BI_BDEV
	return READ_ONCE(bio->bi_bdev) == bdev;
#else
	return READ_ONCE(bio->bi_disk) == (bdev ? bdev->bd_disk : NULL);
#endif
}

/* Gives a clone the device of its source: by the name of before 5.18. */
static inline struct block_device *test_dev_of(const struct bio *bio)
{
#if BSET_HAVE_BI_BDEV
	return bio->bi_bdev;
#else
	return NULL; /* a clone without a device keeps the source's */
#endif
}

/*
 * The kernel's own functions; in parentheses, since bioset.h has macros of the
 * same names.  5.18 made the device and the operation arguments of theirs.
 */
static inline struct bio *kernel_bio_alloc(struct block_device *bdev,
					   unsigned short nr_vecs,
					   bset_opf_t opf, gfp_t gfp,
					   struct bio_set *bs)
{
#if BSET_HAVE_BIO_ALLOC_5
	return (bio_alloc_bioset)(bdev, nr_vecs, opf, gfp, bs);
#else
	struct bio *bio = (bio_alloc_bioset)(gfp, nr_vecs, bs);

	if (!bio)
		return NULL;
	if (bdev)
		bio_set_dev(bio, bdev);
	bio->bi_opf = opf;
	return bio;
#endif
}

static inline struct bio *kernel_bio_clone(struct block_device *bdev,
					   struct bio *src, gfp_t gfp,
					   struct bio_set *bs)
{
	return (bio_alloc_clone)(bdev, src, gfp, bs);
}

static inline void kernel_bio_init(struct bio *bio, struct bio_vec *table,
				   unsigned short max_vecs, bset_opf_t opf)
{
#if BSET_HAVE_BIO_INIT_5
	bio_init(bio, NULL, table, max_vecs, opf);
#else
	bio_init(bio, table, max_vecs);
	bio->bi_opf = opf;
#endif
}

/* 6.18: vecs behind a bio are no member of it any more. */
static inline struct bio_vec *kernel_bio_inline_vecs(struct bio *bio)
{
#if BSET_HAVE_BI_INLINE_VECS
	return bio->bi_inline_vecs;
#else
	return bio_inline_vecs(bio);
#endif
}

static inline void kernel_bio_reset(struct bio *bio, bset_opf_t opf)
{
#if BSET_HAVE_BIO_RESET_3
	bio_reset(bio, NULL, opf);
#else
	bio_reset(bio);
	bio->bi_opf = opf;
#endif
}

#endif /* BSET_TESTCOMPAT_H */
