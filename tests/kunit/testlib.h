/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share
 *
 * Rules that keep a failing test from taking the others along:
 *   - what a second task uses is allocated with kunit_kzalloc() or
 *     test_set(), never on the test's stack: a failed assertion leaves that
 *   - only the test's own task makes expectations; workers return a result
 *   - every wait has a limit, and what it waited for is unblocked after it
 */
#ifndef BSET_TESTLIB_H
#define BSET_TESTLIB_H

#include <linux/bio.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "bioset.h"
#include "testcompat.h"
#include "testkunit.h"

/* Long enough for anything that works, under emulation and KASAN too. */
#define TEST_LIMIT_MS test_limit_ms
extern unsigned int test_limit_ms;
/* Long enough to believe that something does not happen. */
#define TEST_QUIET_MS 100

/* Waits until @cond is true, up to the limit; whether it is. */
#define TEST_UNTIL(cond)                                           \
	({                                                         \
		unsigned long __end =                              \
			jiffies + msecs_to_jiffies(TEST_LIMIT_MS); \
		bool __late = false, __is;                         \
		while (!(__is = (cond)) && !__late) {              \
			usleep_range(500, 1000);                   \
			__late = time_after(jiffies, __end);       \
		}                                                  \
		__is;                                              \
	})

enum test_context { TEST_TASK, TEST_SOFTIRQ, TEST_HARDIRQ, TEST_NR_CONTEXTS };

/* The suites, one a file. */
extern struct kunit_suite bset_api_suite, bset_crypt_suite, bset_layout_suite,
	bset_badinput_suite, bset_foreign_suite, bset_forward_suite,
	bset_reserve_suite, bset_rescue_suite, bset_teardown_suite,
	bset_cache_suite, bset_stats_suite, bset_trace_suite, bset_debug_suite,
	bset_toggle_suite;

/* What the suites leave for the leak scan, see cache_left_full(). */
void test_leftovers_exit(void);

/* The numbers of an array of int as parameters. */
#define TEST_INT_PARAM(name, array) \
	KUNIT_ARRAY_PARAM(name, array, test_int_desc)
#define test_int(test) (*(const int *)test_param(test))
void test_int_desc(const int *number, char *desc);

/*
 * For a suite's init and exit: sets of the layouts that tests use most, so that
 * not each test makes and destroys slabs.
 */
int test_keep_slabs(test_suite_arg *unused);
void test_drop_slabs(test_suite_arg *unused);

/*
 * Clean-up at the end of the test, last registered first; also after a failed
 * assertion.
 */
void test_defer(struct kunit *test, void (*fn)(void *), void *arg);

/* Zeroed memory until the test ends. */
void *test_zalloc(struct kunit *test, size_t size);

/* A set that is exited when the test ends, and said to leak if bios are out. */
struct bio_set *test_set(struct kunit *test, unsigned int pool_size,
			 unsigned int front_pad, int flags);
struct bio_set *test_starved_set(struct kunit *test, unsigned int pool_size,
				 int flags);
/* Tracked from its start, as with track=1. */
struct bio_set *test_tracked_set(struct kunit *test, unsigned int pool_size,
				 unsigned int front_pad);
struct bioset_stats test_stats(struct kunit *test, struct bio_set *bs);
/* The same when all bios are back, or as it is when that does not happen. */
struct bioset_stats test_stats_settled(struct kunit *test, struct bio_set *bs);
/*
 * Feeds all starved sets and lets go of what disks hold back, so that whoever
 * waits goes on.
 */
void test_unblock(void);

/* For cases in which the kernel's allocator is to come to a set. */
void test_need_asking_kernel(struct kunit *test);

/* The kernel's bioset_exit(), of which the header says nothing. */
void test_kernel_exit(struct bio_set *bs);

/*
 * A bio that has to be there at once: the test itself must not sleep for what
 * may never come.
 */
struct bio *test_bio(struct kunit *test, unsigned int nr_vecs,
		     struct bio_set *bs);
/* By the kernel's bio_put(), or by ours. */
void test_put(struct bio *bio, bool kernel);

/* How a bio comes back, as a parameter. */
struct test_way {
	enum test_context context;
	bool kernel; /* its bio_put(), and often its bio_alloc_bioset() */
	unsigned int nr_vecs;
};

/* A task that runs @fn once.  It is waited for when the test ends. */
struct test_worker {
	struct task_struct *task;
	struct completion done;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool joined;
};

/* For a worker: allocates from the set @arg, may have to wait, and puts. */
int test_alloc_and_put(void *arg);

#define PARAMETERS "/sys/module/bioset_core/parameters"
#define STALL_SECS PARAMETERS "/stall_secs"
#define CACHE_KB PARAMETERS "/cache_kb"

/*
 * What the module takes for a second, until the test ends; and when it reports
 * waits, with a second that is short.
 */
extern unsigned int bset_second_ms;
void test_second_ms(struct kunit *test, unsigned int ms);
#define TEST_SHORT_SECOND_MS 100
void test_stall_secs(struct kunit *test, const char *secs);

/*
 * The caller stays on the CPU that it is on, and may sleep there: on 5.10
 * migrate_disable() is preempt_disable().
 */
void test_stay_on_cpu(void);
void test_leave_cpu(void);

struct test_worker *test_worker_on(struct kunit *test, int cpu,
				   int (*fn)(void *), void *arg);
struct test_worker *test_worker(struct kunit *test, int (*fn)(void *),
				void *arg);
bool test_worker_done(struct test_worker *w, unsigned int ms);
/* It has to end; what its function returned. */
int test_join(struct kunit *test, struct test_worker *w);
/* Begins to put @bio some time after someone began to wait for it. */
struct test_worker *test_put_late(struct kunit *test, struct bio_set *bs,
				  struct bio *bio);

/* Waits until a wait for a bio of the set was reported; false if none was. */
bool test_stalled(struct kunit *test, struct bio_set *bs);
bool test_within(struct completion *done, unsigned int ms);

/* Calls @fn some time later, from a context of choice. */

struct test_later {
	void (*fn)(void *arg);
	void *arg;
	enum test_context context;
	unsigned int ms;
	bool wrong_context;
	struct hrtimer hrtimer;
	struct completion done;
};

struct test_later *test_later(struct kunit *test, enum test_context context,
			      unsigned int ms, void (*fn)(void *), void *arg);
/* Puts a bio as @way says, a moment later. */
void test_put_later(struct kunit *test, const struct test_way *way,
		    struct bio *bio);
/* Skips a case where there is no such context. */
void test_need_context(struct kunit *test, enum test_context context);

/*
 * Brackets for a warning that a test provokes.  The harness demands that it
 * comes, with the text in its headline; see tests/lab/judge.py.
 *
 * A WARN_ONCE() speaks once for each time that bioset_core is loaded, and the
 * kernel's clear_warn_once does not reach those of modules.  So the first test
 * that provokes it has to see it, whichever that is; for the others there is
 * no bracket, and a second warning is a failure.  The text tells one such
 * warning from the others.
 */
void test_splat_begin(const char *text);
void test_splat_once_begin(const char *text);
void test_splat_end(void);
#define TEST_SPLAT(text, expr)                                         \
	({                                                             \
		typeof(expr) __ret = (test_splat_begin(text), (expr)); \
		test_splat_end();                                      \
		__ret;                                                 \
	})
#define TEST_PUT_SPLAT(text, bio, kernel) \
	TEST_SPLAT(text, (test_put(bio, kernel), true))

/* What bio_split() returns when it fails, in the form of this kernel */
#define TEST_EXPECT_NO_SPLIT(test, bio) \
	KUNIT_EXPECT_TRUE(test, IS_ERR_OR_NULL(bio))

/* For types that are __bitwise, which KUnit's macros add up. */
#define TEST_EXPECT_SAME(test, a, b) \
	KUNIT_EXPECT_EQ(test, (__force u32)(a), (__force u32)(b))

/* Whom our sets are named after: code that is built in is no module. */
#ifdef MODULE
#define TEST_OWNER "bioset_kunit"
#else
#define TEST_OWNER "kernel"
#endif

/* Files, for sysfs. */
#define TEST_SLABS "/sys/kernel/slab"
bool test_path_exists(const char *path);
/*
 * Skips a case without the file that it looks at: suites that are built in run
 * before anything is mounted.
 */
void test_needs(struct kunit *test, const char *path);
/* Lines of the kernel's log, of any time, that have both texts in them. */
unsigned int __printf(2, 3) test_logged(const char *a, const char *fmt, ...);
ssize_t test_read_file(const char *path, char *text, size_t len);
long test_read_number(const char *path);
int test_write_file(const char *path, const char *text);
int __printf(1, 2) test_shell(const char *fmt, ...);
/* The line that a command prints; whether there is one. */
bool __printf(3, 4)
	test_ask_shell(char *line, size_t len, const char *fmt, ...);
void test_need_shell(struct kunit *test);

/* The name of a set's slab in sysfs, and one attribute of a slab. */
bool test_slab_name(struct bio_set *bs, char *name, size_t len);
long test_slab_attr(const char *slab, const char *attr);

#endif /* BSET_TESTLIB_H */
