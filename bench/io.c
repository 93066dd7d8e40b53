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
	bset_opf_t op;
	unsigned int pages;
	bool random;
};

static const struct io_test tests[] = {
	{ "randread-4k", REQ_OP_READ, 1, true },
	{ "write-1m", REQ_OP_WRITE, MAX_PAGES, false },
};

static struct {
	const struct io_test *test;
	struct compat_bdev dev;
	struct page *page;
	struct bio_vec *vecs; /* all bios read and write the same page */
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
	const u64 nr = div_u64(compat_bdev_sectors(io.dev.bdev), sectors);
	u64 i = io.position++, n;

	if (io.test->random) {
		io.seed = io.seed * 1664525 + 1013904223;
		i = io.seed >> 4;
	}
	div64_u64_rem(i, nr, &n);
	return n * sectors;
}

static void submit_one(struct bio *bio)
{
	const unsigned int pages = io.test->pages;

	kernel_bio_init(bio, io.vecs, pages, io.test->op);
	bio_set_dev(bio, io.dev.bdev);
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

static int get_memory(void)
{
	int i;

	io.page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	io.vecs = kcalloc(MAX_PAGES, sizeof(*io.vecs), GFP_KERNEL);
	if (!io.page || !io.vecs)
		return -ENOMEM;
	for (i = 0; i < MAX_PAGES; i++) {
		io.vecs[i].bv_page = io.page;
		io.vecs[i].bv_len = PAGE_SIZE;
	}
	for (i = 0; i < IN_FLIGHT; i++) {
		io.bios[i] = kmalloc(sizeof(*io.bios[i]), GFP_KERNEL);
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
	kfree(io.vecs);
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
		bench_report("I/O from submit_bio() to its end", label,
			     tests[i].name, r);
	}
	return 0;
}

int bench_io(void)
{
	int ret;

	init_completion(&io.done);
	ret = compat_bdev_open(&io.dev, device, NULL);
	if (ret) {
		pr_err("cannot open \"%s\": %pe\n", device, ERR_PTR(ret));
		return ret;
	}
	ret = get_memory();
	if (compat_bdev_sectors(io.dev.bdev) <
	    MAX_PAGES * (PAGE_SIZE >> SECTOR_SHIFT))
		ret = -ENOSPC;
	if (!ret)
		ret = run_tests();
	put_memory();
	compat_bdev_close(&io.dev);
	return ret;
}
