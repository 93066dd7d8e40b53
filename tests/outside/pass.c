// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that passes everything on to another one
 *
 *	insmod pass.ko dev=/dev/a
 *
 * makes /dev/pass0.  Its heart is the driver of README.md, which
 * scripts/outside-driver.sh takes from there into readme_driver.h.
 */
#include <linux/blkdev.h>
#include <linux/module.h>

#include "readme_driver.h"

static char *dev;
module_param(dev, charp, 0444);

static struct gendisk *disk;

static const struct block_device_operations pass_ops = {
	.owner = THIS_MODULE,
	.submit_bio = my_submit_bio,
};

static int add_pass_disk(void)
{
	disk = blk_alloc_disk(NUMA_NO_NODE);
	if (!disk)
		return -ENOMEM;
	disk->fops = &pass_ops;
	strscpy(disk->disk_name, "pass0", DISK_NAME_LEN);
	set_capacity(disk, bdev_nr_sectors(below));
	return add_disk(disk);
}

static void pass_free(void)
{
	put_disk(disk);
	bioset_exit(&my_set);
	blkdev_put(below, FMODE_READ | FMODE_WRITE);
}

static int __init pass_init(void)
{
	int ret;

	below = blkdev_get_by_path(dev, FMODE_READ | FMODE_WRITE, NULL);
	if (IS_ERR(below))
		return PTR_ERR(below);
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
