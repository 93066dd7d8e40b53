// SPDX-License-Identifier: GPL-2.0
/*
 * stripe.c - an example: a disk that stripes over other block devices
 *
 *	insmod bioset_stripe.ko devices=/dev/a,/dev/b,/dev/c chunk_kb=64
 *
 * makes /dev/stripe0.  Its chunks lie on the devices in turn.  A bio that
 * crosses a chunk's border is served by several clones, all from one bio_set:
 * this is what the rescuer is for, see bset_alloc().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "compat.h"
#ifndef BSET_SAMPLE_KERNEL_SETS /* for the benchmark: see stripe_kernel.c */
#include "bioset.h"
#endif

#ifndef STRIPE_DISK_NAME
#define STRIPE_DISK_NAME "stripe0"
#endif

#define MAX_DEVICES 32
#define MAX_CHUNK_KB 65536 /* all of MAX_DEVICES still fit io_opt */

static char *devices[MAX_DEVICES];
static unsigned int nr_devices;
module_param_array(devices, charp, &nr_devices, 0444);
MODULE_PARM_DESC(devices, "block devices to stripe over, separated by commas");

static unsigned int chunk_kb = 64;
module_param(chunk_kb, uint, 0444);
MODULE_PARM_DESC(chunk_kb, "KiB per chunk, a power of two (default 64)");

static unsigned int pool_size = 16;
module_param(pool_size, uint, 0444);
MODULE_PARM_DESC(pool_size, "clones in reserve, 1 is enough (default 16)");

struct stripe {
	unsigned int chunk_shift; /* in sectors, like all sizes here */
	sector_t chunk_sectors;
	unsigned int nr;
	int nr_shift; /* -1 if nr is not a power of two */
	struct compat_bdev dev[MAX_DEVICES];
	struct bio_set clones;

	sector_t dev_sectors; /* used of each device */
	struct gendisk *disk;

	/* Writes that wait for a flush of all devices first. */
	spinlock_t flush_lock;
	struct bio_list flush_bios;
	struct work_struct flush_work;
	struct workqueue_struct *flush_wq;
};

/* What we know about each clone lies in the front_pad of its set. */
struct stripe_io {
	struct bio *parent;
	unsigned int sectors;
	unsigned long start_time;
	struct bio clone; /* must be last */
};

static struct stripe stripe;

/* Returns the sector on the device that has @sector, and which device that is. */
static sector_t stripe_map(const struct stripe *s, sector_t sector,
			   unsigned int *dev)
{
	const sector_t offset = sector & (s->chunk_sectors - 1);
	sector_t row = sector >> s->chunk_shift;

	if (s->nr_shift >= 0) {
		*dev = row & (s->nr - 1);
		row >>= s->nr_shift;
	} else {
		*dev = sector_div(row, s->nr);
	}
	return (row << s->chunk_shift) + offset;
}

/* How many sectors of device @dev come before @sector of the stripe. */
static sector_t sectors_before(const struct stripe *s, sector_t sector,
			       unsigned int dev)
{
	unsigned int at;
	sector_t pos = stripe_map(s, sector, &at);

	if (dev == at)
		return pos;
	pos = round_down(pos, s->chunk_sectors);
	return dev < at ? pos + s->chunk_sectors : pos;
}

/*
 * Drops one of the references on @parent; the last one ends it.  When several
 * parts fail, any of their errors will do, and none is ever taken back: so
 * plain stores are enough, and bio_endio() orders them before the end.
 */
static void end_part(struct bio *parent, blk_status_t status)
{
	if (unlikely(status))
		WRITE_ONCE(parent->bi_status, status);
	bio_endio(parent);
}

static void stripe_end_io(struct bio *clone)
{
	struct stripe_io *io = container_of(clone, struct stripe_io, clone);
	struct bio *parent = io->parent;
	blk_status_t status = clone->bi_status;

	compat_acct_end(parent, io->sectors, io->start_time);
	bio_put(clone);
	end_part(parent, status);
}

/*
 * Sends @sectors of @parent to @sector of device @dev, and drops a reference on
 * @parent when they are done.  That can be before this returns, see the
 * callers.
 */
static void submit_part(struct stripe *s, struct bio *parent, unsigned int dev,
			sector_t sector, unsigned int sectors)
{
	struct stripe_io *io;
	struct bio *clone;

	/*
	 * From here to submit_bio_noacct() this task holds a clone that is not
	 * submitted, and so must not allocate another one.
	 */
	clone = bio_alloc_clone(s->dev[dev].bdev, parent, GFP_NOIO, &s->clones);
	if (unlikely(!clone)) {
		end_part(parent, BLK_STS_RESOURCE);
		return;
	}
	io = container_of(clone, struct stripe_io, clone);
	io->parent = parent;
	io->sectors = sectors;
	io->start_time = compat_acct_start(parent, sectors);
	clone->bi_end_io = stripe_end_io;
	clone->bi_iter.bi_sector = sector;
	clone->bi_iter.bi_size = sectors << SECTOR_SHIFT;
	compat_trace_remap(clone, s->disk, parent->bi_iter.bi_sector);
	submit_bio_noacct(clone);
}

/*
 * Reads and writes.  The reference that @bio came with goes to its last part,
 * each part before that gets one of its own.  So @bio cannot end before its
 * last part is submitted, even if the rescuer has submitted the others and they
 * are done; after that it may be gone.
 */
static void submit_data(struct stripe *s, struct bio *bio)
{
	const sector_t offset = bio->bi_iter.bi_sector & (s->chunk_sectors - 1);
	unsigned int sectors = s->chunk_sectors - offset;
	unsigned int dev;
	sector_t sector;

	while (unlikely(bio_sectors(bio) > sectors)) {
		sector = stripe_map(s, bio->bi_iter.bi_sector, &dev);
		bio_inc_remaining(bio);
		submit_part(s, bio, dev, sector, sectors);
		bio_advance(bio, sectors << SECTOR_SHIFT);
		sectors = s->chunk_sectors;
	}
	sector = stripe_map(s, bio->bi_iter.bi_sector, &dev);
	submit_part(s, bio, dev, sector, bio_sectors(bio));
}

/*
 * Discards and the like: all that is on one device is in one piece there, so
 * each device gets one clone, however many chunks there are.  The reference
 * that @bio came with is ours until the end.
 */
static void submit_range(struct stripe *s, struct bio *bio)
{
	const sector_t first = bio->bi_iter.bi_sector;
	const sector_t end = bio_end_sector(bio);
	sector_t from, to;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		from = sectors_before(s, first, i);
		to = sectors_before(s, end, i);
		if (from == to)
			continue;
		bio_inc_remaining(bio);
		submit_part(s, bio, i, from, to - from);
	}
	bio_endio(bio);
}

/*
 * A write may start only after the flush that it asks for, and a completion
 * cannot allocate, so such a write goes to a work item.
 */
static void submit_flush(struct stripe *s, struct bio *bio)
{
	unsigned int i;

	if (bio_sectors(bio)) {
		spin_lock(&s->flush_lock);
		bio_list_add(&s->flush_bios, bio);
		spin_unlock(&s->flush_lock);
		queue_work(s->flush_wq, &s->flush_work);
		return;
	}
	for (i = 0; i < s->nr; i++) {
		bio_inc_remaining(bio);
		submit_part(s, bio, i, 0, 0);
	}
	bio_endio(bio);
}

/* One flush, through submit_flush(), is enough for all writes that wait now. */
static void flush_and_write(struct work_struct *work)
{
	struct stripe *s = container_of(work, struct stripe, flush_work);
	blk_status_t status;
	struct bio_list bios;
	struct bio *bio;

	spin_lock(&s->flush_lock);
	bios = s->flush_bios;
	bio_list_init(&s->flush_bios);
	spin_unlock(&s->flush_lock);

	status = errno_to_blk_status(compat_disk_flush(s->disk));
	while ((bio = bio_list_pop(&bios))) {
		bio->bi_opf &= ~REQ_PREFLUSH;
		if (status)
			end_part(bio, status);
		else
			submit_data(s, bio);
	}
}

static compat_submit_t stripe_submit_bio(struct bio *bio)
{
	struct stripe *s = compat_bio_disk(bio)->private_data;

	if (unlikely(bio->bi_opf & REQ_PREFLUSH))
		submit_flush(s, bio);
	else if (unlikely(bio_no_advance_iter(bio)))
		submit_range(s, bio);
	else
		submit_data(s, bio);
	return COMPAT_SUBMITTED;
}

static const struct block_device_operations stripe_fops = {
	.owner = THIS_MODULE,
	.submit_bio = stripe_submit_bio,
};

static int check_params(void)
{
	if (!nr_devices)
		pr_err("no devices: give devices=/dev/a,/dev/b,...\n");
	else if (!is_power_of_2(chunk_kb) || chunk_kb > MAX_CHUNK_KB)
		pr_err("chunk_kb=%u is not a power of two from 1 to %u\n",
		       chunk_kb, MAX_CHUNK_KB);
	else if (!pool_size)
		pr_err("pool_size=0: without a reserve writes may hang\n");
	else
		return 0;
	return -EINVAL;
}

static int check_device(const struct stripe *s, const char *path)
{
	struct block_device *bdev = s->dev[s->nr - 1].bdev;
	unsigned int i;

	for (i = 0; i < s->nr - 1; i++)
		if (s->dev[i].bdev == bdev)
			break;
	if (i < s->nr - 1)
		pr_err("%s and %s are the same device\n", devices[i], path);
	else if (bdev_is_zoned(bdev))
		pr_err("%s is zoned, which does not go with striping\n", path);
	else if (chunk_kb << 10 < bdev_logical_block_size(bdev))
		pr_err("chunk_kb=%u is less than a block of %s, %u bytes\n",
		       chunk_kb, path, bdev_logical_block_size(bdev));
	else if (compat_bdev_sectors(bdev) < s->chunk_sectors)
		pr_err("%s is too small for a chunk of %u KiB\n", path,
		       chunk_kb);
	else
		return 0;
	return -EINVAL;
}

static int open_device(struct stripe *s, const char *path)
{
	int ret = compat_bdev_open(&s->dev[s->nr], path, s);
	sector_t sectors;

	if (ret) {
		pr_err("cannot use \"%s\": %pe\n", path, ERR_PTR(ret));
		return ret;
	}
	sectors = compat_bdev_sectors(s->dev[s->nr].bdev);
	s->nr++;
	s->dev_sectors = min_not_zero(s->dev_sectors,
				      round_down(sectors, s->chunk_sectors));
	return check_device(s, path);
}

static int open_devices(struct stripe *s)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr_devices; i++) {
		ret = open_device(s, devices[i]);
		if (ret)
			return ret;
	}
	s->nr_shift = is_power_of_2(s->nr) ? ilog2(s->nr) : -1;
	return 0;
}

static int make_disk(struct stripe *s)
{
	s->flush_wq = alloc_workqueue(STRIPE_DISK_NAME,
				      WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	s->disk = compat_disk_over(s->dev, s->nr, chunk_kb << 10,
				   (chunk_kb << 10) * s->nr);
	if (!s->flush_wq || !s->disk)
		return -ENOMEM;

	s->disk->fops = &stripe_fops;
	s->disk->private_data = s;
	strscpy(s->disk->disk_name, STRIPE_DISK_NAME, DISK_NAME_LEN);
	set_capacity(s->disk, s->dev_sectors * s->nr);
	return compat_disk_add(s->disk);
}

/* Undoes as much as was done; memory of all zeroes is right too. */
static void stripe_free(struct stripe *s)
{
	compat_disk_put(s->disk);
	if (s->flush_wq)
		destroy_workqueue(s->flush_wq);
	bioset_exit(&s->clones);
	while (s->nr)
		compat_bdev_close(&s->dev[--s->nr]);
}

static int __init stripe_init(void)
{
	struct stripe *s = &stripe;
	int ret;

	ret = check_params();
	if (ret)
		return ret;
	s->chunk_sectors = chunk_kb << (10 - SECTOR_SHIFT);
	s->chunk_shift = ilog2(s->chunk_sectors);
	spin_lock_init(&s->flush_lock);
	INIT_WORK(&s->flush_work, flush_and_write);

	ret = open_devices(s);
	if (ret)
		goto free;
	ret = bioset_init(&s->clones, pool_size,
			  offsetof(struct stripe_io, clone),
			  BIOSET_NEED_RESCUER);
	if (ret)
		goto free;
	ret = make_disk(s);
	if (ret) {
		pr_err("cannot make the disk: %pe\n", ERR_PTR(ret));
		goto free;
	}
	pr_info("%s: %u devices, chunks of %u KiB\n", s->disk->disk_name, s->nr,
		chunk_kb);
	return 0;
free:
	stripe_free(s);
	return ret;
}

static void __exit stripe_exit(void)
{
	del_gendisk(stripe.disk);
	stripe_free(&stripe);
}

module_init(stripe_init);
module_exit(stripe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Example for bioset.h: striping over block devices");
