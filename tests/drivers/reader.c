// SPDX-License-Identifier: GPL-2.0
/*
 * reader.c - the least that a driver does with a set: reads a device's first
 * sector and says what is there
 *
 *	insmod reader.ko dev=/dev/a
 *
 * Lives outside of the tree and is built against what "make install" put down,
 * with a copy of samples/compat.h for what the kernels themselves do not have in
 * common: here, how a device is opened.
 * READER_4_6 writes the calls in their old form, READER_NO_INCLUDE leaves the
 * header to the compiler's -include; see the other files here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/module.h>
#ifndef READER_NO_INCLUDE
#include "bioset.h"
#endif

#include "compat.h"

static char *dev;
module_param(dev, charp, 0444);

#ifdef READER_4_6
static struct bio_set *set;

static int make_set(void)
{
	set = bioset_create(4, 0);
	return set ? 0 : -ENOMEM;
}

static void free_set(void)
{
	bioset_free(set);
}

static struct bio *new_bio(struct block_device *bdev)
{
	struct bio *bio = bio_alloc_bioset(GFP_KERNEL, 1, set);

	bio_set_dev(bio, bdev);
	bio->bi_opf = REQ_OP_READ;
	return bio;
}
#else
static struct bio_set reader_set;

static int make_set(void)
{
	return bioset_init(&reader_set, 4, 0, BIOSET_NEED_BVECS);
}

static void free_set(void)
{
	bioset_exit(&reader_set);
}

static struct bio *new_bio(struct block_device *bdev)
{
	return bio_alloc_bioset(bdev, 1, REQ_OP_READ, GFP_KERNEL, &reader_set);
}
#endif

static int read_sector(struct block_device *bdev)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio *bio;
	int ret;

	if (!page)
		return -ENOMEM;
	bio = new_bio(bdev);
	__bio_add_page(bio, page, SECTOR_SIZE, 0);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	if (!ret)
		pr_info("read \"%.32s\"\n", (char *)page_address(page));
	__free_page(page);
	return ret;
}

static int __init reader_init(void)
{
	struct compat_bdev b;
	int ret;

	ret = compat_bdev_open(&b, dev, NULL);
	if (ret)
		return ret;
	ret = make_set();
	if (!ret) {
		ret = read_sector(b.bdev);
		if (ret)
			free_set();
	}
	compat_bdev_close(&b);
	return ret;
}

static void __exit reader_exit(void)
{
	free_set();
}

module_init(reader_init);
module_exit(reader_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test of bioset.h from outside of its tree");
