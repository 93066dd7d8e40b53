// SPDX-License-Identifier: GPL-2.0
/*
 * Sets, tasks, contexts and files for the suites
 */
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

const char *const test_context_names[] = { "task", "softirq", "hardirq" };

/* Never NULL, which would end the parameters: the number plus 1. */
const void *test_next_number(const void *prev, unsigned int last, char *desc)
{
	uintptr_t next = (uintptr_t)prev + 1;

	if (next > last + 1)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu", (unsigned long)next - 1);
	return (const void *)next;
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
	unsigned int ms = 0;

	bset_starve(&set->bs, 0);
	while (!set_is_idle(&set->bs) && ms < TEST_LIMIT_MS) {
		msleep(20);
		ms += 20;
	}
	mutex_lock(&own_sets_lock);
	list_del(&set->all);
	mutex_unlock(&own_sets_lock);
	if (!set_is_idle(&set->bs)) {
		/* bioset_exit() would wait forever, and a test must not. */
		WARN(1, "bioset_kunit: bios of a set were not put\n");
		return;
	}
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

struct bioset_stats test_stats(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats s = {};

	KUNIT_EXPECT_EQ(test, bset_get_stats(bs, &s), 0);
	return s;
}

/* A put wakes those who wait before it is counted, and they may be faster. */
struct bioset_stats test_stats_settled(struct kunit *test, struct bio_set *bs)
{
	struct bioset_stats s = test_stats(test, bs);
	unsigned int ms;

	for (ms = 0; s.in_flight && ms < TEST_LIMIT_MS; ms += 20) {
		msleep(20);
		s = test_stats(test, bs);
	}
	return s;
}

/* When somebody waits for it, however long a busy machine takes until then */
int test_put_late(void *arg)
{
	struct test_late_put *late = arg;
	unsigned long end = jiffies + msecs_to_jiffies(TEST_LIMIT_MS);
	struct bioset_stats s = {};

	while (!s.waiting && time_before(jiffies, end)) {
		usleep_range(1000, 2000);
		bset_get_stats(late->bs, &s);
	}
	msleep(30);
	bio_put(late->bio);
	return 0;
}

bool test_stalled(struct kunit *test, struct bio_set *bs)
{
	unsigned int ms;

	for (ms = 0; !test_stats(test, bs).stalls && ms < TEST_LIMIT_MS;
	     ms += 20)
		msleep(20);
	return test_stats(test, bs).stalls;
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

/* In parentheses the name is never the header's macro. */
void test_kernel_put(struct bio *bio)
{
	(bio_put)(bio);
}

void test_our_put(struct bio *bio)
{
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

static void restore_stall_secs(void *unused)
{
	test_write_file(STALL_SECS, "10");
}

void test_stall_secs(struct kunit *test, const char *secs)
{
	test_defer(test, restore_stall_secs, NULL);
	test_needs(test, STALL_SECS);
	KUNIT_ASSERT_GE(test, test_write_file(STALL_SECS, secs), 0);
}

struct test_worker *test_worker_on(struct kunit *test, int cpu,
				   int (*fn)(void *), void *arg)
{
	struct test_worker *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
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
bool test_context_usable(enum test_context context)
{
	return context != TEST_HARDIRQ || !TEST_PREEMPT_RT;
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

static void later_softirq(struct timer_list *timer)
{
	struct test_later *l = container_of(timer, typeof(*l), timer);

	later_run(l, TEST_PREEMPT_RT || in_serving_softirq());
}

/*
 * In hard interrupt context.  A timer of the mode that says so (_HARD) is there
 * with PREEMPT_RT as well, so lockdep would complain of each lock that sleeps then.
 */
static enum hrtimer_restart later_hardirq(struct hrtimer *timer)
{
	struct test_later *l = container_of(timer, struct test_later, hrtimer);

	later_run(l, in_hardirq());
	return HRTIMER_NORESTART;
}

static void later_cancel(void *arg)
{
	struct test_later *l = arg;

	test_within(&l->done, TEST_LIMIT_MS);
	test_timer_stop(&l->timer);
	hrtimer_cancel(&l->hrtimer);
}

struct test_later *test_later(struct kunit *test, enum test_context context,
			      unsigned int ms, void (*fn)(void *), void *arg)
{
	struct test_later *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->fn = fn;
	l->arg = arg;
	l->context = context;
	l->ms = ms;
	init_completion(&l->done);
	timer_setup(&l->timer, later_softirq, 0);
	test_hrtimer_init(&l->hrtimer, later_hardirq, HRTIMER_MODE_REL);
	test_defer(test, later_cancel, l);
	if (context == TEST_TASK)
		test_worker(test, later_task, l);
	else if (context == TEST_SOFTIRQ)
		mod_timer(&l->timer, jiffies + msecs_to_jiffies(ms));
	else
		hrtimer_start(&l->hrtimer, ms_to_ktime(ms), HRTIMER_MODE_REL);
	return l;
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

bool test_logged(const char *fmt, ...)
{
	test_log_reader iter = TEST_LOG_READER;
	bool found = false;
	char text[160], line[256];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	kmsg_dump_rewind(&iter);
	while (!found &&
	       kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		found = strstr(line, text);
	}
	return found;
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

/*
 * Runs a shell command; 0 if it ended well.  The files of debugfs can be read
 * from user space only.
 */
int test_shell(const char *command)
{
	char *argv[4], *env[2];

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = (char *)command;
	argv[3] = NULL;
	env[0] = "PATH=/bin:/sbin:/usr/bin";
	env[1] = NULL;
	return call_usermodehelper(argv[0], argv, env, UMH_WAIT_PROC);
}

#define SYMBOL_FILE "/tmp/bset_symbol"

/* That table, too, is for user space only. */
void *test_kernel_symbol(const char *name)
{
	static const char find[] =
		"sed -n 's/^\\([0-9a-f]*\\) [tT] %s$/0x\\1/p' /proc/kallsyms >" SYMBOL_FILE;
	char text[24] = "", *command = kasprintf(GFP_KERNEL, find, name);
	unsigned long address = 0;

	if (command && !test_shell(command) &&
	    test_read_file(SYMBOL_FILE, text, sizeof(text)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (kstrtoul(text, 0, &address))
			address = 0;
	}
	kfree(command);
	test_shell("rm -f " SYMBOL_FILE);
	return (void *)address;
}

struct slab_search {
	struct dir_context ctx;
	const char *prefix;
	unsigned int found;
	char *name;
	size_t len;
};

static test_filldir_t look_at_slab(struct dir_context *ctx, const char *name,
				   int len, loff_t off, u64 ino,
				   unsigned int type)
{
	struct slab_search *s = container_of(ctx, struct slab_search, ctx);

	if (len < strlen(s->prefix) ||
	    memcmp(name, s->prefix, strlen(s->prefix)))
		return TEST_FILLDIR_GO_ON;
	s->found++;
	if (s->name)
		snprintf(s->name, s->len, "%.*s", len, name);
	return TEST_FILLDIR_GO_ON;
}

/* How many there are, and the name of the last one that was found. */
unsigned int test_slabs_named(const char *prefix, char *name, size_t len)
{
	struct slab_search s = {
		.ctx.actor = look_at_slab,
		.prefix = prefix,
		.name = name,
		.len = len,
	};
	struct file *dir = filp_open(TEST_SLABS, O_RDONLY | O_DIRECTORY, 0);

	if (IS_ERR(dir))
		return 0;
	iterate_dir(dir, &s.ctx);
	filp_close(dir, NULL);
	return s.found;
}

long test_slab_attr(const char *slab, const char *attr)
{
	char path[96];

	snprintf(path, sizeof(path), TEST_SLABS "/%s/%s", slab, attr);
	return test_read_number(path);
}
