// SPDX-License-Identifier: GPL-2.0
/*
 * What the tracepoints say, as a reader of tracefs sees it
 */
#include <linux/slab.h>

/* First, for the documented names; internal.h comes without. */
#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

#define TRACING "/sys/kernel/tracing"
#define ENABLE TRACING "/events/bioset/enable"

static void trace_off(void *unused)
{
	test_shell("echo 0 >" ENABLE "; echo >" TRACING "/trace");
}

static void trace_on(struct kunit *test)
{
	if (!test_path_exists(TRACING "/trace"))
		kunit_skip(test, "tracefs is not mounted");
	test_need_shell(test);
	KUNIT_ASSERT_TRUE(test, test_path_exists(ENABLE));
	test_defer(test, trace_off, NULL);
	KUNIT_ASSERT_EQ(test, test_shell("echo >" TRACING "/trace"), 0);
	KUNIT_ASSERT_EQ(test, test_shell("echo 1 >" ENABLE), 0);
}

/*
 * Expects @n lines "<event>: set=<name> owner=<owner> <rest>" to their end; @rest
 * is an extended regular expression.
 */
static void expect_traced(struct kunit *test, int n, const char *name,
			  const char *event, const char *rest)
{
	static const char look[] =
		"test %d = $(grep -cE ': bioset_%s: set=%s owner=" TEST_OWNER
		" %s$' " TRACING "/trace)";

	KUNIT_EXPECT_FALSE_MSG(test, test_shell(look, n, event, name, rest),
			       "%s: %s", event, rest);
}

/* "<before>dev=<number of the disk><after>"; in memory of the test's */
static char *with_dev(struct kunit *test, const char *before,
		      struct test_disk *disk, const char *after)
{
	const dev_t dev = disk_devt(disk->disk);
	char *line = test_zalloc(test, 128);

	snprintf(line, 128, "%sdev=%u,%u%s", before, MAJOR(dev), MINOR(dev),
		 after);
	return line;
}

/* A set is made, gives what it has, fails, is refilled and unmade. */
static void trace_of_a_set(struct kunit *test)
{
	struct bio_set *bs = test_zalloc(test, sizeof(*bs));
	struct test_disk *disk = test_disk(test, NULL, NULL);
	char name[BSET_NAME_LEN];
	struct bio *bio;

	trace_on(test);
	KUNIT_ASSERT_EQ(test,
			bset_init_named(bs, 3, 24, BIOSET_NEED_BVECS, "traced"),
			0);
	strscpy(name, bset_of(bs)->name, sizeof(name));
	expect_traced(test, 1, name, "set_made",
		      "pool_size=3 front_pad=24 arrays=1");
	bset_starve(bs, 1);
	bio = test_bio(test, 256, bs);
	expect_traced(test, 1, name, "reserve_take",
		      "what=bio left=2 dev=0,0 gfp=GFP_NOWAIT");
	expect_traced(test, 1, name, "reserve_take",
		      "what=array left=2 dev=0,0 gfp=GFP_NOWAIT");
	/* The device that it was to be for is told. */
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(disk->bdev, 257, REQ_OP_READ,
						 GFP_NOIO, bs));
	expect_traced(test, 1, name, "alloc_failed",
		      with_dev(test, "", disk, " nr_vecs=257 gfp=GFP_NOIO"));
	bio_put(bio);
	expect_traced(test, 1, name, "reserve_refill", "what=bio now=3");
	expect_traced(test, 1, name, "reserve_refill", "what=array now=3");
	bset_exit(bs);
	expect_traced(test, 1, name, "set_unmade", "allocs=1 puts=1");
	/* Nothing but what is tested for above. */
	expect_traced(test, 7, name, "[a-z_]*", ".*");
}

/* How long a wait took is what the set has noted. */
static void trace_of_a_wait(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	const char *name = bset_of(bs)->name;
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct bio *held = test_bio(test, 0, bs);
	const char *taken =
		with_dev(test, "what=bio left=0 ", disk, " gfp=GFP_NOIO");
	struct test_worker *w;
	struct bio *bio;
	char rest[64];

	trace_on(test);
	w = test_put_late(test, bs, held);
	bio = bio_alloc_bioset(disk->bdev, 0, REQ_OP_READ, GFP_NOIO, bs);
	test_join(test, w);
	bio_put(bio);
	expect_traced(test, 1, name, "wait_begin", taken);
	snprintf(rest, sizeof(rest), " gfp=GFP_NOIO ns=%lld",
		 (long long)atomic64_read(&bset_of(bs)->longest_wait));
	expect_traced(test, 1, name, "wait_end",
		      with_dev(test, "what=bio ", disk, rest));
	expect_traced(test, 1, name, "reserve_take", taken);
}

/*
 * The first clone is punted when the second is allocated, and submitted.  A clone
 * has no device yet while it is allocated.
 */
static void trace_of_a_rescue(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	const char *name = bset_of(bs)->name, *first;
	struct test_splitter *s = test_splitter(test, bs, NULL, 2);
	struct test_io *io;
	char rest[64];

	trace_on(test);
	io = test_io(test, s->disk);
	KUNIT_EXPECT_TRUE(test, test_io_done(io, TEST_LIMIT_MS));
	expect_traced(test, 2, name, "reserve_take",
		      "what=bio left=0 dev=0,0 gfp=GFP_NOIO");
	snprintf(rest, sizeof(rest), " sector=0 sectors=1 op=%u",
		 (__force unsigned int)REQ_OP_WRITE);
	first = with_dev(test, "", s->lower, rest);
	expect_traced(test, 1, name, "punt", first);
	expect_traced(test, 1, name, "rescue", first);
}

static void trace_of_misuse(struct kunit *test)
{
	struct bio_set *bs = test_tracked_set(test, 3, 0);
	struct bio *a, *b;

	trace_on(test);
	a = bio_alloc_bioset(GFP_NOIO, 0, bs);
	b = TEST_SPLAT("a bio is held", bio_alloc_bioset(GFP_NOIO, 0, bs));
	bio_put(a);
	bio_put(b);
	expect_traced(test, 1, bset_of(bs)->name, "misuse",
		      "kind=second bio held bio=[^ ]+");
}

struct wait_for {
	struct bio_set *bs;
	struct block_device *bdev;
};

static int alloc_for_disk(void *arg)
{
	struct wait_for *w = arg;
	struct bio *bio;

	bio = bio_alloc_bioset(w->bdev, 0, REQ_OP_READ, GFP_NOIO, w->bs);
	if (!bio)
		return -ENOMEM;
	bio_put(bio);
	return 0;
}

static void trace_of_a_stall(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_disk *disk = test_disk(test, NULL, NULL);
	struct wait_for *what = test_zalloc(test, sizeof(*what));
	struct bio *bio = test_bio(test, 0, bs);
	struct test_worker *w;

	what->bs = bs;
	what->bdev = disk->bdev;
	trace_on(test);
	test_stall_secs(test, "1");
	w = test_worker(test, alloc_for_disk, what);
	KUNIT_EXPECT_TRUE(test, test_stalled(test, bs));
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, test_join(test, w), 0);
	/* From a tenth of a second, which is TEST_SHORT_SECOND_MS, up */
	expect_traced(test, test_stats(test, bs).stalls, bset_of(bs)->name,
		      "stall",
		      with_dev(test, "what=bio ", disk,
			       " gfp=GFP_NOIO ns=[1-9][0-9]{8,}"));
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(trace_of_a_set),    KUNIT_CASE(trace_of_a_wait),
	KUNIT_CASE(trace_of_a_rescue), KUNIT_CASE(trace_of_misuse),
	KUNIT_CASE(trace_of_a_stall),  {},
};

struct kunit_suite bset_trace_suite = {
	.name = "trace",
	.test_cases = trace_cases,
};
