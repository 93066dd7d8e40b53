/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bio-based disks without data
 */
#ifndef BSET_TESTDISK_H
#define BSET_TESTDISK_H

#include <linux/blkdev.h>

#include "testlib.h"

#define TEST_DISK_LOG 64

/*
 * A leaf, which completes what it gets and writes down the order; or whatever
 * @submit does.
 */
struct test_disk {
	struct test_gd gd;
	struct gendisk *disk; /* the same */
	struct block_device *bdev;
	void (*submit)(struct test_disk *disk, struct bio *bio);
	void *priv;
	unsigned int delay_ms; /* leaf: complete from a timer */
	bool hold; /* leaf: keep bios until test_disk_release() */

	spinlock_t lock; /* of held, nr_seen and seen */
	struct bio_list held;
	struct timer_list timer;
	unsigned int nr_seen;
	sector_t seen[TEST_DISK_LOG];
	struct list_head all;
};

/* One bio from the kernel's own set, submitted by a task of its own. */
struct test_io {
	struct bio *bio;
	blk_status_t status;
	atomic_t ends;
	struct completion done;
	struct test_worker *worker;
};

struct test_disk *test_disk(struct kunit *test,
			    void (*submit)(struct test_disk *, struct bio *),
			    void *priv);
void test_disk_release(struct test_disk *disk);
void test_disks_release(void);
void test_leaf(struct test_disk *disk, struct bio *bio);

/* A bio with one page, of the kernel's own set. */
struct bio *test_page_bio(struct test_disk *disk, bset_opf_t opf,
			  struct page *page);

struct test_io *test_io_on(struct kunit *test, struct test_disk *disk, int cpu);
struct test_io *test_io(struct kunit *test, struct test_disk *disk);
bool test_io_done(struct test_io *io, unsigned int ms);

/*
 * A disk that cuts what it gets into single sectors, from the first on, and
 * sends them down as clones of its set.
 */
struct test_splitter {
	struct bio_set *bs;
	struct test_disk *disk;
	struct test_disk *lower;
	unsigned int pieces;
	bool by_kernel; /* (bio_split)() and bio_chain() instead of clones */
	bool by_both; /* each second one by bio_split() instead */
	struct bio_set *other; /* or NULL: every second piece is of this one */
	void (*before)(struct test_splitter *s, unsigned int i); /* piece i */

	atomic_t ended;
	int ended_early; /* pieces that had ended when the loop was over */
	int failed;
};

/* One above @lower, or above a leaf if that is NULL. */
struct test_splitter *test_splitter(struct kunit *test, struct bio_set *bs,
				    struct test_disk *lower,
				    unsigned int pieces);

#endif /* BSET_TESTDISK_H */
