// SPDX-License-Identifier: GPL-2.0
/*
 * Bio-based disks without data
 */
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "testdisk.h"

#define DISK_SECTORS 2048

static LIST_HEAD(disks);
static DEFINE_MUTEX(disks_lock);
static atomic_t serial;

static void complete_list(struct bio_list *list)
{
	struct bio *bio;

	while ((bio = bio_list_pop(list)))
		bio_endio(bio);
}

/* Completes what a leaf holds back. */
void test_disk_release(struct test_disk *disk)
{
	struct bio_list list;
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	list = disk->held;
	bio_list_init(&disk->held);
	disk->hold = false;
	spin_unlock_irqrestore(&disk->lock, flags);
	complete_list(&list);
}

void test_disks_release(void)
{
	struct test_disk *disk;

	mutex_lock(&disks_lock);
	list_for_each_entry(disk, &disks, all)
		test_disk_release(disk);
	mutex_unlock(&disks_lock);
}

static void disk_timer(struct timer_list *timer)
{
	struct test_disk *disk = container_of(timer, typeof(*disk), timer);

	test_disk_release(disk);
}

/* The submit method of a leaf. */
void test_leaf(struct test_disk *disk, struct bio *bio)
{
	unsigned long flags;
	bool now = false;

	spin_lock_irqsave(&disk->lock, flags);
	if (disk->nr_seen < TEST_DISK_LOG)
		disk->seen[disk->nr_seen] = bio->bi_iter.bi_sector;
	disk->nr_seen++;
	if (disk->hold || disk->delay_ms)
		bio_list_add(&disk->held, bio);
	else
		now = true;
	spin_unlock_irqrestore(&disk->lock, flags);
	if (now)
		bio_endio(bio);
	else if (disk->delay_ms)
		mod_timer(&disk->timer,
			  jiffies + msecs_to_jiffies(disk->delay_ms));
}

static compat_submit_t disk_submit_bio(struct bio *bio)
{
	struct test_disk *disk = compat_bio_disk(bio)->private_data;

	disk->submit(disk, bio);
	return COMPAT_SUBMITTED;
}

static const struct block_device_operations disk_ops = {
	.owner = THIS_MODULE,
	.submit_bio = disk_submit_bio,
};

static void disk_free(void *arg)
{
	struct test_disk *disk = arg;

	mutex_lock(&disks_lock);
	list_del(&disk->all);
	mutex_unlock(&disks_lock);
	test_disk_release(disk);
	test_timer_stop(&disk->timer);
	del_gendisk(disk->disk);
	test_gd_free(&disk->gd);
	kfree(disk);
}

static struct gendisk *add_gendisk(struct test_disk *disk)
{
	struct gendisk *gd;

	if (!test_gd_alloc(&disk->gd)) {
		test_gd_free(&disk->gd);
		return NULL;
	}
	gd = disk->gd.gd;
	gd->fops = &disk_ops;
	gd->private_data = disk;
	gd->flags |= GENHD_FL_NO_PART;
	snprintf(gd->disk_name, sizeof(gd->disk_name), "bsettest%d",
		 atomic_inc_return(&serial));
	set_capacity(gd, DISK_SECTORS);
	if (test_gd_add(&disk->gd)) {
		test_gd_free(&disk->gd);
		return NULL;
	}
	return gd;
}

/* A disk for the rest of the test; a leaf if @submit is NULL. */
struct test_disk *test_disk(struct kunit *test,
			    void (*submit)(struct test_disk *, struct bio *),
			    void *priv)
{
	struct test_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	disk->submit = submit ?: test_leaf;
	disk->priv = priv;
	spin_lock_init(&disk->lock);
	bio_list_init(&disk->held);
	timer_setup(&disk->timer, disk_timer, 0);
	disk->disk = add_gendisk(disk);
	if (!disk->disk)
		kfree(disk);
	KUNIT_ASSERT_NOT_NULL(test, disk->disk);
	disk->bdev = disk->gd.bdev;
	mutex_lock(&disks_lock);
	list_add(&disk->all, &disks);
	mutex_unlock(&disks_lock);
	test_defer(test, disk_free, disk);
	return disk;
}

static void io_end(struct bio *bio)
{
	struct test_io *io = bio->bi_private;

	io->status = bio->bi_status;
	atomic_inc(&io->ends);
	(bio_put)(bio);
	complete(&io->done);
}

static int io_submit(void *arg)
{
	struct test_io *io = arg;

	submit_bio(io->bio);
	return 0;
}

bool test_io_done(struct test_io *io, unsigned int ms)
{
	if (!test_within(&io->done, ms))
		return false;
	/* For the next who asks. */
	complete(&io->done);
	return true;
}

static void io_finish(void *arg)
{
	struct test_io *io = arg;

	if (test_io_done(io, TEST_LIMIT_MS))
		return;
	test_unblock();
	if (!test_io_done(io, TEST_LIMIT_MS))
		panic("bioset_kunit: a bio does not complete");
}

struct bio *test_page_bio(struct test_disk *disk, bset_opf_t opf,
			  struct page *page)
{
	struct bio *bio = kernel_bio_alloc_fs(disk->bdev, 1, opf);

	__bio_add_page(bio, page, PAGE_SIZE, 0);
	return bio;
}

struct test_io *test_io_on(struct kunit *test, struct test_disk *disk, int cpu)
{
	struct test_io *io = test_zalloc(test, sizeof(*io));

	init_completion(&io->done);
	io->bio = test_page_bio(disk, REQ_OP_WRITE, ZERO_PAGE(0));
	io->bio->bi_private = io;
	io->bio->bi_end_io = io_end;
	test_defer(test, io_finish, io);
	io->worker = test_worker_on(test, cpu, io_submit, io);
	return io;
}

/* A write of 8 sectors from sector 0. */
struct test_io *test_io(struct kunit *test, struct test_disk *disk)
{
	return test_io_on(test, disk, -1);
}

static void piece_end(struct bio *bio)
{
	struct bio *parent = bio->bi_private;
	struct test_disk *disk = compat_bio_disk(parent)->private_data;
	struct test_splitter *s = disk->priv;

	if (bio->bi_status && !parent->bi_status)
		parent->bi_status = bio->bi_status;
	atomic_inc(&s->ended);
	bio_put(bio);
	bio_endio(parent);
}

static void send_piece(struct test_splitter *s, struct bio *parent,
		       unsigned int i)
{
	struct bio *bio;

	bio = bio_alloc_clone(s->lower->bdev, parent, GFP_NOIO,
			      i & 1 && s->other ? s->other : s->bs);
	if (!bio) {
		s->failed++;
		return;
	}
	bio_advance(bio, i << SECTOR_SHIFT);
	bio->bi_iter.bi_size = SECTOR_SIZE;
	bio->bi_private = parent;
	bio->bi_end_io = piece_end;
	bio_inc_remaining(parent);
	submit_bio_noacct(bio);
}

/*
 * What a driver that knows nothing of us does, with the kernel's functions, when
 * there is no memory in the slab either.
 */
static void send_split(struct test_splitter *s, struct bio *parent, bool kernel)
{
	struct bio *bio;

	if (kernel)
		test_kernel_has_to_ask();
	bio = kernel ? (bio_split)(parent, 1, GFP_NOIO, s->bs)
		     : bio_split(parent, 1, GFP_NOIO, s->bs);
	if (IS_ERR_OR_NULL(bio)) {
		s->failed++;
		return;
	}
	bio_set_dev(bio, s->lower->bdev);
	bio_chain(bio, parent);
	submit_bio_noacct(bio);
}

/*
 * catalogue 28: pieces may end before the loop does, so the loop has a
 * reference of its own on the parent.  That is the one a bio is born with,
 * dropped by the bio_endio() at the end.
 */
static void splitter_submit(struct test_disk *disk, struct bio *parent)
{
	struct test_splitter *s = disk->priv;
	unsigned int i;

	for (i = 0; i < s->pieces; i++) {
		if (s->before)
			s->before(s, i);
		if (s->by_kernel)
			send_split(s, parent, !s->by_both || i & 1);
		else
			send_piece(s, parent, i);
	}
	s->ended_early = atomic_read(&s->ended);
	bio_endio(parent);
}

struct test_splitter *test_splitter(struct kunit *test, struct bio_set *bs,
				    struct test_disk *lower,
				    unsigned int pieces)
{
	struct test_splitter *s = test_zalloc(test, sizeof(*s));

	s->bs = bs;
	s->lower = lower ?: test_disk(test, NULL, NULL);
	s->pieces = pieces;
	s->disk = test_disk(test, splitter_submit, s);
	return s;
}
