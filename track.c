// SPDX-License-Identifier: GPL-2.0
/*
 * Who has which bio: owners, misuse, double puts, late writes
 *
 * A debug mode, off by default and for each set on its own.  While it is on,
 * every bio that leaves the set has a record with the task and the
 * stack that took it.  On that rest four checks:
 *
 *   held bios     the contract forbids to sleep for a bio of a set while
 *                 holding an unsubmitted one.  (A driver that queues its own
 *                 bios and never submits them is reported as well: nobody can
 *                 see that another task serves the queue.)  Like lockdep we
 *                 report the rule's first violation, whether memory is short
 *                 or not.
 *   double put    a put of something that has no record
 *   foreign put   likewise
 *   late writes   a freed bio's front_pad is poisoned, and the bio kept for a
 *                 while before it is used again
 *
 * Submission is seen through the block layer's own tracepoint, so that it does
 * not matter which function submits a bio.
 *
 * Locking: each set's lock, irq-safe, is held over the table only.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "internal.h"

#define SITE_DEPTH 12
#define QUARANTINE_MAX 32
#define FREED_PAD 0x6b

static bool track_all;
module_param_named(track, track_all, bool, 0444);
MODULE_PARM_DESC(track,
		 "track the bios of all sets from the start (default no)");

struct site {
	unsigned int nr;
	unsigned long addr[SITE_DEPTH];
};

/* A bio that is out, or in the quarantine. */
struct record {
	struct hlist_node node;
	struct list_head quarantine;
	struct bio *bio;
	bool submitted;
	bool freed;
	const struct task_struct *task; /* compared, never followed */
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned long when;
	struct site alloc;
	struct site free;
};

/* The flags are looked at without the lock, so that what comes first can be
 * asked cheaply; what depends on the table takes it.
 */
struct bset_tracking {
	spinlock_t lock; /* of the table and the quarantine */
	bool on;
	bool exact; /* every object that is out has a record */
	bool misuse_reported;
	unsigned int nr_quarantined;
	struct list_head quarantine; /* oldest first */
	DECLARE_HASHTABLE(records, 8);
};

/* Sets that are tracked; the tracepoint is attached while there are any. */
static DEFINE_MUTEX(tracked_lock);
static unsigned int nr_tracked;
static bool sees_submits;

static noinline void take_site(struct site *site)
{
	/* Not the two innermost: they are the same everywhere. */
	site->nr = stack_trace_save(site->addr, SITE_DEPTH, 2);
}

static struct bset_tracking *tracking_of(const struct bset *set)
{
	/* pairs with smp_store_release() in bset_track_switch() */
	struct bset_tracking *t = smp_load_acquire(&set->tracking);

	return t && READ_ONCE(t->on) ? t : NULL;
}

static struct record *find(struct bset_tracking *t, const struct bio *bio)
{
	struct record *r;

	lockdep_assert_held(&t->lock);
	hash_for_each_possible(t->records, r, node, (unsigned long)bio)
		if (r->bio == bio)
			return r;
	return NULL;
}

/* The kernel's bio_put() would look for a cache that we do not have. */
static void report_alloc_cache(struct bset *set, struct bio *bio)
{
	atomic64_inc(&set->misuses);
	WARN(1, "bioset: %s: REQ_ALLOC_CACHE set by hand, removed\n",
	     set->name);
	bio->bi_opf &= ~REQ_ALLOC_CACHE;
}

static void mark_submitted(void *unused, struct bio *bio)
{
	struct bset *set = bset_of(bio->bi_pool);
	struct bset_tracking *t = set ? tracking_of(set) : NULL;
	struct record *r;
	unsigned long flags;

	if (!t)
		return;
	spin_lock_irqsave(&t->lock, flags);
	r = find(t, bio);
	if (r)
		r->submitted = true;
	spin_unlock_irqrestore(&t->lock, flags);
	if (bio->bi_opf & REQ_ALLOC_CACHE)
		report_alloc_cache(set, bio);
}

static void add_set(void)
{
	mutex_lock(&tracked_lock);
	if (!nr_tracked++)
		WRITE_ONCE(sees_submits, bset_watch_submits(mark_submitted));
	mutex_unlock(&tracked_lock);
	bset_slow_get();
}

static void remove_set(void)
{
	bset_slow_put();
	mutex_lock(&tracked_lock);
	if (!--nr_tracked && sees_submits)
		bset_unwatch_submits(mark_submitted);
	mutex_unlock(&tracked_lock);
}

static const char *state_of(const struct record *r)
{
	if (r->freed)
		return "freed";
	return r->submitted ? "submitted" : "held";
}

static void print_record(const struct record *r)
{
	pr_warn("  bio %p, %s, taken %lu ms ago by %s/%d at:\n", r->bio,
		state_of(r), (unsigned long)jiffies_to_msecs(jiffies - r->when),
		r->comm, r->pid);
	stack_trace_print(r->alloc.addr, r->alloc.nr, 4);
	if (r->freed) {
		pr_warn("  freed at:\n");
		stack_trace_print(r->free.addr, r->free.nr, 4);
	}
}

/* Whether @bio waits on one of the caller's own lists. */
static bool on_own_list(const struct bio *bio)
{
	struct bio *b;
	int i;

	for (i = 0; current->bio_list && i < 2; i++)
		bio_list_for_each(b, &current->bio_list[i])
			if (b == bio)
				return true;
	return false;
}

static bool held_by_us(const struct record *r)
{
	return !r->freed && !r->submitted && r->task == current &&
	       r->pid == current->pid && !on_own_list(r->bio);
}

static unsigned int find_held(struct bset_tracking *t, struct record *first)
{
	unsigned int n = 0, bkt;
	struct record *r;
	unsigned long flags;

	spin_lock_irqsave(&t->lock, flags);
	hash_for_each(t->records, bkt, r, node) {
		if (!held_by_us(r))
			continue;
		if (!n++ && first)
			*first = *r;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	return n;
}

/**
 * bset_track_held() - how many unsubmitted bios of a set the caller holds
 * @set:	the set
 *
 * Context: task context.
 * Return: the number as far as it is known, 0 for a set that is not tracked.
 */
unsigned int bset_track_held(struct bset *set)
{
	struct bset_tracking *t = tracking_of(set);

	return t && READ_ONCE(sees_submits) ? find_held(t, NULL) : 0;
}

/**
 * bset_track_before() - check the caller's side of the contract
 * @set:	the set that the caller allocates from
 * @gfp:	its flags; without %__GFP_DIRECT_RECLAIM nothing is wrong
 *
 * Context: as bset_alloc().
 */
void bset_track_before(struct bset *set, gfp_t gfp)
{
	struct bset_tracking *t = tracking_of(set);
	struct record first;
	unsigned int n;

	if (!t || !READ_ONCE(sees_submits) || !(gfp & __GFP_DIRECT_RECLAIM) ||
	    READ_ONCE(t->misuse_reported))
		return;
	n = find_held(t, &first);
	if (!n || xchg(&t->misuse_reported, true))
		return;
	atomic64_inc(&set->misuses);
	pr_warn("%s (%s): %s/%d holds %u unsubmitted bio(s) of this set and may sleep for another one; the first:\n",
		set->name, set->owner, current->comm, current->pid, n);
	print_record(&first);
	WARN(1, "bioset: %s: a bio is held while another is allocated\n",
	     set->name);
}

/**
 * bset_track_out() - note that a bio leaves a set
 * @set:	the set
 * @bio:	the bio
 *
 * Context: any but NMI.
 */
void bset_track_out(struct bset *set, struct bio *bio)
{
	struct bset_tracking *t = tracking_of(set);
	struct record *r;
	unsigned long flags;

	if (!t)
		return;
	r = kzalloc(sizeof(*r), GFP_NOWAIT | __GFP_NOWARN);
	if (!r) {
		WRITE_ONCE(t->exact, false);
		return;
	}
	r->bio = bio;
	r->task = current;
	r->pid = current->pid;
	memcpy(r->comm, current->comm, sizeof(r->comm));
	r->when = jiffies;
	take_site(&r->alloc);
	spin_lock_irqsave(&t->lock, flags);
	hash_add(t->records, &r->node, (unsigned long)bio);
	spin_unlock_irqrestore(&t->lock, flags);
}

/* What has no record can be told from what is out only in an exact set. */
static bool not_out(const struct bset_tracking *t, const struct record *r)
{
	return r ? r->freed : READ_ONCE(t->exact);
}

static void report_bad_put(struct bset *set, const struct bio *bio,
			   const struct record *r)
{
	atomic64_inc(&set->misuses);
	pr_warn("%s (%s): put of %p, which is %s\n", set->name, set->owner, bio,
		r ? "freed already:" : "not out");
	if (r)
		print_record(r);
	WARN(1, "bioset: %s: double or foreign put, ignored\n", set->name);
}

/**
 * bset_track_may_put() - check a put before anything is done
 * @set:	the set that the bio says it is of
 * @bio:	the bio
 *
 * Context: any but NMI.
 * Return: false if @bio is not out; that has been reported.
 */
bool bset_track_may_put(struct bset *set, struct bio *bio)
{
	struct bset_tracking *t = tracking_of(set);
	struct record *r, copy;
	unsigned long flags;
	bool bad, known;

	if (!t)
		return true;
	spin_lock_irqsave(&t->lock, flags);
	r = find(t, bio);
	known = r;
	bad = not_out(t, r);
	if (r)
		copy = *r;
	spin_unlock_irqrestore(&t->lock, flags);
	if (bad)
		report_bad_put(set, bio, known ? &copy : NULL);
	return !bad;
}

static void poison_pad(struct bset *set, void *bio)
{
	memset(bio - set->bio.pad, FREED_PAD, set->bio.pad);
}

static void check_pad(struct bset *set, const struct record *r)
{
	const u8 *pad = (void *)r->bio - set->bio.pad;
	const u8 *bad = memchr_inv(pad, FREED_PAD, set->bio.pad);

	if (!bad)
		return;
	atomic64_inc(&set->misuses);
	pr_warn("%s (%s): byte %td of a freed front_pad was written (%#x)\n",
		set->name, set->owner, bad - pad, *bad);
	print_record(r);
	WARN(1, "bioset: %s: write into a freed front_pad\n", set->name);
}

/* The oldest bio of a quarantine that is over-full, or NULL. */
static struct record *evict(struct bset_tracking *t, unsigned int max)
{
	struct record *r;

	lockdep_assert_held(&t->lock);
	if (t->nr_quarantined <= max)
		return NULL;
	r = list_first_entry(&t->quarantine, struct record, quarantine);
	list_del(&r->quarantine);
	hash_del(&r->node);
	t->nr_quarantined--;
	return r;
}

static struct bio *finish_evicted(struct bset *set, struct record *r)
{
	struct bio *bio;

	if (!r)
		return NULL;
	check_pad(set, r);
	bio = r->bio;
	kfree(r);
	return bio;
}

static void keep(struct bset *set, struct bset_tracking *t, struct record *r)
{
	lockdep_assert_held(&t->lock);
	r->freed = true;
	take_site(&r->free);
	poison_pad(set, r->bio);
	list_add_tail(&r->quarantine, &t->quarantine);
	t->nr_quarantined++;
}

/**
 * bset_track_back() - note that a bio comes back to a set
 * @set:	the set
 * @bio:	the bio
 *
 * It goes to the quarantine, but only while the reserves are whole: debugging
 * must not make anybody wait.
 *
 * Context: any but NMI.
 * Return: what the caller has to do with @bio.
 */
enum bset_back bset_track_back(struct bset *set, struct bio *bio,
			       struct bio **evicted)
{
	struct bset_tracking *t = tracking_of(set);
	enum bset_back ret = BSET_BACK_PUT;
	struct record *r, *old = NULL, copy;
	unsigned long flags;
	bool known;

	if (!t)
		return ret;
	spin_lock_irqsave(&t->lock, flags);
	r = find(t, bio);
	known = r;
	if (not_out(t, r)) {
		ret = BSET_BACK_REFUSED;
		if (r)
			copy = *r;
	} else if (r && !bset_pool_short(&set->bio) &&
		   !bset_pool_short(&set->vec)) {
		ret = BSET_BACK_KEPT;
		keep(set, t, r);
		old = evict(t, QUARANTINE_MAX);
	} else if (r) {
		hash_del(&r->node);
		kfree(r);
	}
	spin_unlock_irqrestore(&t->lock, flags);

	if (ret == BSET_BACK_REFUSED)
		report_bad_put(set, bio, known ? &copy : NULL);
	*evicted = finish_evicted(set, old);
	return ret;
}

struct bio *bset_track_evict(struct bset *set)
{
	struct bset_tracking *t = set->tracking;
	struct record *r;
	unsigned long flags;

	if (!t)
		return NULL;
	spin_lock_irqsave(&t->lock, flags);
	r = evict(t, 0);
	spin_unlock_irqrestore(&t->lock, flags);
	return finish_evicted(set, r);
}

/* Drops all records. */
static void forget_all(struct bset *set, struct bset_tracking *t)
{
	struct hlist_node *tmp;
	struct record *r;
	unsigned long flags;
	unsigned int bkt;

	spin_lock_irqsave(&t->lock, flags);
	hash_for_each_safe(t->records, bkt, tmp, r, node) {
		if (r->freed)
			continue;
		hash_del(&r->node);
		kfree(r);
	}
	spin_unlock_irqrestore(&t->lock, flags);
}

static struct bset_tracking *new_tracking(void)
{
	struct bset_tracking *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->quarantine);
	hash_init(t->records);
	return t;
}

/**
 * bset_track_switch() - start or stop to track a set
 * @set:	the set
 * @on:		which
 * @exact:	nothing is out of the set, so what has no record is foreign
 *
 * Context: task context, may sleep; callers do not race for one set.
 * Return: 0 or -ENOMEM.
 */
int bset_track_switch(struct bset *set, bool on, bool exact)
{
	struct bset_tracking *t = set->tracking;

	if (on == (t && t->on))
		return 0;
	if (!t) {
		t = new_tracking();
		if (!t)
			return -ENOMEM;
		/* pairs with smp_load_acquire() in tracking_of() */
		smp_store_release(&set->tracking, t);
	}
	if (on) {
		WRITE_ONCE(t->exact, exact);
		WRITE_ONCE(t->misuse_reported, false);
		WRITE_ONCE(t->on, true);
		add_set();
	} else {
		WRITE_ONCE(t->on, false);
		remove_set();
		/* A put that saw it on may still add to the quarantine, which
		 * bset_track_exit() empties for good.
		 */
		forget_all(set, t);
	}
	return 0;
}

bool bset_track_wanted(void)
{
	return track_all;
}

/**
 * bset_track_exit() - forget a set
 * @set:	a set without bios in flight
 *
 * Context: task context, may sleep.
 */
void bset_track_exit(struct bset *set)
{
	if (!set->tracking)
		return;
	kfree(set->tracking);
	set->tracking = NULL;
}

/**
 * bset_track_is_on() - whether a set is tracked
 * @set:	the set
 *
 * Context: any.
 * Return: whether it is.
 */
bool bset_track_is_on(const struct bset *set)
{
	return tracking_of(set);
}

/**
 * bset_track_oldest() - print who has had a bio of a set for the longest time
 * @set:	the set
 *
 * Prints nothing for a set that is not tracked.
 *
 * Context: task context.
 */
void bset_track_oldest(struct bset *set)
{
	struct bset_tracking *t = tracking_of(set);
	struct record *r, oldest;
	bool found = false;
	unsigned long flags;
	unsigned int bkt;

	if (!t)
		return;
	spin_lock_irqsave(&t->lock, flags);
	hash_for_each(t->records, bkt, r, node) {
		if (r->freed || (found && time_after_eq(r->when, oldest.when)))
			continue;
		oldest = *r;
		found = true;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	if (!found)
		return;
	pr_warn("%s: the oldest bio in flight:\n", set->name);
	print_record(&oldest);
}

/**
 * bset_track_show() - list the bios that are out
 * @m:		where to
 * @set:	the set
 *
 * Context: task context.
 */
void bset_track_show(struct seq_file *m, struct bset *set)
{
	struct bset_tracking *t = tracking_of(set);
	struct record *r;
	unsigned long flags;
	unsigned int bkt, i;

	if (!t) {
		seq_puts(m, "not tracked: echo 1 > track\n");
		return;
	}
	spin_lock_irqsave(&t->lock, flags);
	hash_for_each(t->records, bkt, r, node) {
		if (r->freed)
			continue;
		seq_printf(m, "%u ms %s %s/%d\n",
			   jiffies_to_msecs(jiffies - r->when), state_of(r),
			   r->comm, r->pid);
		for (i = 0; i < r->alloc.nr; i++)
			seq_printf(m, "    %pS\n", (void *)r->alloc.addr[i]);
	}
	spin_unlock_irqrestore(&t->lock, flags);
}
