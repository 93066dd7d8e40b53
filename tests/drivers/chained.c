// SPDX-License-Identifier: GPL-2.0
/*
 * chained.c - reads a bio of which a part has failed
 *
 *	insmod chained.ko dev=/dev/a
 *
 * As a file system or a disk above another one does that splits a bio: both parts
 * are chained and go to the device, and the first part cannot be read, since it
 * lies beyond the device's end.  The driver that completes the rest must leave the
 * error as it is.  Loading it ends with that error.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "bioset.h"

#include "compat.h"

static char *dev;
module_param(dev, charp, 0444);

static struct bio *read_of(struct block_device *bdev, struct page *page,
			   sector_t at)
{
	struct bio *bio =
		bio_alloc_bioset(bdev, 1, REQ_OP_READ, GFP_KERNEL, NULL);

	if (!bio)
		return NULL;
	bio->bi_iter.bi_sector = at;
	__bio_add_page(bio, page, SECTOR_SIZE, 0);
	return bio;
}

static int read_both(struct block_device *bdev, struct page *page)
{
	struct bio *rest = read_of(bdev, page, 0), *part;
	int ret = -ENOMEM;

	if (!rest)
		return ret;
	part = read_of(bdev, page, compat_bdev_sectors(bdev));
	if (part) {
		bio_chain(part, rest);
		submit_bio(part);
		ret = submit_bio_wait(rest);
	}
	bio_put(rest);
	return ret;
}

static int __init chained_init(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct compat_bdev b;
	int ret = -ENOMEM;

	if (!page)
		return ret;
	ret = compat_bdev_open(&b, dev, NULL);
	if (!ret) {
		ret = read_both(b.bdev, page);
		compat_bdev_close(&b);
	}
	__free_page(page);
	return ret;
}

static void __exit chained_exit(void)
{
}

module_init(chained_init);
module_exit(chained_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Reads a bio of which a part has failed");
