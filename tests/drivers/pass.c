// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that passes everything on to another one
 *
 *	insmod pass.ko dev=/dev/a
 *
 * makes /dev/pass0.  Its heart is the driver of README.md, which
 * tests/drivers/outside-driver takes from there into readme_driver.h.
 *
 * While the parameter no_clone is set, bio_alloc_clone() finds no memory for
 * integrity or encryption data.  What there is of it on a disk is too little to
 * fail when a test wants it to.
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include "bioset.h"

static bool no_clone;
module_param(no_clone, bool, 0644);

static struct bio *clone_or_none(struct block_device *bdev, struct bio *src,
				 gfp_t gfp, struct bio_set *bs)
{
	return no_clone ? NULL : bio_alloc_clone(bdev, src, gfp, bs);
}

#undef bio_alloc_clone
#define bio_alloc_clone(bdev, src, gfp, bs) clone_or_none(bdev, src, gfp, bs)

#include "readme_driver.h"

#include "compat.h"

static char *dev;
module_param(dev, charp, 0444);

static struct compat_bdev lower;
static struct gendisk *disk;

/* my_submit_bio() is in the form since 5.16. */
static compat_submit_t pass_submit_bio(struct bio *bio)
{
	my_submit_bio(bio);
	return COMPAT_SUBMITTED;
}

static const struct block_device_operations pass_ops = {
	.owner = THIS_MODULE,
	.submit_bio = pass_submit_bio,
};

static int add_pass_disk(void)
{
	disk = compat_disk_alloc();
	if (!disk)
		return -ENOMEM;
	disk->fops = &pass_ops;
	strscpy(disk->disk_name, "pass0", DISK_NAME_LEN);
	set_capacity(disk, compat_bdev_sectors(below));
	return compat_disk_add(disk);
}

static void pass_free(void)
{
	compat_disk_put(disk);
	bioset_exit(&my_set);
	compat_bdev_close(&lower);
}

static int __init pass_init(void)
{
	int ret = compat_bdev_open(&lower, dev, NULL);

	if (ret)
		return ret;
	below = lower.bdev;
	ret = my_set_up();
	if (!ret)
		ret = add_pass_disk();
	if (ret)
		pass_free();
	return ret;
}

static void __exit pass_exit(void)
{
	del_gendisk(disk);
	pass_free();
}

module_init(pass_init);
module_exit(pass_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The driver of README.md");
