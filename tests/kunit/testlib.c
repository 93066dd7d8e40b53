// SPDX-License-Identifier: GPL-2.0
/*
 * Sets, tasks, contexts and files for the suites
 */
#include <linux/bio.h>

/* Before the header gives the name another meaning */
static inline void kernel_bioset_exit(struct bio_set *bs)
{
	bioset_exit(bs);
}

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/umh.h>

#include "testdisk.h"
#include "testlib.h"

#include "internal.h"

struct deferred {
	void (*fn)(void *arg);
	void *arg;
};

struct own_set {
	struct bio_set bs;
	struct list_head all;
};

static LIST_HEAD(own_sets);
static DEFINE_MUTEX(own_sets_lock);

void test_int_desc(const int *number, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d", *number);
}

static void way_desc(const struct test_way *w, char *desc)
{
	static const char *const names[] = { "task", "softirq", "hardirq" };

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %s put, %u vecs",
		 names[w->context], w->kernel ? "kernel's" : "our", w->nr_vecs);
}

static const struct test_way ways[] = {
	{ TEST_TASK, false, 0 },     { TEST_TASK, false, 256 },
	{ TEST_TASK, true, 16 },     { TEST_SOFTIRQ, false, 64 },
	{ TEST_SOFTIRQ, true, 256 }, { TEST_HARDIRQ, false, 256 },
	{ TEST_HARDIRQ, true, 4 },
};

KUNIT_ARRAY_PARAM(ways, ways, way_desc);

const void *test_ways_gen_params(TEST_GEN_ARGS)
{
	return ways_gen_params(TEST_GEN_PASS);
}

static const int vec_counts[] = {
	0, 1, 4, 5, 16, 17, 64, 65, 128, 129, 255, 256
};

static void vecs_desc(const int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d vecs", *nr);
}

KUNIT_ARRAY_PARAM(vecs, vec_counts, vecs_desc);

const void *test_vecs_gen_params(TEST_GEN_ARGS)
{
	return vecs_gen_params(TEST_GEN_PASS);
}

static void makers_desc(const int *makers, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "kernel's: %#x", *makers);
}

static const int maker_sets[] = { 0, 1, 2,  3,	4,  5,	6,  7,
				  8, 9, 10, 11, 12, 13, 14, 15 };

KUNIT_ARRAY_PARAM(makers, maker_sets, makers_desc);

const void *test_makers_gen_params(TEST_GEN_ARGS)
{
	return makers_gen_params(TEST_GEN_PASS);
}

static int deferred_init(struct kunit_resource *res, void *context)
{
	res->data = kmemdup(context, sizeof(struct deferred), GFP_KERNEL);
	return res->data ? 0 : -ENOMEM;
}

static void deferred_run(struct kunit_resource *res)
{
	struct deferred *d = res->data;

	d->fn(d->arg);
	kfree(d);
}

void test_defer(struct kunit *test, void (*fn)(void *), void *arg)
{
	struct deferred d = { fn, arg };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test,
				     kunit_alloc_resource(test, deferred_init,
							  deferred_run,
							  GFP_KERNEL, &d));
}

void *test_zalloc(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static struct bio_set kept[4];

int test_keep_slabs(test_suite_arg *unused)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(kept) && !ret; i++)
		ret = bset_init(&kept[i], 1, i & 2 ? 16 : 0,
				i & 1 ? BSET_NO_RESCUER | BIOSET_NEED_BVECS
				      : BSET_NO_RESCUER);
	return ret;
}

void test_drop_slabs(test_suite_arg *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		bset_exit(&kept[i]);
}

static bool set_is_idle(struct bio_set *bs)
{
	struct bioset_stats s;

	return bset_get_stats(bs, &s) || !s.in_flight;
}

static void set_free(void *arg)
{
	struct own_set *set = arg;

	bset_starve(&set->bs, 0);
	mutex_lock(&own_sets_lock);
	list_del(&set->all);
	mutex_unlock(&own_sets_lock);
	/* bioset_exit() would wait forever, and a test must not. */
	if (WARN(!TEST_UNTIL(set_is_idle(&set->bs)),
		 "bioset_kunit: bios of a set were not put\n"))
		return;
	bset_exit(&set->bs);
	kfree(set);
}

struct bio_set *test_set(struct kunit *test, unsigned int pool_size,
			 unsigned int front_pad, int flags)
{
	struct own_set *set = kzalloc(sizeof(*set), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, set);
	ret = bset_init(&set->bs, pool_size, front_pad, flags);
	if (ret)
		kfree(set);
	KUNIT_ASSERT_EQ(test, ret, 0);
	mutex_lock(&own_sets_lock);
	list_add(&set->all, &own_sets);
	mutex_unlock(&own_sets_lock);
	test_defer(test, set_free, set);
	return &set->bs;
}

struct bio_set *test_starved_set(struct kunit *test, unsigned int pool_size,
				 int flags)
{
	struct bio_set *bs = test_set(test, pool_size, 0, flags);

	KUNIT_ASSERT_EQ(test, bset_starve(bs, 1), 0);
	return bs;
}

struct bio_set *test_tracked_set(struct kunit *test, unsigned int pool_size,
				 unsigned int front_pad)
{
	struct bio_set *bs =
		test_set(test, pool_size, front_pad, BIOSET_NEED_BVECS);

	KUNIT_ASSERT_EQ(test, bset_set_track(bset_of(bs), true, true), 0);
	return bs;
}

struct bioset_stats test_stats(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats s = {};

	KUNIT_EXPECT_EQ(test, bset_get_stats(bs, &s), 0);
	return s;
}

/* A put wakes those who wait before it is counted, and they may be faster. */
struct bioset_stats test_stats_settled(struct kunit *test, struct bio_set *bs)
{
	TEST_UNTIL(set_is_idle(bs));
	return test_stats(test, bs);
}

struct late_put {
	struct bio_set *bs;
	struct bio *bio;
};

/* When somebody waits for it, however long a busy machine takes until then */
static int put_late(void *arg)
{
	struct late_put *late = arg;
	struct bioset_stats s = {};

	TEST_UNTIL(!bset_get_stats(late->bs, &s) && s.waiting);
	msleep(30);
	bio_put(late->bio);
	return 0;
}

struct test_worker *test_put_late(struct kunit *test, struct bio_set *bs,
				  struct bio *bio)
{
	struct late_put *late = test_zalloc(test, sizeof(*late));

	late->bs = bs;
	late->bio = bio;
	return test_worker_on(test, 0, put_late, late);
}

bool test_stalled(struct kunit *test, struct bio_set *bs)
{
	return TEST_UNTIL(test_stats(test, bs).stalls);
}

void test_unblock(void)
{
	struct own_set *set;

	mutex_lock(&own_sets_lock);
	list_for_each_entry(set, &own_sets, all)
		bset_starve(&set->bs, 0);
	mutex_unlock(&own_sets_lock);
	test_disks_release();
}

void test_need_asking_kernel(struct kunit *test)
{
	if (!TEST_KERNEL_CAN_ASK)
		kunit_skip(test, "the slab cannot be made to fail");
}

void test_kernel_exit(struct bio_set *bs)
{
	kernel_bioset_exit(bs);
}

struct bio *test_bio(struct kunit *test, unsigned int nr_vecs,
		     struct bio_set *bs)
{
	struct bio *bio = bset_alloc(NULL, nr_vecs, 0, GFP_NOWAIT, bs);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	return bio;
}

/* In parentheses the name is never the header's macro. */
void test_put(struct bio *bio, bool kernel)
{
	if (kernel)
		(bio_put)(bio);
	else
		bset_put(bio);
}

bool test_within(struct completion *done, unsigned int ms)
{
	return wait_for_completion_timeout(done, msecs_to_jiffies(ms) + 1);
}

void test_stay_on_cpu(void)
{
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
}

void test_leave_cpu(void)
{
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static int worker_thread(void *arg)
{
	struct test_worker *w = arg;

	w->ret = w->fn(w->arg);
	complete(&w->done);
	return 0;
}

bool test_worker_done(struct test_worker *w, unsigned int ms)
{
	if (!w->joined)
		w->joined = test_within(&w->done, ms);
	return w->joined;
}

int test_join(struct kunit *test, struct test_worker *w)
{
	KUNIT_ASSERT_TRUE(test, test_worker_done(w, TEST_LIMIT_MS));
	return w->ret;
}

/*
 * The worker uses memory that is freed next, so going on without it is out of
 * the question.
 */
static void worker_join(void *arg)
{
	struct test_worker *w = arg;

	if (!test_worker_done(w, TEST_LIMIT_MS)) {
		test_unblock();
		if (!test_worker_done(w, TEST_LIMIT_MS))
			panic("bioset_kunit: %ps does not end", w->fn);
	}
	kthread_stop(w->task);
	put_task_struct(w->task);
}

int test_alloc_and_put(void *arg)
{
	struct bio *bio = bset_alloc(NULL, 0, 0, GFP_NOIO, arg);

	if (!bio)
		return -ENOMEM;
	bset_put(bio);
	return 0;
}

static void restore_second(void *ms)
{
	WRITE_ONCE(bset_second_ms, (uintptr_t)ms);
}

void test_second_ms(struct kunit *test, unsigned int ms)
{
	test_defer(test, restore_second, (void *)(uintptr_t)bset_second_ms);
	WRITE_ONCE(bset_second_ms, ms);
}

static void restore_stall_secs(void *unused)
{
	test_write_file(STALL_SECS, "10");
}

void test_stall_secs(struct kunit *test, const char *secs)
{
	test_needs(test, STALL_SECS);
	test_second_ms(test, TEST_SHORT_SECOND_MS);
	test_defer(test, restore_stall_secs, NULL);
	KUNIT_ASSERT_GE(test, test_write_file(STALL_SECS, secs), 0);
}

struct test_worker *test_worker_on(struct kunit *test, int cpu,
				   int (*fn)(void *), void *arg)
{
	struct test_worker *w = test_zalloc(test, sizeof(*w));

	init_completion(&w->done);
	w->fn = fn;
	w->arg = arg;
	w->task = kthread_create(worker_thread, w, "bset_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->task);
	get_task_struct(w->task);
	if (cpu >= 0)
		kthread_bind(w->task, cpu);
	wake_up_process(w->task);
	test_defer(test, worker_join, w);
	return w;
}

struct test_worker *test_worker(struct kunit *test, int (*fn)(void *),
				void *arg)
{
	return test_worker_on(test, -1, fn, arg);
}

/* With PREEMPT_RT the slab takes sleeping locks: no hard interrupts there. */
void test_need_context(struct kunit *test, enum test_context context)
{
	if (context == TEST_HARDIRQ && TEST_PREEMPT_RT)
		kunit_skip(test, "sleeping locks");
}

static void later_run(struct test_later *l, bool right_context)
{
	l->wrong_context = !right_context;
	l->fn(l->arg);
	complete_all(&l->done);
}

static int later_task(void *arg)
{
	struct test_later *l = arg;

	msleep(l->ms);
	later_run(l, !in_interrupt());
	return 0;
}

static enum hrtimer_restart later_irq(struct hrtimer *timer)
{
	struct test_later *l = container_of(timer, struct test_later, hrtimer);

	later_run(l, l->context == TEST_HARDIRQ
			     ? in_hardirq()
			     : TEST_PREEMPT_RT || in_serving_softirq());
	return HRTIMER_NORESTART;
}

static void later_cancel(void *arg)
{
	struct test_later *l = arg;

	test_within(&l->done, TEST_LIMIT_MS);
	hrtimer_cancel(&l->hrtimer);
}

struct test_later *test_later(struct kunit *test, enum test_context context,
			      unsigned int ms, void (*fn)(void *), void *arg)
{
	struct test_later *l = test_zalloc(test, sizeof(*l));
	enum hrtimer_mode mode;

	l->fn = fn;
	l->arg = arg;
	l->context = context;
	l->ms = ms;
	init_completion(&l->done);
	/*
	 * No timer of the mode _HARD: it is there with PREEMPT_RT as well, so
	 * lockdep would complain of each lock that sleeps then.
	 */
	mode = context == TEST_SOFTIRQ ? HRTIMER_MODE_REL_SOFT
				       : HRTIMER_MODE_REL;
	test_hrtimer_init(&l->hrtimer, later_irq, mode);
	test_defer(test, later_cancel, l);
	if (context == TEST_TASK)
		test_worker(test, later_task, l);
	else
		hrtimer_start(&l->hrtimer, ms_to_ktime(ms), mode);
	return l;
}

struct later_put {
	struct bio *bio;
	bool kernel;
};

static void later_put(void *arg)
{
	struct later_put *p = arg;

	test_put(p->bio, p->kernel);
}

void test_put_later(struct kunit *test, const struct test_way *way,
		    struct bio *bio)
{
	struct later_put *p = test_zalloc(test, sizeof(*p));

	p->bio = bio;
	p->kernel = way->kernel;
	test_later(test, way->context, 1, later_put, p);
}

static bool splat_open;

void test_splat_begin(const char *text)
{
	pr_info("EXPECT-SPLAT-BEGIN %s\n", text);
	splat_open = true;
}

void test_splat_end(void)
{
	if (splat_open)
		pr_info("EXPECT-SPLAT-END\n");
	splat_open = false;
}

static bool first_time(const char *text)
{
	static const char *provoked[16];
	int i;

	for (i = 0; i < ARRAY_SIZE(provoked); i++) {
		if (!provoked[i]) {
			provoked[i] = text;
			return true;
		}
		if (!strcmp(provoked[i], text))
			return false;
	}
	return true;
}

void test_splat_once_begin(const char *text)
{
	if (first_time(text))
		test_splat_begin(text);
}

unsigned int test_logged(const char *a, const char *fmt, ...)
{
	test_log_reader iter = TEST_LOG_READER;
	char b[160], line[256];
	unsigned int n = 0;
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(b, sizeof(b), fmt, args);
	va_end(args);
	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		n += strstr(line, a) && strstr(line, b);
	}
	return n;
}

bool test_path_exists(const char *path)
{
	struct path p;

	if (kern_path(path, LOOKUP_FOLLOW, &p))
		return false;
	path_put(&p);
	return true;
}

void test_needs(struct kunit *test, const char *path)
{
	if (!test_path_exists(path))
		kunit_skip(test, "there is no %s", path);
}

/* Reads the start of a file as a string; its length or a negative error. */
ssize_t test_read_file(const char *path, char *text, size_t len)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, text, len - 1, &pos);
	filp_close(file, NULL);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

/* The number that a file starts with, or a negative error. */
long test_read_number(const char *path)
{
	char text[24];
	ssize_t n = test_read_file(path, text, sizeof(text));
	long number;

	if (n < 0)
		return n;
	text[strcspn(text, "\n ")] = '\0';
	return kstrtol(text, 0, &number) ?: number;
}

int test_write_file(const char *path, const char *text)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

static int run_shell(char *command)
{
	char *argv[4] = { "/bin/sh", "-c", command, NULL };
	char *env[2] = { "PATH=/bin:/sbin:/usr/bin", NULL };
	int ret =
		command ? call_usermodehelper(argv[0], argv, env, UMH_WAIT_PROC)
			: -ENOMEM;

	kfree(command);
	return ret;
}

/*
 * Runs a shell command; 0 if it ended well.  The files of debugfs can be read
 * from user space only.
 */
int test_shell(const char *fmt, ...)
{
	char *command;
	va_list args;

	va_start(args, fmt);
	command = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	return run_shell(command);
}

#define ANSWER "/tmp/bset_answer"

bool test_ask_shell(char *line, size_t len, const char *fmt, ...)
{
	char *command;
	va_list args;
	bool found;

	va_start(args, fmt);
	command = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	found = !test_shell("{ %s; } >" ANSWER, command) &&
		test_read_file(ANSWER, line, len) > 0;
	kfree(command);
	line[found ? strcspn(line, "\n") : 0] = '\0';
	return found;
}

void test_need_shell(struct kunit *test)
{
	if (test_shell("exit 0"))
		kunit_skip(test, "no /bin/sh");
}

/* The allocator tells it by way of sysfs only. */
bool test_slab_name(struct bio_set *bs, char *name, size_t len)
{
	static const char find[] =
		"cd %s && set -- bset_bio-%u.* && [ $# = 1 ] && [ -e $1 ] && echo $1";

	return test_ask_shell(name, len, find, TEST_SLABS,
			      kmem_cache_size(bs->bio_slab));
}

long test_slab_attr(const char *slab, const char *attr)
{
	char path[96];

	snprintf(path, sizeof(path), TEST_SLABS "/%s/%s", slab, attr);
	return test_read_number(path);
}
