// SPDX-License-Identifier: GPL-2.0
/*
 * io.c - what an I/O costs from submit_bio() to its end
 *
 * The submitter's bios are its own and are used again and again, so nothing
 * but the disks under test allocates.
 */
#define pr_fmt(fmt) "bench: " fmt

#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bench.h"

#define IN_FLIGHT 16
#define IO_ROUNDS 16
#define MAX_PAGES 256

static char *device = "";
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "part=io: the block device to read and write");

static char *label = "device";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "part=io: what the results call it");

struct io_test {
	const char *name;
	enum req_op op;
	unsigned int pages;
	bool random;
};

static const struct io_test tests[] = {
	{ "randread-4k", REQ_OP_READ, 1, true },
	{ "write-1m", REQ_OP_WRITE, MAX_PAGES, false },
};

static struct {
	const struct io_test *test;
	struct block_device *bdev;
	struct page *page;
	struct bio *bios[IN_FLIGHT];
	atomic_t pending;
	struct completion done;
	u64 position; /* in I/Os */
	u32 seed;
	int error;
} io;

static void io_end(struct bio *bio)
{
	if (bio->bi_status)
		WRITE_ONCE(io.error, blk_status_to_errno(bio->bi_status));
	bio_uninit(bio);
	if (atomic_dec_and_test(&io.pending))
		complete(&io.done);
}

static sector_t next_sector(void)
{
	const unsigned int sectors = io.test->pages
				     << (PAGE_SHIFT - SECTOR_SHIFT);
	const u64 nr = div_u64(bdev_nr_sectors(io.bdev), sectors);
	u64 i = io.position++;

	if (io.test->random) {
		io.seed = io.seed * 1664525 + 1013904223;
		i = io.seed >> 4;
	}
	return (i % nr) * sectors;
}

static void submit_one(struct bio *bio)
{
	const unsigned int pages = io.test->pages;

	bio_init(bio, io.bdev, bio->bi_inline_vecs, pages, io.test->op);
	bio->bi_vcnt = pages;
	bio->bi_iter.bi_size = pages << PAGE_SHIFT;
	bio->bi_iter.bi_sector = next_sector();
	bio->bi_end_io = io_end;
	submit_bio(bio);
}

static u64 time_io(const struct job *job)
{
	u64 start;
	int i, j;

	/* The same I/Os each time. */
	io.seed = 1;
	io.position = 0;
	start = ktime_get_ns();
	for (i = 0; i < IO_ROUNDS && !io.error; i++) {
		atomic_set(&io.pending, IN_FLIGHT);
		reinit_completion(&io.done);
		for (j = 0; j < IN_FLIGHT; j++)
			submit_one(io.bios[j]);
		wait_for_completion_io(&io.done);
	}
	return tenths(ktime_get_ns() - start, IO_ROUNDS * IN_FLIGHT);
}

static struct bio *new_bio(void)
{
	struct bio *bio = bio_kmalloc(MAX_PAGES, GFP_KERNEL);
	int i;

	if (!bio)
		return NULL;
	for (i = 0; i < MAX_PAGES; i++) {
		bio->bi_inline_vecs[i].bv_page = io.page;
		bio->bi_inline_vecs[i].bv_len = PAGE_SIZE;
		bio->bi_inline_vecs[i].bv_offset = 0;
	}
	return bio;
}

static int get_memory(void)
{
	int i;

	io.page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!io.page)
		return -ENOMEM;
	for (i = 0; i < IN_FLIGHT; i++) {
		io.bios[i] = new_bio();
		if (!io.bios[i])
			return -ENOMEM;
	}
	return 0;
}

static void put_memory(void)
{
	int i;

	for (i = 0; i < IN_FLIGHT; i++)
		kfree(io.bios[i]);
	if (io.page)
		__free_page(io.page);
}

static int run_tests(void)
{
	const struct job job = {};
	struct result r;
	int i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		io.test = &tests[i];
		r = bench_measure(time_io, &job);
		if (io.error)
			return io.error;
		bench_report("io", tests[i].name, label, r);
	}
	return 0;
}

int bench_io(void)
{
	const fmode_t mode = FMODE_READ | FMODE_WRITE;
	int ret;

	init_completion(&io.done);
	io.bdev = blkdev_get_by_path(device, mode, NULL);
	if (IS_ERR(io.bdev)) {
		pr_err("cannot open \"%s\": %pe\n", device, io.bdev);
		return PTR_ERR(io.bdev);
	}
	ret = get_memory();
	if (bdev_nr_bytes(io.bdev) < MAX_PAGES * PAGE_SIZE)
		ret = -ENOSPC;
	if (!ret)
		ret = run_tests();
	put_memory();
	blkdev_put(io.bdev, mode);
	return ret;
}
