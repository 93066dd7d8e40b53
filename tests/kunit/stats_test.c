// SPDX-License-Identifier: GPL-2.0
/*
 * What a set says about itself, by function call and in debugfs
 */
#include <linux/slab.h>

/* First, for the documented names; internal.h comes without. */
#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

#define DEBUGFS "/sys/kernel/debug/bioset"

static void expect_counts(struct kunit *test, struct bio_set *bs, u64 allocs,
			  u64 puts)
{
	struct bioset_stats s = test_stats(test, bs);

	KUNIT_EXPECT_EQ(test, s.allocs, allocs);
	KUNIT_EXPECT_EQ(test, s.puts, puts);
	KUNIT_EXPECT_EQ(test, s.in_flight, allocs - puts);
}

/* Whether it is counted: not what the kernel takes where it need not ask. */
static bool take(unsigned int nr_vecs, bool by_kernel, bool starved,
		 struct bio_set *bs, struct bio **bio)
{
	bset_starve(bs, starved ? 1 : 0);
	if (!by_kernel) {
		*bio = bio_alloc_bioset(GFP_NOWAIT, nr_vecs, bs);
		return true;
	}
	if (starved)
		test_kernel_has_to_ask();
	/* There is always one in the reserve: it does not sleep. */
	*bio = kernel_bio_alloc(NULL, nr_vecs, REQ_OP_READ, GFP_NOIO, bs);
	return !bset_kernel_takes;
}

/* Each way in and out counts, once. */
static void stats_count_every_path(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 2, 0, BIOSET_NEED_BVECS);
	static const unsigned short counts[] = { 0, 4, 16, 64, 128, 256 };
	u64 allocs = 0, puts = 0;
	struct bio *bio;
	unsigned int i, way;
	bool counted;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (way = 0; way < 8; way++) {
			counted =
				take(counts[i], !(way & 1), way & 4, bs, &bio);
			KUNIT_ASSERT_NOT_NULL(test, bio);
			allocs += counted;
			expect_counts(test, bs, allocs, puts);
			test_put(bio, !(way & 2));
			puts += counted;
			expect_counts(test, bs, allocs, puts);
		}
	}
}

/* What took the way of the reserve, and what came to nothing */
static void stats_of_slow_paths(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, BIOSET_NEED_BVECS);
	struct bio *bio = test_bio(test, 256, bs);

	/* a bio and an array */
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).from_reserve, 2);
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).failed, 0);
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOWAIT, 0, bs));
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOWAIT, 256, bs));
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOWAIT, 257, bs));
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).failed, 3);
	expect_counts(test, bs, 1, 0);
	bio_put(bio);
	expect_counts(test, bs, 1, 1);
	bset_starve(bs, 0);
	bio_put(test_bio(test, 0, bs));
	KUNIT_EXPECT_EQ(test, test_stats(test, bs).from_reserve, 2);
}

static bool named(struct bio_set *bs, const char *start)
{
	const struct bset *set = bset_of(bs);

	return set && !strncmp(set->name, start, strlen(start));
}

static void stats_of_a_new_set(struct kunit *test)
{
	struct bio_set *bs = test_set(test, 7, 0, BIOSET_NEED_BVECS);
	struct bioset_stats s = test_stats(test, bs);
	struct bioset_stats nobvec = test_stats(test, test_set(test, 3, 0, 0));

	KUNIT_EXPECT_EQ(test, s.pool_size, 7);
	KUNIT_EXPECT_EQ(test, s.reserve, 7);
	KUNIT_EXPECT_EQ(test, s.vec_reserve, 7);
	KUNIT_EXPECT_EQ(test, s.allocs + s.puts + s.in_flight, 0);
	KUNIT_EXPECT_EQ(test, s.punted + s.rescued + s.waits, 0);
	KUNIT_EXPECT_EQ(test, s.longest_wait_ms, 0);
	KUNIT_EXPECT_EQ(test, nobvec.reserve, 3);
	KUNIT_EXPECT_EQ(test, nobvec.vec_reserve, 0);
	/* After the expression that test_set() gives */
	KUNIT_EXPECT_TRUE(test, named(bs, TEST_OWNER ".bs."));
}

static unsigned int waits_of_at_least(const struct bset *set, unsigned int us)
{
	unsigned int i, n = 0;

	for (i = 0; i < BSET_WAIT_BUCKETS; i++)
		if (i && 1U << (i - 1) >= us)
			n += atomic_read(&set->wait_us_log2[i]);
	return n;
}

/* Somebody waits, and is seen to; then how long it took is known. */
static void stats_of_a_wait(struct kunit *test)
{
	struct bio_set *bs = test_starved_set(test, 1, 0);
	struct test_worker *w = test_put_late(test, bs, test_bio(test, 0, bs));
	struct bio *bio = bio_alloc_bioset(GFP_NOIO, 0, bs);
	struct bioset_stats s;

	test_join(test, w);
	bio_put(bio);
	s = test_stats(test, bs);
	KUNIT_EXPECT_EQ(test, s.waits, 1);
	KUNIT_EXPECT_EQ(test, s.waiting, 0);
	KUNIT_EXPECT_GE(test, s.longest_wait_us, 1000);
	KUNIT_EXPECT_LE(test, s.longest_wait_us, 1000 * TEST_LIMIT_MS);
	KUNIT_EXPECT_EQ(test, s.longest_wait_ms, s.longest_wait_us / 1000);
	KUNIT_EXPECT_EQ(test, waits_of_at_least(bset_of(bs), 512), 1);
	KUNIT_EXPECT_EQ(test, waits_of_at_least(bset_of(bs), 1), 1);
}

/* The borders of the histogram, and that each wait is in one bucket */
static void stats_histogram(struct kunit *test)
{
	static const struct {
		u64 ns;
		unsigned int bucket;
	} cases[] = {
		{ 0, 0 },	    { 999, 0 },	     { 1000, 1 },
		{ 1999, 1 },	    { 2000, 2 },     { 3999, 2 },
		{ 4000, 3 },	    { 1000000, 10 }, { U64_MAX / 2, 31 },
		{ 1ULL << 50, 31 },
	};
	struct bset *set = bset_of(test_set(test, 1, 0, 0));
	unsigned int i, j, before[BSET_WAIT_BUCKETS];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < BSET_WAIT_BUCKETS; j++)
			before[j] = atomic_read(&set->wait_us_log2[j]);
		bset_note_wait(set, cases[i].ns);
		for (j = 0; j < BSET_WAIT_BUCKETS; j++)
			KUNIT_EXPECT_EQ(test,
					atomic_read(&set->wait_us_log2[j]),
					before[j] + (j == cases[i].bucket));
	}
}

/* <module>.<word>.<number>, and no two alike, whatever a driver calls its set */
static void stats_names(struct kunit *test)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "sda-journal", TEST_OWNER ".sda-journal." },
		{ "sda-journal", TEST_OWNER ".sda-journal." },
		{ "a b/c", TEST_OWNER ".abc." },
		{ "x.y", TEST_OWNER ".y." },
		{ "p->q", TEST_OWNER ".q." },
		{ "a-name-that-is-longer-than-a-name-may-be",
		  TEST_OWNER ".a-name-that-is-longer-t." },
		{ "", TEST_OWNER ".set." },
	};
	struct bio_set *bs = test_zalloc(test, ARRAY_SIZE(cases) * sizeof(*bs));
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test,
				bset_init_named(&bs[i], 1, 0, 0, cases[i].name),
				0);
		KUNIT_EXPECT_TRUE_MSG(test, named(&bs[i], cases[i].want), "%s",
				      bset_of(&bs[i])->name);
	}
	KUNIT_EXPECT_STRNEQ(test, bset_of(&bs[0])->name, bset_of(&bs[1])->name);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		bset_exit(&bs[i]);
}

static void need_debugfs(struct kunit *test)
{
	if (!test_path_exists(DEBUGFS))
		kunit_skip(test, "debugfs is not mounted");
	test_need_shell(test);
}

/* @command has to succeed in the set's directory. */
static void expect_in(struct kunit *test, struct bio_set *bs,
		      const char *command)
{
	KUNIT_EXPECT_FALSE_MSG(test,
			       test_shell("cd " DEBUGFS "/%s && %s",
					  bset_of(bs)->name, command),
			       "%s", command);
}

static void stats_in_debugfs(struct kunit *test)
{
	static const char owner[] = "grep -qE '^owner +" TEST_OWNER "$' stats";
	static const char *const lines[] = {
		"front_pad +24|rescuer +yes|in_flight +1",
		"pool_size +3|reserve +3|vec_reserve +3|allocs +1|puts +0",
	};
	struct bio_set *bs = test_zalloc(test, sizeof(*bs));
	char text[120];
	struct bio *bio;
	int i;

	need_debugfs(test);
	KUNIT_ASSERT_EQ(test, bioset_init(bs, 3, 24, BIOSET_NEED_BVECS), 0);
	bio = test_bio(test, 4, bs);
	expect_in(test, bs, owner);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(text, sizeof(text),
			 "test %d = $(grep -cE '^(%s)$' stats)", 3 + 2 * i,
			 lines[i]);
		expect_in(test, bs, text);
	}
	bio_put(bio);
	snprintf(text, sizeof(text), DEBUGFS "/%s", bset_of(bs)->name);
	KUNIT_EXPECT_TRUE(test, test_path_exists(text));
	bioset_exit(bs);
	KUNIT_EXPECT_FALSE(test, test_path_exists(text));
}

/* One line a set: as many words as the head has, in the promised order. */
#define EVEN "awk 'NF != 20 { exit 1 }' ../sets"

static void stats_table(struct kunit *test)
{
	/* Each begins with the last word of the one before. */
	static const char *const promised[] = {
		"grep -q '^name *owner *elem_size *front_pad *pool_size ' ../sets",
		"grep -q ' pool_size *reserve *vec_pool_size *vec_reserve ' ../sets",
		"grep -q ' vec_reserve *in_flight *cached *allocs ' ../sets",
		"grep -q ' allocs *from_reserve *waits *waiting ' ../sets",
		"grep -q ' waiting *longest_wait_us *punted *rescued ' ../sets",
		"grep -q ' rescued *failed *stalls *misuses$' ../sets",
		EVEN " && test $(wc -l <../sets) -ge 3",
	};
	static const char line[] =
		"tr -s ' ' <../sets | grep -q '^%s " TEST_OWNER " %zu %s'";
	struct bio_set *bs = test_starved_set(test, 3, BIOSET_NEED_BVECS);
	struct bio_set *other = test_set(test, 5, 24, 0);
	char command[200];
	struct bio *bio;
	int i;

	need_debugfs(test);
	bio = test_bio(test, 4, bs);
	for (i = 0; i < ARRAY_SIZE(promised); i++)
		expect_in(test, bs, promised[i]);
	snprintf(command, sizeof(command), line, bset_of(bs)->name,
		 sizeof(struct bio) + 4 * sizeof(struct bio_vec),
		 "0 3 2 3 3 1 [0-9]* 1 1 0 0 0 0 0 0 0 0$");
	expect_in(test, bs, command);
	snprintf(command, sizeof(command), line, bset_of(other)->name,
		 sizeof(struct bio) + 24, "24 5 5 0 0 0 ");
	expect_in(test, other, command);
	bio_put(bio);
}

/*
 * Read while sets come and go: no line is torn, and nothing hangs or leaks.  Some
 * of them stay for a moment, so that they are met in the table on one CPU, too.
 */
static int make_sets(void *arg)
{
	struct bio_set *bs = arg;
	int i, ret;

	for (i = 0; i < 200; i++) {
		ret = bset_init_named(bs, 1, 0, BSET_NO_RESCUER, "come-and-go");
		if (ret)
			return ret;
		if (i % 8 == 0)
			usleep_range(1000, 2000);
		bset_exit(bs);
	}
	return 0;
}

static void stats_table_while_sets_move(struct kunit *test)
{
	static const char often[] = "for i in 1 2 3 4 5 6 7 8 9; do " EVEN
				    " || exit 1; done";
	struct bio_set *moving = test_zalloc(test, sizeof(*moving));
	struct bio_set *bs = test_set(test, 1, 0, 0);
	struct test_worker *w;

	need_debugfs(test);
	w = test_worker_on(test, 0, make_sets, moving);
	do
		expect_in(test, bs, often);
	while (!test_worker_done(w, 1));
}

static void stats_waits_in_debugfs(struct kunit *test)
{
	static const char last[] =
		"grep -q ' - *1$' waits && test 33 = $(wc -l <waits)";
	struct bio_set *bs = test_set(test, 1, 0, 0);

	need_debugfs(test);
	expect_in(test, bs, "test 2 = $(wc -l <waits)");
	bset_note_wait(bset_of(bs), 5000);
	bset_note_wait(bset_of(bs), 7999);
	expect_in(test, bs, "test 5 = $(wc -l <waits)");
	expect_in(test, bs, "grep -q '^ *4 *7 *2$' waits");
	bset_note_wait(bset_of(bs), U64_MAX / 4);
	expect_in(test, bs, last);
}

static void stats_starve_in_debugfs(struct kunit *test)
{
	static const char refused[] =
		"for v in -1 many 2147483648 1x; do ! echo $v >starve || exit 1; done";
	struct bio_set *bs = test_set(test, 1, 0, 0);
	struct bio *bio;

	need_debugfs(test);
	expect_in(test, bs, "grep -qx 0 starve && echo 1 >starve");
	bio = test_bio(test, 0, bs);
	KUNIT_EXPECT_NULL(test, bio_alloc_bioset(GFP_NOWAIT, 0, bs));
	bio_put(bio);
	expect_in(test, bs, refused);
	expect_in(test, bs, "grep -qx 1 starve && echo 0 >starve");
	expect_in(test, bs, "grep -qx 0 starve");
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(stats_count_every_path),
	KUNIT_CASE(stats_of_slow_paths),
	KUNIT_CASE(stats_of_a_new_set),
	KUNIT_CASE(stats_of_a_wait),
	KUNIT_CASE(stats_histogram),
	KUNIT_CASE(stats_names),
	KUNIT_CASE(stats_in_debugfs),
	KUNIT_CASE(stats_table),
	KUNIT_CASE(stats_table_while_sets_move),
	KUNIT_CASE(stats_waits_in_debugfs),
	KUNIT_CASE(stats_starve_in_debugfs),
	{},
};

struct kunit_suite bset_stats_suite = {
	.name = "stats",
	.test_cases = stats_cases,
};
