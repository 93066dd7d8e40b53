// SPDX-License-Identifier: GPL-2.0
/* mydriver - writes pages of a device and reads them back */
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/module.h>
#include "bioset.h" /* after the kernel's headers */

static char *dev = "";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "device; its first 16 pages are overwritten");
static struct bio_set set;

/* An allocation that may sleep does not fail: the set has a reserve. */
static int transfer(struct block_device *bdev, int nr, bool write, void *page)
{
	struct bio *bio;
	int ret;

	bio = bio_alloc_bioset(bdev, 1, write ? REQ_OP_WRITE : REQ_OP_READ,
			       GFP_NOIO, &set);
	bio->bi_iter.bi_sector = nr * (PAGE_SIZE >> SECTOR_SHIFT);
	__bio_add_page(bio, virt_to_page(page), PAGE_SIZE, 0);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	return ret;
}

static int write_and_read(struct block_device *bdev, void *page)
{
	int i, ret = 0;

	for (i = 0; i < 32 && !ret; i++) {
		memset(page, i < 16 ? 'a' + i : 0, PAGE_SIZE);
		ret = transfer(bdev, i % 16, i < 16, page);
		if (!ret && memchr_inv(page, 'a' + i % 16, PAGE_SIZE))
			ret = -EILSEQ;
	}
	return ret;
}

static int __init mydriver_init(void)
{
	struct file *file = filp_open(dev, O_RDWR | O_LARGEFILE, 0);
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	int ret = IS_ERR(file) ? PTR_ERR(file) : page ? 0 : -ENOMEM;

	if (!ret && !S_ISBLK(file_inode(file)->i_mode))
		ret = -ENOTBLK;
	if (!ret)
		ret = bioset_init(&set, 4, 0, BIOSET_NEED_BVECS);
	if (!ret)
		ret = write_and_read(I_BDEV(file->f_mapping->host), page);
	if (ret)
		bioset_exit(&set); /* does nothing if there is no set */
	free_page((unsigned long)page);
	if (!IS_ERR(file))
		filp_close(file, NULL);
	pr_info("mydriver: dev=%s: %s\n", dev, ret ? "failed" : "done");
	return ret;
}

static void __exit mydriver_exit(void)
{
	bioset_exit(&set);
}

module_init(mydriver_init);
module_exit(mydriver_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver on bioset");
