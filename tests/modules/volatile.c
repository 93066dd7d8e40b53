// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_volatile - three disks in memory, which do not complete what they are
 * given while they are told to hold it, and whose write cache a power cut loses
 *
 * What is written to /dev/volatile0 and so on goes to the cache of its disk.
 * Only a flush, or the write itself if it is FUA, makes it stable.
 *
 * A power cut does not stop anything here: it takes a copy of what is stable on
 * all disks at that moment.  "restore" puts the copy back, which is what one
 * would find after the next boot.  So no I/O fails, and one boot of the guest is
 * enough for many cuts.
 *
 *	echo Y >hold		keep what comes until hold=N
 *	echo N >cut_at_flush	cut when the Nth flush from now arrives, before
 *				it does anything; 0 cuts at once
 *	cat cut			has it happened since?
 *	echo 1 >restore		go back to what the cut left; nobody may use
 *				the disks meanwhile
 *	echo PATH >ordered	write 48 KiB of "A" at 0 to the block device PATH,
 *				then as much of "B" behind it, with a flush
 *				before it and FUA
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "testcompat.h"

#define DISKS 3
#define MIB_OF_EACH 104
#define ORDERED_PAGES (DISKS * SZ_16K / PAGE_SIZE) /* a chunk on each */

/*
 * Pages by their place.  Those in stable and image are never written to, so
 * both may have the same page.
 */
struct vdisk {
	struct test_gd gd;
	struct xarray cache;
	struct xarray stable;
	struct xarray image;
};

static struct vdisk vdisks[DISKS];
static DEFINE_MUTEX(lock); /* of all pages and those below */
static struct bio_list held;
static bool holding;
static unsigned int flushes_to_cut;
static bool cut; /* whether the power was cut since the order to do so */
module_param(cut, bool, 0444);

static void drop_pages(struct xarray *pages)
{
	struct page *page;
	unsigned long at;

	xa_for_each(pages, at, page)
		put_page(page);
	xa_destroy(pages);
}

/* Puts @page, with its reference, into @pages; returns 0 or -ENOMEM. */
static int set_page(struct xarray *pages, unsigned long at, struct page *page)
{
	struct page *old = xa_store(pages, at, page, GFP_NOIO);

	if (xa_is_err(old)) {
		put_page(page);
		return xa_err(old);
	}
	if (old)
		put_page(old);
	return 0;
}

/* What is read from there. */
static struct page *page_at(struct vdisk *d, unsigned long at)
{
	return xa_load(&d->cache, at) ?:
	       xa_load(&d->stable, at) ?: ZERO_PAGE(0);
}

static struct page *copy_of(struct page *page)
{
	struct page *copy = alloc_page(GFP_NOIO);

	if (copy)
		copy_page(page_address(copy), page_address(page));
	return copy;
}

/* Writes to a copy of the page @old, which takes its place in @pages. */
static int change_page(struct xarray *pages, struct page *old,
		       unsigned long pos, const void *from, unsigned int len)
{
	struct page *page = copy_of(old);

	if (!page)
		return -ENOMEM;
	memcpy(page_address(page) + offset_in_page(pos), from, len);
	return set_page(pages, pos >> PAGE_SHIFT, page);
}

/* Part of a page at byte @pos; what is FUA becomes stable, and no byte more. */
static int write_part(struct vdisk *d, unsigned long pos, const void *from,
		      unsigned int len, bool fua)
{
	const unsigned long at = pos >> PAGE_SHIFT;
	int ret = change_page(&d->cache, page_at(d, at), pos, from, len);

	if (ret || !fua)
		return ret;
	return change_page(&d->stable, xa_load(&d->stable, at) ?: ZERO_PAGE(0),
			   pos, from, len);
}

static int flush(struct vdisk *d)
{
	struct page *page;
	unsigned long at;
	int ret;

	xa_for_each(&d->cache, at, page) {
		xa_erase(&d->cache, at);
		ret = set_page(&d->stable, at, page);
		if (ret)
			return ret;
	}
	return 0;
}

static int keep_pages(struct xarray *image, struct xarray *pages)
{
	struct page *page;
	unsigned long at;
	int ret;

	xa_for_each(pages, at, page) {
		page = copy_of(page);
		ret = page ? set_page(image, at, page) : -ENOMEM;
		if (ret)
			return ret;
	}
	return 0;
}

/* On all disks at once: there is one plug. */
static int cut_power(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DISKS && !ret; i++) {
		drop_pages(&vdisks[i].image);
		ret = keep_pages(&vdisks[i].image, &vdisks[i].stable);
	}
	cut = !ret;
	return ret;
}

static int flush_arrives(struct vdisk *d)
{
	int ret = 0;

	if (flushes_to_cut && !--flushes_to_cut)
		ret = cut_power();
	return ret ?: flush(d);
}

/* A segment may be longer than a page, and lie across two of ours. */
static int copy_data(struct vdisk *d, struct bio *bio, struct bio_vec *bv,
		     unsigned long pos)
{
	const bool fua = bio->bi_opf & REQ_FUA;
	void *data = page_address(bv->bv_page) + bv->bv_offset;
	unsigned int done, len;
	int ret = 0;

	for (done = 0; done < bv->bv_len && !ret; done += len, pos += len) {
		len = min_t(unsigned int, bv->bv_len - done,
			    PAGE_SIZE - offset_in_page(pos));
		if (bio_data_dir(bio) == WRITE)
			ret = write_part(d, pos, data + done, len, fua);
		else
			memcpy(data + done,
			       page_address(page_at(d, pos >> PAGE_SHIFT)) +
				       offset_in_page(pos),
			       len);
	}
	return ret;
}

static int transfer(struct vdisk *d, struct bio *bio)
{
	unsigned long pos = bio->bi_iter.bi_sector << SECTOR_SHIFT;
	struct bvec_iter iter;
	struct bio_vec bv;
	int ret = 0;

	if (bio->bi_opf & REQ_PREFLUSH)
		ret = flush_arrives(d);
	bio_for_each_segment(bv, bio, iter) {
		ret = ret ?: copy_data(d, bio, &bv, pos);
		pos += bv.bv_len;
	}
	return ret;
}

static void serve(struct bio *bio)
{
	struct vdisk *d = compat_bio_disk(bio)->private_data;

	mutex_lock(&lock);
	bio->bi_status = errno_to_blk_status(transfer(d, bio));
	mutex_unlock(&lock);
	bio_endio(bio);
}

static compat_submit_t vdisk_submit_bio(struct bio *bio)
{
	bool kept;

	mutex_lock(&lock);
	kept = holding;
	if (kept)
		bio_list_add(&held, bio);
	mutex_unlock(&lock);
	if (!kept)
		serve(bio);
	return COMPAT_SUBMITTED;
}

static int hold(const char *text, const struct kernel_param *kp)
{
	struct bio_list bios = BIO_EMPTY_LIST;
	struct bio *bio;
	bool on;
	int ret = kstrtobool(text, &on);

	if (ret)
		return ret;
	mutex_lock(&lock);
	holding = on;
	if (!on)
		swap(bios, held);
	mutex_unlock(&lock);
	while ((bio = bio_list_pop(&bios)))
		serve(bio);
	return 0;
}
module_param_call(hold, hold, NULL, NULL, 0200);

static const struct block_device_operations vdisk_fops = {
	.owner = THIS_MODULE,
	.submit_bio = vdisk_submit_bio,
};

static int cut_at_flush(const char *text, const struct kernel_param *kp)
{
	unsigned int nth;
	int ret = kstrtouint(text, 0, &nth);

	if (ret)
		return ret;
	mutex_lock(&lock);
	cut = false;
	flushes_to_cut = nth;
	if (!nth)
		ret = cut_power();
	mutex_unlock(&lock);
	return ret;
}

module_param_call(cut_at_flush, cut_at_flush, NULL, NULL, 0200);

static int restore(const char *text, const struct kernel_param *kp)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&lock);
	if (!cut)
		ret = -EINVAL;
	for (i = 0; i < DISKS && !ret; i++) {
		drop_pages(&vdisks[i].cache);
		drop_pages(&vdisks[i].stable);
		ret = keep_pages(&vdisks[i].stable, &vdisks[i].image);
	}
	mutex_unlock(&lock);
	return ret;
}

module_param_call(restore, restore, NULL, NULL, 0200);

/* Pages of @letter, from page @at on. */
static int write_pages(struct block_device *bdev, struct page *page,
		       char letter, unsigned int at, bset_opf_t flags)
{
	struct bio *bio =
		kernel_bio_alloc_fs(bdev, ORDERED_PAGES, REQ_OP_WRITE | flags);
	unsigned int i;
	int ret;

	memset(page_address(page), letter, PAGE_SIZE);
	bio->bi_iter.bi_sector = at * (PAGE_SIZE >> SECTOR_SHIFT);
	for (i = 0; i < ORDERED_PAGES; i++)
		__bio_add_page(bio, page, PAGE_SIZE, 0);
	ret = submit_bio_wait(bio);
	(bio_put)(bio);
	return ret;
}

static int ordered(const char *text, const struct kernel_param *kp)
{
	char *path = kstrdup(text, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	struct compat_bdev b;
	int ret = -ENOMEM;

	if (!path || !page)
		goto out;
	ret = compat_bdev_open(&b, strim(path), NULL);
	if (ret)
		goto out;
	ret = write_pages(b.bdev, page, 'A', 0, 0)
		      ?: write_pages(b.bdev, page, 'B', ORDERED_PAGES,
				     REQ_PREFLUSH | REQ_FUA);
	compat_bdev_close(&b);
out:
	kfree(path);
	if (page)
		__free_page(page);
	return ret;
}

module_param_call(ordered, ordered, NULL, NULL, 0200);

static void vdisk_remove(struct vdisk *d)
{
	if (!d->gd.gd)
		return;
	del_gendisk(d->gd.gd);
	test_gd_free(&d->gd);
	drop_pages(&d->cache);
	drop_pages(&d->stable);
	drop_pages(&d->image);
}

static int vdisk_add(struct vdisk *d, unsigned int nr)
{
	struct gendisk *gd;
	int ret;

	xa_init(&d->cache);
	xa_init(&d->stable);
	xa_init(&d->image);
	if (!test_gd_alloc(&d->gd)) {
		test_gd_free(&d->gd);
		return -ENOMEM;
	}
	gd = d->gd.gd;
	gd->fops = &vdisk_fops;
	gd->private_data = d;
	snprintf(gd->disk_name, sizeof(gd->disk_name), "volatile%u", nr);
	set_capacity(gd, (sector_t)MIB_OF_EACH << (20 - SECTOR_SHIFT));
	test_disk_has_cache(gd);
	ret = test_gd_add(&d->gd);
	if (ret)
		test_gd_free(&d->gd);
	return ret;
}

static void volatile_exit(void)
{
	unsigned int i;

	for (i = 0; i < DISKS; i++)
		vdisk_remove(&vdisks[i]);
}

static int __init volatile_init(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DISKS && !ret; i++)
		ret = vdisk_add(&vdisks[i], i);
	if (ret)
		volatile_exit();
	return ret;
}

module_init(volatile_init);
module_exit(volatile_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Disks that hold what they get, or lose it");
