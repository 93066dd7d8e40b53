// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_protected - reads and writes with integrity data of one's own
 *
 *	modprobe scsi_debug dif=1 dix=1
 *	insmod bioset_protected.ko device=/dev/sda
 *	echo 1 >/sys/module/bioset_protected/parameters/read
 *
 * A bio with integrity data is cloned, the clone is cloned, that is split in parts
 * that begin and end in the midst of pages, and clones of the parts are split
 * again.  Each step is made by the module's functions or by the kernel's, in all
 * combinations.  Each part has to have the integrity data of its own sectors:
 * the disk checks what is written, and this looks at what was read, sector by
 * sector.
 */
#include <linux/completion.h>
#include <linux/crc-t10dif.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/t10-pi.h>

#include "testcompat.h"

#define SECTORS 64
#define PAGES (SECTORS * SECTOR_SIZE / PAGE_SIZE)
#define SEED 1000000 /* reference tags as we count */
#define AT 640 /* on the disk, which counts otherwise */

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "disk with integrity data of type 1");

static unsigned int wrong;
module_param(wrong, uint, 0444);
MODULE_PARM_DESC(wrong, "sectors whose integrity data was not theirs (output)");

static const unsigned int cuts[] = { 3, 18, 1, 30 }; /* the rest is the last */

static struct compat_bdev dev;
/* Each step has a set of its own. */
enum { CLONE, CLONE_OF_CLONE, SPLIT, CLONE_OF_SPLIT, SPLIT_OF_CLONE, NR_STEPS };

static struct bio_set wholes, sets[NR_STEPS];
/* A bit for each step: set if it is the kernel's, with a set of the kernel's */
static unsigned int by_kernel;
/* Made on the way, not submitted, and put when all that came of them has ended */
static struct bio_list held;
static u8 *data; /* PAGES pages */
static struct t10_pi_tuple *tuples; /* a page */
static atomic_t left;
static atomic_t errors;
static DECLARE_COMPLETION(all_ended);

static struct t10_pi_tuple tuple_of(unsigned int i)
{
	u16 crc = crc_t10dif(data + i * SECTOR_SIZE, SECTOR_SIZE);

	return (struct t10_pi_tuple){
		.guard_tag = cpu_to_be16(crc),
		.ref_tag = cpu_to_be32(SEED + i),
	};
}

static void count_wrong(void)
{
	struct t10_pi_tuple want;
	unsigned int i;

	for (i = 0; i < SECTORS; i++) {
		want = tuple_of(i);
		wrong += tuples[i].guard_tag != want.guard_tag ||
			 tuples[i].ref_tag != want.ref_tag;
	}
}

/* A bio of all sectors with their integrity data, or NULL */
static struct bio *whole_bio(bset_opf_t opf)
{
	struct bio *bio =
		bio_alloc_bioset(dev.bdev, PAGES, opf, GFP_KERNEL, &wholes);
	const unsigned int bytes = SECTORS * sizeof(*tuples);
	struct bio_integrity_payload *bip;
	unsigned int i;

	bio->bi_iter.bi_sector = AT;
	for (i = 0; i < PAGES; i++)
		__bio_add_page(bio, virt_to_page(data + i * PAGE_SIZE),
			       PAGE_SIZE, 0);
	bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
	if (!IS_ERR(bip) && bio_integrity_add_page(bio, virt_to_page(tuples),
						   bytes, 0) == bytes) {
		bip->bip_iter.bi_size = bytes;
		bip_set_seed(bip, SEED);
		return bio;
	}
	bio_put(bio);
	return NULL;
}

static void one_less(void)
{
	if (atomic_dec_and_test(&left))
		complete(&all_ended);
}

static void part_ended(struct bio *bio)
{
	if (bio->bi_status)
		atomic_inc(&errors);
	bio_put(bio);
	one_less();
}

/* The kernel's put this time */
static void last_ended(struct bio *bio)
{
	if (bio->bi_status)
		atomic_inc(&errors);
	(bio_put)(bio);
	one_less();
}

static void submit_part(struct bio *bio, bio_end_io_t *end)
{
	bio->bi_end_io = end;
	atomic_inc(&left);
	submit_bio(bio);
}

static struct bio *make_clone(unsigned int step, struct bio *src)
{
	if (by_kernel & BIT(step))
		return kernel_bio_clone(dev.bdev, src, GFP_NOIO, &fs_bio_set);
	return bio_alloc_clone(dev.bdev, src, GFP_NOIO, &sets[step]);
}

/* The step's maker and the other take turns. */
static struct bio *make_front(unsigned int step, unsigned int turn,
			      struct bio *bio, unsigned int sectors)
{
	struct bio *front;

	if (!(by_kernel & BIT(step)) == !(turn & 1))
		front = bio_split(bio, sectors, GFP_NOIO, &sets[step]);
	else
		front = (bio_split)(bio, sectors, GFP_NOIO, &fs_bio_set);
	return IS_ERR(front) ? NULL : front;
}

/* A clone of a front, as one part or two */
static int submit_front(struct bio *front)
{
	struct bio *clone = make_clone(CLONE_OF_SPLIT, front), *part = NULL;
	const unsigned int sectors = bio_sectors(front);

	bio_list_add(&held, front);
	if (!clone)
		return -ENOMEM;
	if (sectors > 1) {
		part = make_front(SPLIT_OF_CLONE, 0, clone, sectors / 2);
		if (part)
			submit_part(part, part_ended);
	}
	submit_part(clone, part_ended);
	return part || sectors == 1 ? 0 : -ENOMEM;
}

static int submit_parts(struct bio *whole)
{
	struct bio *clone, *rest, *front;
	unsigned int i;
	int ret = 0;

	clone = make_clone(CLONE, whole);
	if (!clone)
		return -ENOMEM;
	bio_list_add(&held, clone);
	rest = make_clone(CLONE_OF_CLONE, clone);
	if (!rest)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(cuts) && !ret; i++) {
		front = make_front(SPLIT, i, rest, cuts[i]);
		ret = front ? submit_front(front) : -ENOMEM;
	}
	submit_part(rest, last_ended);
	return ret;
}

static int in_parts_by(bset_opf_t opf)
{
	struct bio *whole = whole_bio(opf), *bio;
	int ret;

	if (!whole)
		return -ENOMEM;
	atomic_set(&left, 1);
	atomic_set(&errors, 0);
	reinit_completion(&all_ended);
	ret = submit_parts(whole);
	one_less();
	wait_for_completion(&all_ended);
	while ((bio = bio_list_pop(&held)))
		bio_put(bio);
	/* It was never submitted, so this is what frees its integrity data. */
	bio_put(whole);
	return ret ?: atomic_read(&errors) ? -EIO : 0;
}

/* All combinations of who makes what */
static int in_parts(bset_opf_t opf)
{
	int ret = 0;

	wrong = 0;
	for (by_kernel = 0; by_kernel < BIT(NR_STEPS) && !ret; by_kernel++) {
		if (opf == REQ_OP_READ) {
			memset(data, 0, PAGES * PAGE_SIZE);
			memset(tuples, 0, PAGE_SIZE);
		}
		ret = in_parts_by(opf);
		if (opf == REQ_OP_READ)
			count_wrong();
	}
	return ret;
}

static int read(const char *text, const struct kernel_param *kp)
{
	return in_parts(REQ_OP_READ);
}

static const struct kernel_param_ops read_ops = { .set = read };
module_param_cb(read, &read_ops, NULL, 0200);
MODULE_PARM_DESC(read, "read and look at the integrity data");

/* Also with wrong integrity data, which the disk has to refuse: "bad" */
static int write(const char *text, const struct kernel_param *kp)
{
	unsigned int i;

	get_random_bytes(data, PAGES * PAGE_SIZE);
	for (i = 0; i < SECTORS; i++)
		tuples[i] = tuple_of(i);
	if (sysfs_streq(text, "bad"))
		tuples[SECTORS / 2].guard_tag ^= cpu_to_be16(1);
	return in_parts(REQ_OP_WRITE | REQ_SYNC);
}

static const struct kernel_param_ops write_ops = { .set = write };
module_param_cb(write, &write_ops, NULL, 0200);
MODULE_PARM_DESC(write, "write with integrity data");

static void protected_free(void)
{
	unsigned int i;

	for (i = 0; i < NR_STEPS; i++)
		bioset_exit(&sets[i]);
	bioset_exit(&wholes);
	free_page((unsigned long)tuples);
	free_pages((unsigned long)data, get_order(PAGES * PAGE_SIZE));
	if (dev.bdev)
		compat_bdev_close(&dev);
}

/* Large enough that nobody waits for what he holds himself. */
static int make_sets(void)
{
	int ret = bioset_init(&wholes, 2, 16, BIOSET_NEED_BVECS);
	unsigned int i;

	for (i = 0; i < NR_STEPS && !ret; i++)
		ret = bioset_init(&sets[i], 8, 40, 0);
	/* One of them has pools for integrity data, the others have not. */
	if (!ret)
		ret = test_integrity_create(&sets[SPLIT], 8);
	return ret;
}

static int __init protected_init(void)
{
	int ret;

	if (!device)
		return -EINVAL;
	ret = compat_bdev_open(&dev, device, NULL);
	if (ret) {
		dev.bdev = NULL;
		return ret;
	}
	data = (u8 *)__get_free_pages(GFP_KERNEL, get_order(PAGES * PAGE_SIZE));
	tuples = (void *)get_zeroed_page(GFP_KERNEL);
	ret = data && tuples ? make_sets() : -ENOMEM;
	if (ret)
		protected_free();
	return ret;
}

static void __exit protected_exit(void)
{
	protected_free();
}

module_init(protected_init);
module_exit(protected_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("I/O with integrity data of one's own");
