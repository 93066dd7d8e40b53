// SPDX-License-Identifier: GPL-2.0
/*
 * Who has which bio: owners, misuse, double puts, late writes
 *
 * A debug mode, off by default and for each set on its own.  While it is on,
 * every bio that leaves the set has a record with the task and the
 * stack that took it.  On that rest four checks:
 *
 *   held bios     the contract forbids to sleep for a bio of a set while
 *                 holding an unsubmitted one.  Like lockdep we report what
 *                 breaks the rule, whether memory is short or not.  (A driver
 *                 that queues its own bios says so, see bset_note_submit():
 *                 nobody can see that another task serves the queue.)
 *   double put    a put of something that has no record
 *   foreign put   likewise
 *   late writes   a freed bio's front_pad is poisoned, and the bio kept for a
 *                 while before it is used again
 *
 * Submission is noted where a driver calls it, by the macros of bioset.h.  For
 * bios that are submitted elsewhere there is the block layer's own tracepoint.
 * It fires late for a bio that blk-throttle holds back, so what rests on it
 * alone is said with "as far as is known".
 *
 * Each misuse counts; of a set that has many only some are printed.
 *
 * Locking: each set's lock is raw, since the tracepoint's probe must not sleep
 * on PREEMPT_RT, and irq-safe.  It is held over the tables only: nothing is
 * allocated, freed, printed or poisoned under it, and what walks over all
 * records drops it every %BATCH of them.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "internal.h"
#include "trace.h"
#include "track.h"

#define SITE_DEPTH 12
#define QUARANTINE_MAX 32
#define FREED_PAD 0x6b
#define BATCH 16

/* Reports of one set: so many in so many seconds. */
#define REPORTS 4
#define REPORT_SECS 5

static bool track_all;
module_param_named(track, track_all, bool, 0444);
MODULE_PARM_DESC(track,
		 "track the bios of all sets from the start (default no)");

struct track_site {
	unsigned int nr;
	unsigned long addr[SITE_DEPTH];
};

/* What is told about a bio. */
struct track_note {
	struct bio *bio;
	bool submitted;
	bool freed;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned long when;
	struct track_site alloc;
	struct track_site free;
};

/*
 * A bio that is out: in records, by_age, and held until it is submitted.
 * One that is back: in records, and in the quarantine once it is poisoned.
 */
struct track_record {
	struct hlist_node node;
	struct hlist_node held;
	struct rb_node age;
	struct list_head quarantine;
	u64 serial;
	const struct task_struct *task; /* compared, never followed */
	struct track_note note;
};

/*
 * The flags are looked at without the lock, so that what comes first can be
 * asked cheaply; what depends on the tables takes it and looks again.
 */
struct bset_tracking {
	raw_spinlock_t lock; /* of all that follows, but for limit */
	bool on;
	bool exact; /* every object that is out has a record */
	bool by_header; /* a bio was submitted by bioset.h's macros */
	bool by_others; /* a bio was submitted by something else */
	unsigned int nr_quarantined;
	struct list_head quarantine; /* oldest first */
	u64 next_serial;
	struct rb_root by_age; /* by serial */
	DECLARE_HASHTABLE(records, 10); /* by bio */
	DECLARE_HASHTABLE(held, 8); /* by task */
	struct ratelimit_state limit;
};

/* Sets that are tracked; the tracepoint is attached while there are any. */
static DEFINE_MUTEX(tracked_lock);
static unsigned int nr_tracked;
static bool sees_submits;

/*
 * Without the two innermost, which are the same everywhere: this function and
 * the one that calls it.  So it must not be inlined, or the 2 would take away
 * one more.
 */
static noinline void track_take_site(struct track_site *site)
{
	site->nr = stack_trace_save(site->addr, SITE_DEPTH, 2);
}

static struct bset_tracking *track_of(const struct bset *set)
{
	/*
	 * Pairs with smp_store_release() in bset_track_switch().  What is read
	 * then is read by way of the pointer, which is order enough.
	 */
	struct bset_tracking *t = READ_ONCE(set->tracking);

	return t && READ_ONCE(t->on) ? t : NULL;
}

/*
 * The tables
 */

static struct track_record *track_find(struct bset_tracking *t,
				       const struct bio *bio)
{
	struct track_record *r;

	lockdep_assert_held(&t->lock);
	hash_for_each_possible(t->records, r, node, (unsigned long)bio)
		if (r->note.bio == bio)
			return r;
	return NULL;
}

/* The youngest one: its place is the rightmost. */
static void track_add_age(struct bset_tracking *t, struct track_record *r)
{
	struct rb_node **link = &t->by_age.rb_node, *parent = NULL;

	r->serial = ++t->next_serial;
	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&r->age, parent, link);
	rb_insert_color(&r->age, &t->by_age);
}

static void track_insert(struct bset_tracking *t, struct track_record *r)
{
	lockdep_assert_held(&t->lock);
	hash_add(t->records, &r->node, (unsigned long)r->note.bio);
	track_add_age(t, r);
	if (r->task)
		hash_add(t->held, &r->held, (unsigned long)r->task);
}

/* It is out no more, but still known. */
static void track_note_freed(struct bset_tracking *t, struct track_record *r)
{
	lockdep_assert_held(&t->lock);
	hash_del(&r->held);
	rb_erase(&r->age, &t->by_age);
	r->note.freed = true;
}

static struct track_record *track_oldest(struct bset_tracking *t)
{
	lockdep_assert_held(&t->lock);
	return rb_entry_safe(rb_first(&t->by_age), struct track_record, age);
}

/* The oldest one that is younger than @serial, or NULL. */
static struct track_record *track_after(struct bset_tracking *t, u64 serial)
{
	struct rb_node *n = t->by_age.rb_node;
	struct track_record *r, *found = NULL;

	lockdep_assert_held(&t->lock);
	while (n) {
		r = rb_entry(n, struct track_record, age);
		if (r->serial > serial) {
			found = r;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return found;
}

/*
 * What is printed
 */

/* Counts a misuse; returns whether to report it. */
static bool track_misuse(struct bset *set, const struct bio *bio,
			 const char *kind)
{
	atomic64_inc(&set->misuses);
	trace_bioset_misuse(set, bio, kind);
	return __ratelimit(&set->tracking->limit);
}

static const char *track_state(const struct track_note *note)
{
	if (note->freed)
		return "freed";
	return note->submitted ? "submitted" : "held";
}

static void track_print(const struct track_note *note)
{
	pr_warn("  bio %p, %s, taken %lu ms ago by %s/%d at:\n", note->bio,
		track_state(note),
		(unsigned long)jiffies_to_msecs(jiffies - note->when),
		note->comm, note->pid);
	stack_trace_print(note->alloc.addr, note->alloc.nr, 4);
	if (note->freed) {
		pr_warn("  freed at:\n");
		stack_trace_print(note->free.addr, note->free.nr, 4);
	}
}

/* Which misuse it is shows how many were counted only. */
static long long track_misuse_nr(struct bset *set)
{
	return atomic64_read(&set->misuses);
}

/*
 * One at a time: drivers err in many tasks at once, and the lines of two
 * reports between each other are no use. The caller may sleep (it was about to
 * wait for memory), and who holds the mutex only prints.
 */
static DEFINE_MUTEX(track_report_lock);

static void track_report_held(struct bset *set, const struct track_note *first,
			      unsigned int n, const char *doubt)
{
	mutex_lock(&track_report_lock);
	pr_warn("%s (%s), misuse %lld:%s %s/%d holds %u unsubmitted bio(s) of this set and may sleep for another one; the first:\n",
		set->name, set->owner, track_misuse_nr(set), doubt,
		current->comm, current->pid, n);
	track_print(first);
	WARN(1, "bioset: %s:%s a bio is held while another is allocated\n",
	     set->name, doubt);
	mutex_unlock(&track_report_lock);
}

static void track_report_put(struct bset *set, const struct bio *bio,
			     const struct track_note *note)
{
	if (!track_misuse(set, bio, "bad put"))
		return;
	pr_warn("%s (%s), misuse %lld: put of %p, which is %s\n", set->name,
		set->owner, track_misuse_nr(set), bio,
		note ? "freed already:" : "not out");
	if (note)
		track_print(note);
	WARN(1, "bioset: %s: double or foreign put, ignored\n", set->name);
}

/* The kernel's bio_put() would look for a cache that we do not have. */
static void track_report_flag(struct bset *set, struct bio *bio)
{
	bio->bi_opf &= ~REQ_ALLOC_CACHE;
	if (!track_misuse(set, bio, "REQ_ALLOC_CACHE"))
		return;
	WARN(1, "bioset: %s: REQ_ALLOC_CACHE set by hand, removed\n",
	     set->name);
}

static void track_report_write(struct bset *set, const struct track_note *note,
			       ptrdiff_t at, u8 byte)
{
	if (!track_misuse(set, note->bio, "late write"))
		return;
	pr_warn("%s (%s), misuse %lld: byte %td of a freed front_pad was written (%#x)\n",
		set->name, set->owner, track_misuse_nr(set), at, byte);
	track_print(note);
	WARN(1, "bioset: %s: write into a freed front_pad\n", set->name);
}

/*
 * Submission
 */

static void track_submitted(struct bset *set, struct bio *bio, bool by_header)
{
	struct bset_tracking *t = track_of(set);
	struct track_record *r;
	unsigned long flags;

	if (!t)
		return;
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_find(t, bio);
	if (r && !r->note.submitted) {
		r->note.submitted = true;
		hash_del(&r->held);
		if (by_header)
			WRITE_ONCE(t->by_header, true);
		else
			WRITE_ONCE(t->by_others, true);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (bio->bi_opf & REQ_ALLOC_CACHE)
		track_report_flag(set, bio);
}

/* Runs with preemption off, also on PREEMPT_RT. */
static void BSET_QUEUE_PROBE(track_probe, bio)
{
	struct bset *set = bset_of(bio->bi_pool);

	if (set)
		track_submitted(set, bio, false);
}

/**
 * bset_note_submit() - note that a driver submits a bio
 * @bio:	a bio of any set or of none, about to be submitted
 *
 * Called by the macros of bioset.h while any set is tracked or starved.  A
 * driver that never submits a bio, but queues it for another task or an
 * interrupt of its own to complete, calls this before: from then on the bio is
 * not one that the caller holds.
 *
 * Context: any but NMI.
 */
void bset_note_submit(struct bio *bio)
{
	struct bset *set = bset_of(bio->bi_pool);

	if (set)
		track_submitted(set, bio, true);
}
EXPORT_SYMBOL_GPL(bset_note_submit);

static void track_attach(void)
{
	mutex_lock(&tracked_lock);
	if (!nr_tracked++)
		WRITE_ONCE(sees_submits, bset_watch_submits(track_probe));
	mutex_unlock(&tracked_lock);
	bset_slow_get();
}

static void track_detach(void)
{
	bset_slow_put();
	mutex_lock(&tracked_lock);
	if (!--nr_tracked && sees_submits) {
		WRITE_ONCE(sees_submits, false);
		bset_unwatch_submits(track_probe);
	}
	mutex_unlock(&tracked_lock);
}

/*
 * Held bios
 */

/* Whether @bio waits on one of the caller's own lists. */
static bool track_on_own_list(const struct bio *bio)
{
	struct bio *b;
	int i;

	for (i = 0; current->bio_list && i < 2; i++)
		bio_list_for_each(b, &current->bio_list[i])
			if (b == bio)
				return true;
	return false;
}

/* How many unsubmitted bios the caller holds; *@first is the first one found. */
static unsigned int track_held(struct bset_tracking *t,
			       struct track_note *first)
{
	struct track_record *r;
	unsigned long flags;
	unsigned int n = 0;

	raw_spin_lock_irqsave(&t->lock, flags);
	hash_for_each_possible(t->held, r, held, (unsigned long)current) {
		if (r->task != current || r->note.pid != current->pid ||
		    track_on_own_list(r->note.bio))
			continue;
		if (!n++)
			*first = r->note;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return n;
}

/* Without either way to see submissions, all bios look held. */
static bool track_sees(const struct bset_tracking *t)
{
	return READ_ONCE(sees_submits) || READ_ONCE(t->by_header);
}

/*
 * Whether a bio that looks held is.  If all that was submitted so far came by
 * the header, all that is will.
 */
static bool track_is_certain(const struct bset_tracking *t)
{
	return READ_ONCE(sees_submits) && READ_ONCE(t->by_header) &&
	       !READ_ONCE(t->by_others);
}

static const char *track_doubt(const struct bset_tracking *t)
{
	return track_is_certain(t) ? "" : " as far as is known,";
}

/**
 * bset_track_print_held() - print that the caller waits for its own bios
 * @set:	the set
 * @certain:	print only what is beyond doubt
 *
 * Context: task context.
 * Return: whether it was so.
 */
bool bset_track_print_held(struct bset *set, bool certain)
{
	struct bset_tracking *t = track_of(set);
	struct track_note first;
	unsigned int n;

	if (!t || !track_sees(t) || (certain && !track_is_certain(t)))
		return false;
	n = track_held(t, &first);
	if (n)
		pr_warn("likely cause:%s the waiting task itself holds %u unsubmitted bio(s) of this set\n",
			track_doubt(t), n);
	return n;
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
	struct bset_tracking *t = track_of(set);
	struct track_note first;
	unsigned int n;

	if (!t || !track_sees(t) || !(gfp & __GFP_DIRECT_RECLAIM))
		return;
	n = track_held(t, &first);
	if (n && track_misuse(set, first.bio, "second bio held"))
		track_report_held(set, &first, n, track_doubt(t));
}

/*
 * Out and back
 */

/* In an interrupt, current is a task that has nothing to do with it. */
static void track_note_owner(struct track_record *r)
{
	r->note.when = jiffies;
	if (!in_task()) {
		strscpy(r->note.comm, "interrupt", sizeof(r->note.comm));
		return;
	}
	r->task = current;
	r->note.pid = current->pid;
	memcpy(r->note.comm, current->comm, sizeof(r->note.comm));
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
	struct bset_tracking *t = track_of(set);
	struct track_record *r;
	unsigned long flags;

	if (!t)
		return;
	r = kzalloc(sizeof(*r), GFP_NOWAIT | __GFP_NOWARN);
	if (!r) {
		WRITE_ONCE(t->exact, false);
		return;
	}
	r->note.bio = bio;
	track_note_owner(r);
	track_take_site(&r->note.alloc);
	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->on) {
		track_insert(t, r);
		r = NULL;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	kfree(r); /* switched off meanwhile */
}

/* What has no record can be told from what is out only in an exact set. */
static bool track_not_out(const struct bset_tracking *t,
			  const struct track_record *r)
{
	lockdep_assert_held(&t->lock);
	if (!t->on)
		return false;
	return r ? r->note.freed : READ_ONCE(t->exact);
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
	struct bset_tracking *t = track_of(set);
	struct track_record *r;
	struct track_note note;
	unsigned long flags;
	bool bad, known;

	if (!t)
		return true;
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_find(t, bio);
	known = r;
	bad = track_not_out(t, r);
	if (bad && known)
		note = r->note;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (bad)
		track_report_put(set, bio, known ? &note : NULL);
	return !bad;
}

static void track_poison(struct bset *set, void *bio)
{
	memset(bio - set->bio.pad, FREED_PAD, set->bio.pad);
}

static void track_check_pad(struct bset *set, const struct track_note *note)
{
	const u8 *pad = (void *)note->bio - set->bio.pad;
	const u8 *bad = memchr_inv(pad, FREED_PAD, set->bio.pad);

	if (bad)
		track_report_write(set, note, bad - pad, *bad);
}

/* Takes the oldest bio out of a quarantine that holds more than @max. */
static struct track_record *track_unkeep(struct bset_tracking *t,
					 unsigned int max)
{
	struct track_record *r;

	lockdep_assert_held(&t->lock);
	if (t->nr_quarantined <= max)
		return NULL;
	r = list_first_entry(&t->quarantine, struct track_record, quarantine);
	list_del(&r->quarantine);
	hash_del(&r->node);
	t->nr_quarantined--;
	return r;
}

/* The end of a record that left the quarantine; its bio is the caller's. */
static struct bio *track_finish(struct bset *set, struct track_record *r)
{
	struct bio *bio;

	if (!r)
		return NULL;
	bio = r->note.bio;
	track_check_pad(set, &r->note);
	kfree(r);
	return bio;
}

/**
 * bset_track_evict() - take the oldest bio out of a set's quarantine
 * @set:	the set
 *
 * Context: any but NMI.
 * Return: the bio, which the caller has to give back to the set, or NULL.
 */
struct bio *bset_track_evict(struct bset *set)
{
	struct bset_tracking *t = set->tracking;
	struct track_record *r;
	unsigned long flags;

	if (!t)
		return NULL;
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_unkeep(t, 0);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return track_finish(set, r);
}

/* Debugging must not make anybody wait. */
static bool track_may_keep(struct bset *set)
{
	return !bset_pool_short(&set->bio) && !bset_pool_short(&set->vec);
}

/*
 * First part: what is to be done with a bio.  From here on it is known as
 * freed, though not in the quarantine yet.
 */
static enum bset_back track_take_back(struct bset_tracking *t,
				      struct track_record *r, bool keep)
{
	lockdep_assert_held(&t->lock);
	if (track_not_out(t, r))
		return BSET_BACK_REFUSED;
	if (!r)
		return BSET_BACK_PUT;
	track_note_freed(t, r);
	if (keep)
		return BSET_BACK_KEPT;
	hash_del(&r->node);
	return BSET_BACK_PUT;
}

/*
 * Second part, without the lock in between: poison the pad and put it into the
 * quarantine, from which another one may have to go.
 */
static enum bset_back track_keep(struct bset *set, struct bset_tracking *t,
				 struct track_record *r, struct bio **evicted)
{
	struct track_record *old = r;
	unsigned long flags;
	bool on;

	track_poison(set, r->note.bio);
	raw_spin_lock_irqsave(&t->lock, flags);
	on = t->on;
	if (on) {
		list_add_tail(&r->quarantine, &t->quarantine);
		t->nr_quarantined++;
		old = track_unkeep(t, QUARANTINE_MAX);
	} else {
		hash_del(&r->node);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (on)
		*evicted = track_finish(set, old);
	else
		kfree(r);
	return on ? BSET_BACK_KEPT : BSET_BACK_PUT;
}

/**
 * bset_track_back() - note that a bio comes back to a set
 * @set:	the set
 * @bio:	the bio
 * @evicted:	set to another bio, which leaves the quarantine and which the
 *		caller has to give back to the set, or to NULL
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
	struct bset_tracking *t = track_of(set);
	struct track_record *r;
	struct track_site site;
	struct track_note note;
	enum bset_back back;
	unsigned long flags;
	bool known;

	*evicted = NULL;
	if (!t)
		return BSET_BACK_PUT;
	track_take_site(&site);
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_find(t, bio);
	known = r;
	back = track_take_back(t, r, track_may_keep(set));
	if (back == BSET_BACK_KEPT)
		r->note.free = site;
	else if (back == BSET_BACK_REFUSED && known)
		note = r->note;
	raw_spin_unlock_irqrestore(&t->lock, flags);

	if (back == BSET_BACK_KEPT)
		return track_keep(set, t, r, evicted);
	if (back == BSET_BACK_REFUSED)
		track_report_put(set, bio, known ? &note : NULL);
	else
		kfree(r);
	return back;
}

/*
 * On and off
 */

/* Takes some records of bios that are out; false if there were none. */
static bool track_forget_some(struct bset_tracking *t)
{
	struct track_record *r[BATCH];
	unsigned long flags;
	unsigned int n;

	raw_spin_lock_irqsave(&t->lock, flags);
	for (n = 0; n < BATCH; n++) {
		r[n] = track_oldest(t);
		if (!r[n])
			break;
		track_note_freed(t, r[n]);
		hash_del(&r[n]->node);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (!n)
		return false;
	while (n)
		kfree(r[--n]);
	return true;
}

static struct bset_tracking *track_new(void)
{
	struct bset_tracking *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	raw_spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->quarantine);
	t->by_age = RB_ROOT;
	hash_init(t->records);
	hash_init(t->held);
	ratelimit_state_init(&t->limit, REPORT_SECS * HZ, REPORTS);
	/* Each report says how many there were. */
	ratelimit_set_flags(&t->limit, RATELIMIT_MSG_ON_RELEASE);
	return t;
}

static void track_set_on(struct bset_tracking *t, bool on, bool exact)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	WRITE_ONCE(t->exact, exact);
	WRITE_ONCE(t->on, on);
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/**
 * bset_track_switch() - start or stop to track a set
 * @set:	the set
 * @on:		which
 * @exact:	nothing is out of the set, so what has no record is foreign
 *
 * After stopping, the caller empties the quarantine by bset_track_evict().
 * Nothing is added to it any more.
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
		t = track_new();
		if (!t)
			return -ENOMEM;
		/* pairs with READ_ONCE() in track_of() */
		smp_store_release(&set->tracking, t);
	}
	/*
	 * Submissions are seen before the first bio has a record, and until the
	 * last record is gone; and no record is added once it is off.
	 */
	if (on) {
		track_attach();
		track_set_on(t, true, exact);
	} else {
		track_set_on(t, false, false);
		while (track_forget_some(t))
			;
		track_detach();
	}
	return 0;
}

/**
 * bset_track_wanted() - whether sets are to be tracked from their start
 *
 * Context: any.
 * Return: the module parameter.
 */
bool bset_track_wanted(void)
{
	return track_all;
}

/**
 * bset_track_exit() - forget a set
 * @set:	a set without bios in flight that is not tracked any more and has
 *		an empty quarantine, see bset_track_switch()
 *
 * Context: task context, may sleep.
 */
void bset_track_exit(struct bset *set)
{
	WARN_ON_ONCE(set->tracking &&
		     (set->tracking->on || set->tracking->nr_quarantined));
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
	return track_of(set);
}

/*
 * Who has what
 */

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
	struct bset_tracking *t = track_of(set);
	struct track_record *r;
	struct track_note note;
	unsigned long flags;

	if (!t)
		return;
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_oldest(t);
	if (r)
		note = r->note;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (!r)
		return;
	pr_warn("%s: the oldest bio in flight:\n", set->name);
	track_print(&note);
}

/*
 * An open file that lists the bios that are out, oldest first.  Some are copied
 * at a time; a list that takes several reads goes on where it was.
 */
struct track_list {
	struct bset *set;
	loff_t pos; /* in the list, of note[0] */
	unsigned int nr;
	u64 serial; /* of the last one copied */
	struct track_note note[BATCH];
};

static void track_copy_batch(struct track_list *list, struct bset_tracking *t)
{
	struct track_record *r;
	unsigned long flags;

	list->pos += list->nr;
	list->nr = 0;
	raw_spin_lock_irqsave(&t->lock, flags);
	r = track_after(t, list->serial);
	while (r && list->nr < BATCH) {
		list->serial = r->serial;
		list->note[list->nr++] = r->note;
		r = rb_entry_safe(rb_next(&r->age), struct track_record, age);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

static void *track_seq_at(struct track_list *list, loff_t pos)
{
	struct bset_tracking *t = track_of(list->set);

	if (!t)
		return pos ? NULL : SEQ_START_TOKEN;
	if (pos == list->pos + list->nr)
		track_copy_batch(list, t);
	if (pos < list->pos || pos >= list->pos + list->nr)
		return NULL;
	return &list->note[pos - list->pos];
}

static void *track_seq_start(struct seq_file *m, loff_t *pos)
{
	struct track_list *list = m->private;

	if (!*pos) {
		list->pos = 0;
		list->nr = 0;
		list->serial = 0;
	}
	return track_seq_at(list, *pos);
}

static void *track_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	return track_seq_at(m->private, ++*pos);
}

static void track_seq_stop(struct seq_file *m, void *v)
{
}

static int track_seq_show(struct seq_file *m, void *v)
{
	const struct track_note *note = v;
	unsigned int i;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "not tracked: echo 1 > track\n");
		return 0;
	}
	seq_printf(m, "%u ms %s %s/%d\n",
		   jiffies_to_msecs(jiffies - note->when), track_state(note),
		   note->comm, note->pid);
	for (i = 0; i < note->alloc.nr && !seq_has_overflowed(m); i++)
		seq_printf(m, "    %pS\n", (void *)note->alloc.addr[i]);
	return 0;
}

static const struct seq_operations track_seq_ops = {
	.start = track_seq_start,
	.next = track_seq_next,
	.stop = track_seq_stop,
	.show = track_seq_show,
};

/**
 * bset_track_open() - open a file that lists the bios that are out
 * @file:	the file; seq_read() reads it, seq_release_private() closes it
 * @set:	the set, which must not go away while the file is read; it may
 *		while the file is open
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bset_track_open(struct file *file, struct bset *set)
{
	struct track_list *list;

	list = __seq_open_private(file, &track_seq_ops, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->set = set;
	return 0;
}
