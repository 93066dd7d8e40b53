/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a bio-based driver needs of the block layer, on any supported kernel
 *
 * Each wrapper tells what it hides.  The features (BSET_HAVE_...) are found out
 * by compiling a few lines of code for the kernel at hand, see probes/; a
 * kernel's version says too little, because changes are backported.
 */
#ifndef BSET_SAMPLES_COMPAT_H
#define BSET_SAMPLES_COMPAT_H

#include <linux/blkdev.h>
#include <trace/events/block.h>

#include "bset_features.h"

/*
 * A block device opened by its path, for reading and writing.  With a holder
 * nobody else may claim it.
 *
 *   until 6.4	the mode is an fmode_t, closing wants the mode again
 *   6.5	the mode is a blk_mode_t, closing wants the holder
 *   6.7	opening returns a handle
 *   6.9	opening returns a file
 */
struct compat_bdev {
	struct block_device *bdev;
	void *cookie; /* what closing wants */
};

#if BSET_HAVE_BDEV_OPEN_FILE
static inline int compat_bdev_open(struct compat_bdev *b, const char *path,
				   void *holder)
{
	struct file *file;

	file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE,
				      holder, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	b->bdev = file_bdev(file);
	b->cookie = file;
	return 0;
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	bdev_fput(b->cookie);
}
#elif BSET_HAVE_BDEV_OPEN_HANDLE
static inline int compat_bdev_open(struct compat_bdev *b, const char *path,
				   void *holder)
{
	struct bdev_handle *handle;

	handle = bdev_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE, holder,
				   NULL);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	b->bdev = handle->bdev;
	b->cookie = handle;
	return 0;
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	bdev_release(b->cookie);
}
#elif BSET_HAVE_BLKDEV_PUT_HOLDER
static inline int compat_bdev_open(struct compat_bdev *b, const char *path,
				   void *holder)
{
	b->bdev = blkdev_get_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE,
				     holder, NULL);
	b->cookie = holder;
	return PTR_ERR_OR_ZERO(b->bdev);
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	blkdev_put(b->bdev, b->cookie);
}
#else
static inline fmode_t compat_bdev_mode(const void *holder)
{
	return FMODE_READ | FMODE_WRITE | (holder ? FMODE_EXCL : 0);
}

static inline int compat_bdev_open(struct compat_bdev *b, const char *path,
				   void *holder)
{
	b->bdev = blkdev_get_by_path(path, compat_bdev_mode(holder), holder);
	b->cookie = holder;
	return PTR_ERR_OR_ZERO(b->bdev);
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	blkdev_put(b->bdev, compat_bdev_mode(b->cookie));
}
#endif

/* 5.16: bdev_nr_sectors() */
static inline sector_t compat_bdev_sectors(struct block_device *bdev)
{
#if BSET_HAVE_BDEV_NR_SECTORS
	return bdev_nr_sectors(bdev);
#else
	return i_size_read(bdev->bd_inode) >> SECTOR_SHIFT;
#endif
}

/* Until 5.11 a bio points to the disk, since 5.12 to the block_device. */
static inline struct gendisk *compat_bio_disk(const struct bio *bio)
{
#if BSET_HAVE_BI_BDEV
	return bio->bi_bdev->bd_disk;
#else
	return bio->bi_disk;
#endif
}

/* 5.18: a clone's device is an argument of bio_alloc_clone(). */
#if !BSET_HAVE_BIO_ALLOC_CLONE
static inline struct bio *(bio_alloc_clone)(struct block_device *bdev,
					    struct bio *src, gfp_t gfp,
					    struct bio_set *bs)
{
	struct bio *clone = (bio_clone_fast)(src, gfp, bs);

	if (clone && bdev)
		bio_set_dev(clone, bdev);
	return clone;
}
#endif

/*
 * What the method submit_bio of a disk returns: a cookie until 5.15, nothing
 * since.  A method ends with "return COMPAT_SUBMITTED;".
 */
#if BSET_HAVE_SUBMIT_BIO_VOID
typedef void compat_submit_t;
#define COMPAT_SUBMITTED
#else
typedef blk_qc_t compat_submit_t;
#define COMPAT_SUBMITTED BLK_QC_T_NONE
#endif

/*
 * The limits and features of a disk that lies over others: it promises what all
 * of them can do, and demands what one of them does.
 *
 *   5.19	no discard is a limit of 0, before a flag that is not set
 *   6.9	limits are given when the disk is made
 *   6.11	the flags of the queue have become features in the limits
 */
#if !BSET_HAVE_BLK_FEAT
static inline bool compat_bdev_flag(struct block_device *bdev, unsigned int bit)
{
	return test_bit(bit, &bdev_get_queue(bdev)->queue_flags);
}

static inline void compat_stack_flags(struct request_queue *q,
				      const struct compat_bdev *devs,
				      unsigned int nr)
{
	bool cache = false, fua = false, nonrot = true;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		cache |= compat_bdev_flag(devs[i].bdev, QUEUE_FLAG_WC);
		/* emulated for those without */
		fua |= compat_bdev_flag(devs[i].bdev, QUEUE_FLAG_FUA);
		nonrot &= compat_bdev_flag(devs[i].bdev, QUEUE_FLAG_NONROT);
		if (compat_bdev_flag(devs[i].bdev, QUEUE_FLAG_STABLE_WRITES))
			blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, q);
	}
	blk_queue_write_cache(q, cache, fua);
	if (nonrot)
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_flag_set(QUEUE_FLAG_IO_STAT, q);
}
#endif

static inline bool compat_can_discard(const struct compat_bdev *devs,
				      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
#if BSET_HAVE_BDEV_MAX_DISCARD
		if (!bdev_max_discard_sectors(devs[i].bdev))
			return false;
#else
		if (!blk_queue_discard(bdev_get_queue(devs[i].bdev)))
			return false;
#endif
	}
	return true;
}

/* What the devices do not settle. */
static inline void compat_own_limits(struct queue_limits *limits, bool discard,
				     unsigned int io_min, unsigned int io_opt)
{
	if (!discard)
		limits->max_discard_sectors = 0;
	if (!discard)
		limits->max_hw_discard_sectors = 0;
#if BSET_HAVE_BDEV_MAX_DISCARD
	limits->max_secure_erase_sectors = 0;
#endif
	limits->io_min = max(io_min, limits->physical_block_size);
	limits->io_opt = io_opt;
}

/*
 * A disk without limits of its own.
 *
 *   5.14	blk_alloc_disk(), for a disk and its queue
 *   6.9	it takes limits and returns an ERR_PTR()
 *
 * Returns NULL when there is no memory.
 */
#if BSET_HAVE_GENDISK_ALLOC_LIMITS
static inline struct gendisk *compat_disk_alloc_limits(struct queue_limits *lim)
{
	struct gendisk *disk = blk_alloc_disk(lim, NUMA_NO_NODE);

	return IS_ERR(disk) ? NULL : disk;
}

static inline struct gendisk *compat_disk_alloc(void)
{
	return compat_disk_alloc_limits(NULL);
}
#elif BSET_HAVE_GENDISK_ALLOC
static inline struct gendisk *compat_disk_alloc(void)
{
	return blk_alloc_disk(NUMA_NO_NODE);
}
#else
static inline struct gendisk *compat_disk_alloc(void)
{
	struct gendisk *disk = alloc_disk(0); /* minors come at add_disk() */

	if (!disk)
		return NULL;
	disk->flags |= GENHD_FL_EXT_DEVT;
	disk->queue = blk_alloc_queue(NUMA_NO_NODE);
	if (disk->queue)
		return disk;
	put_disk(disk);
	return NULL;
}
#endif

/*
 * compat_disk_over() - a disk that lies over others
 * @devs:	the devices
 * @nr:		how many they are
 * @io_min:	smallest I/O that is worth while, in bytes
 * @io_opt:	best I/O, in bytes
 *
 * Returns the disk, for compat_disk_add(), or NULL.
 */
#if BSET_HAVE_GENDISK_ALLOC_LIMITS
static inline struct gendisk *compat_disk_over(const struct compat_bdev *devs,
					       unsigned int nr,
					       unsigned int io_min,
					       unsigned int io_opt)
{
	struct queue_limits limits;
	struct gendisk *disk;
	unsigned int i;

	blk_set_stacking_limits(&limits);
	for (i = 0; i < nr; i++)
		queue_limits_stack_bdev(&limits, devs[i].bdev, 0,
					KBUILD_MODNAME);
	compat_own_limits(&limits, compat_can_discard(devs, nr), io_min,
			  io_opt);
#if BSET_HAVE_BLK_FEAT
	limits.features |= BLK_FEAT_IO_STAT;
	disk = compat_disk_alloc_limits(&limits);
#else
	disk = compat_disk_alloc_limits(&limits);
	if (disk)
		compat_stack_flags(disk->queue, devs, nr);
#endif
	return disk;
}
#else
static inline struct gendisk *compat_disk_over(const struct compat_bdev *devs,
					       unsigned int nr,
					       unsigned int io_min,
					       unsigned int io_opt)
{
	const bool discard = compat_can_discard(devs, nr);
	struct gendisk *disk = compat_disk_alloc();
	unsigned int i;

	if (!disk)
		return NULL;
	blk_set_stacking_limits(&disk->queue->limits);
	for (i = 0; i < nr; i++)
		disk_stack_limits(disk, devs[i].bdev, 0);
	compat_own_limits(&disk->queue->limits, discard, io_min, io_opt);
	compat_stack_flags(disk->queue, devs, nr);
#if !BSET_HAVE_BDEV_MAX_DISCARD
	if (discard)
		blk_queue_flag_set(QUEUE_FLAG_DISCARD, disk->queue);
#endif
	return disk;
}
#endif

/* 5.15: add_disk() can fail. */
static inline int compat_disk_add(struct gendisk *disk)
{
#if BSET_HAVE_ADD_DISK_RETURNS
	return add_disk(disk);
#else
	add_disk(disk);
	return 0;
#endif
}

/*
 * The last that is done to a disk, after del_gendisk() if it was added; NULL is
 * right too.  The queue was a thing of its own until 5.13, and had to be ended
 * with blk_cleanup_disk() until 5.18.
 */
static inline void compat_disk_put(struct gendisk *disk)
{
	if (!disk)
		return;
#if BSET_HAVE_BLK_CLEANUP_DISK
	blk_cleanup_disk(disk);
#elif BSET_HAVE_GENDISK_ALLOC || BSET_HAVE_GENDISK_ALLOC_LIMITS
	put_disk(disk);
#else
	blk_cleanup_queue(disk->queue);
	if (!disk_devt(disk)) /* only add_disk() makes the queue the disk's */
		disk->queue = NULL;
	put_disk(disk);
#endif
}

/*
 * Flushes what @disk, which is ours, has in its cache.
 *
 *   5.11	a disk has a block_device of its own
 *   5.12	blkdev_issue_flush() takes no GFP flags any more
 */
static inline int compat_disk_flush(struct gendisk *disk)
{
#if BSET_HAVE_GENDISK_PART0_BDEV && BSET_HAVE_ISSUE_FLUSH_GFP
	return blkdev_issue_flush(disk->part0, GFP_NOIO);
#elif BSET_HAVE_GENDISK_PART0_BDEV
	return blkdev_issue_flush(disk->part0);
#else
	struct bio *bio = bio_alloc(GFP_NOIO, 0);
	int ret;

	bio->bi_disk = disk;
	bio->bi_opf = REQ_OP_WRITE | REQ_PREFLUSH;
	bio_associate_blkg(bio);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	return ret;
#endif
}

/*
 * Counts a part of @bio as I/O of the disk that it came to; until 5.17 of the
 * whole disk, since then of the partition.  The sectors are counted at the
 * start, and at the end since 6.5.
 */
static inline unsigned long compat_acct_start(struct bio *bio,
					      unsigned int sectors)
{
#if BSET_HAVE_BDEV_IO_ACCT_AT_END
	return bdev_start_io_acct(bio->bi_bdev, bio_op(bio), jiffies);
#elif BSET_HAVE_BDEV_IO_ACCT
	return bdev_start_io_acct(bio->bi_bdev, sectors, bio_op(bio), jiffies);
#else
	return disk_start_io_acct(compat_bio_disk(bio), sectors, bio_op(bio));
#endif
}

static inline void compat_acct_end(struct bio *bio, unsigned int sectors,
				   unsigned long start)
{
#if BSET_HAVE_BDEV_IO_ACCT_AT_END
	bdev_end_io_acct(bio->bi_bdev, bio_op(bio), sectors, start);
#elif BSET_HAVE_BDEV_IO_ACCT
	bdev_end_io_acct(bio->bi_bdev, bio_op(bio), start);
#else
	disk_end_io_acct(compat_bio_disk(bio), bio_op(bio), start);
#endif
}

/* For blktrace: @bio was at @from of @disk.  5.11 dropped the queue. */
static inline void compat_trace_remap(struct bio *bio, struct gendisk *disk,
				      sector_t from)
{
#if BSET_HAVE_REMAP_TRACE_Q
	trace_block_bio_remap(compat_bio_disk(bio)->queue, bio, disk_devt(disk),
			      from);
#else
	trace_block_bio_remap(bio, disk_devt(disk), from);
#endif
}

#endif /* BSET_SAMPLES_COMPAT_H */
