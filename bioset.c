// SPDX-License-Identifier: GPL-2.0
/*
 * Sets: made and unmade, named, listed; and the module
 *
 * Bios are bio_alloc.c's and bio_put.c's.  internal.h has a map of the files.
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/bio.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include "internal.h"
#include "trace.h"

/* All live sets, in the order in which they were made, and by the address of bs */
static DEFINE_MUTEX(sets_lock);
static LIST_HEAD(sets);
static DEFINE_HASHTABLE(sets_by_address, 10);

/* Of the next set's name.  It never comes to its end, so no name comes again. */
static atomic64_t next_id = ATOMIC64_INIT(-1);

/*
 * Polls, because a put that could wake us would cost every put.  Starts with
 * short sleeps: the last bios are usually on their way.
 */
static void bset_wait_for_bios(struct bset *set)
{
	unsigned long next = jiffies + 10 * bset_second(), since = jiffies;
	unsigned long allocs, puts, n;
	unsigned int ms = 1;

	while ((n = bset_in_flight(set, &allocs, &puts))) {
		if (time_after(jiffies, next)) {
			pr_warn("%s (%s): bioset_exit() has waited %lu s for %lu bios in flight\n",
				set->name, set->owner, (jiffies - since) / HZ,
				n);
			bset_track_oldest(set);
			atomic64_inc(&set->stalls);
			next += 10 * bset_second();
		}
		msleep(ms);
		ms = min(2 * ms, 100U);
	}
}

static struct bset *bset_at(const struct bio_set *bs)
{
	struct bset *set;

	lockdep_assert_held(&sets_lock);
	hash_for_each_possible(sets_by_address, set, by_address,
			       (unsigned long)bs)
		if (set->bs == bs)
			return set;
	return NULL;
}

/* Whether what is at @bs still is what bioset_init() made there. */
static bool bset_is_alive(const struct bset *set, struct bio_set *bs)
{
	return bset_of(bs) == set && mempool_initialized(&bs->bio_pool);
}

static void bset_list(struct bset *set)
{
	mutex_lock(&sets_lock);
	list_add_tail(&set->all, &sets);
	hash_add(sets_by_address, &set->by_address, (unsigned long)set->bs);
	mutex_unlock(&sets_lock);
}

static void bset_unlist(struct bset *set)
{
	lockdep_assert_held(&sets_lock);
	list_del(&set->all);
	hash_del(&set->by_address);
}

/*
 * <module>.<last word of the expression>.<number>: what a reader recognises,
 * a file name, and one word in a table.  The expression may be a name that the
 * driver chose.
 */
static void bset_give_name(struct bset *set, struct module *owner,
			   const char *expr)
{
	char word[24];
	size_t n = 0;
	const char *p;

	for (p = expr ?: ""; *p; p++) {
		if ((isascii(*p) && isalnum(*p)) || *p == '_' ||
		    (*p == '-' && p[1] != '>')) {
			if (n < sizeof(word) - 1)
				word[n++] = *p;
		} else if (*p == '.' || *p == '>') {
			n = 0;
		}
	}
	word[n] = '\0';
	if (!n)
		strscpy(word, "set", sizeof(word));
	strscpy(set->owner, owner ? owner->name : "kernel", sizeof(set->owner));
	snprintf(set->name, sizeof(set->name), "%.24s.%s.%llu", set->owner,
		 word, (u64)atomic64_inc_return(&next_id));
}

static struct bset *bset_new(struct bio_set *bs, unsigned int pool_size,
			     bool vecs, struct module *owner, const char *name)
{
	struct bset *set = kzalloc(sizeof(*set), GFP_KERNEL);

	if (!set)
		return NULL;
	set->counts = alloc_percpu(struct bset_counts);
	if (!set->counts) {
		kfree(set);
		return NULL;
	}
	set->bs = bs;
	mutex_init(&set->knobs);
	set->pool_size = max(pool_size, 1U);
	set->max_vecs = vecs ? BIO_MAX_VECS : 0;
	set->module = owner;
	bset_give_name(set, owner, name);
	return set;
}

/* The one destructor; right for a set that was only half made, too. */
static void bset_destroy(struct bset *set)
{
	bset_rescuer_exit(set);
	bset_track_stop(set);
	if (set->bs)
		bset_face_exit(set->bs);
	bset_face_exit(&set->home);
	bset_pools_exit(set);
	free_percpu(set->counts);
	kfree(set);
}

/*
 * Lets go of a set that is in no list any more, because its owner lost it.
 *
 * set->bs is NULL if what is there is the set's no more.  Then nobody frees what
 * the mempools in it may have (nothing, but pools for integrity data and, since
 * 6.17, room for a pointer).
 *
 * A bio that is out needs all of the set when it is put, and our code.  So then
 * the set is left as it is, its rescuer included, and the module is never
 * unloaded.
 */
static void bset_abandon(struct bset *set)
{
	unsigned long allocs, puts, n;

	bset_debugfs_del(set);
	bset_pools_starve(set, 0);
	n = bset_in_flight(set, &allocs, &puts);
	if (n) {
		pr_err("%s: %lu bio(s) in flight, for which bioset_core has to stay\n",
		       set->name, n);
		__module_get(THIS_MODULE);
		return;
	}
	trace_bioset_set_unmade(set);
	bset_destroy(set);
}

static int bset_check_args(const struct bio_set *bs, unsigned int pool_size,
			   unsigned int front_pad, int flags, const char *name)
{
	const int known = BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER |
			  BSET_PERCPU_CACHE | BSET_NO_RESCUER;
	const unsigned int max_pool = KMALLOC_MAX_SIZE / sizeof(void *);

	if (!bs)
		pr_err("%s: no set to initialise: NULL\n", name);
	else if (pool_size > max_pool)
		pr_err("%s: pool_size %u is more than %u\n", name, pool_size,
		       max_pool);
	else if (front_pad > BSET_MAX_FRONT_PAD)
		pr_err("%s: front_pad %u is more than %u\n", name, front_pad,
		       BSET_MAX_FRONT_PAD);
	else if (flags & ~known)
		pr_err("%s: unknown flags %#x\n", name, flags & ~known);
	else if ((flags & BSET_NO_RESCUER) && (flags & BIOSET_NEED_RESCUER))
		pr_err("%s: flags ask for a rescuer and for none\n", name);
	else
		return 0;
	return -EINVAL;
}

static int bset_build(struct bset *set, unsigned int front_pad, int flags)
{
	const bool vecs = flags & BIOSET_NEED_BVECS;
	int ret;

	bset_rescuer_prepare(set);
	ret = bset_pools_init(set, front_pad, vecs);
	if (!ret && bset_track_wanted())
		ret = bset_set_track(set, true, true);
	if (!ret)
		ret = bset_home_init(set);
	if (!ret)
		ret = bset_face_init(set);
	if (ret) {
		pr_err("%s (%s): no memory for a reserve of %u bios\n",
		       set->name, set->owner, set->pool_size);
		return ret;
	}
	return flags & BSET_NO_RESCUER ? 0 : bset_rescuer_init(set);
}

/*
 * Makes room for a set at @bs.  Another one that was made there is gone if its
 * memory was freed, zeroed or used for something else.
 */
static int bset_make_room(struct bio_set *bs, const char *name)
{
	struct bset *old;

	mutex_lock(&sets_lock);
	old = bset_at(bs);
	if (old && bset_is_alive(old, bs)) {
		bset_complain(old, BSET_IN_USE, "%s: is in use already, as %s",
			      name ?: "a set", old->name);
		mutex_unlock(&sets_lock);
		return -EBUSY;
	}
	if (old)
		bset_unlist(old);
	mutex_unlock(&sets_lock);
	if (!old)
		return 0;
	pr_err("%s: %s makes another set where it is, without bioset_exit() of it\n",
	       old->name, name ?: "somebody");
	old->bs = NULL;
	bset_abandon(old);
	return 0;
}

/**
 * __bset_init() - what bset_init() expands to
 * @bs:		see bset_init()
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 * @flags:	see bset_init()
 * @owner:	the calling module
 * @name:	the expression that was given for @bs
 *
 * Context: task context, may sleep.
 * Return: see bset_init().
 */
int __bset_init(struct bio_set *bs, unsigned int pool_size,
		unsigned int front_pad, int flags, struct module *owner,
		const char *name)
{
	struct bset *set;
	int ret;

	ret = bset_check_args(bs, pool_size, front_pad, flags, name);
	if (ret)
		return ret;
	ret = bset_make_room(bs, name);
	if (ret)
		return ret;

	memset(bs, 0, sizeof(*bs));
	set = bset_new(bs, pool_size, flags & BIOSET_NEED_BVECS, owner, name);
	if (!set)
		return -ENOMEM;
	ret = bset_build(set, ALIGN(front_pad, __alignof__(struct bio)), flags);
	if (ret) {
		bset_destroy(set);
		return ret;
	}
	bset_list(set);
	bset_debugfs_add(set);
	trace_bioset_set_made(set);
	return 0;
}
EXPORT_SYMBOL_GPL(__bset_init);

/**
 * __bset_init_from_src() - what bset_init_from_src() expands to
 * @bs:		see bset_init_from_src()
 * @src:	see bset_init_from_src()
 * @owner:	the calling module
 * @name:	the expression that was given for @bs
 *
 * Context: task context, may sleep.
 * Return: see bset_init_from_src().
 */
int __bset_init_from_src(struct bio_set *bs, struct bio_set *src,
			 struct module *owner, const char *name)
{
	const struct bset *set = bset_of(src);
	unsigned int pool_size;
	int flags = 0;

	if (!src) {
		pr_err("%s: no set to take after: NULL\n", name);
		return -EINVAL;
	}
	pool_size = set ? set->pool_size : src->bio_pool.min_nr;
	if (mempool_initialized(&src->bvec_pool))
		flags |= BIOSET_NEED_BVECS;
	if (set && !bset_has_rescuer(set))
		flags |= BSET_NO_RESCUER;
	return __bset_init(bs, pool_size, src->front_pad, flags, owner, name);
}
EXPORT_SYMBOL_GPL(__bset_init_from_src);

/**
 * bset_exit() - unmake a set that bset_init() made
 * @bs:		the set; zeroed memory and a set that was exited already are
 *		fine, a set that the kernel made is handed to the kernel
 *
 * Waits for the bios that are still out, and says so every 10 seconds.  No
 * memory that one of them needs is freed before its last bio_put().
 *
 * Context: task context, may sleep.  Nobody may allocate from @bs any more.
 */
void bset_exit(struct bio_set *bs)
{
	struct bset *set = bset_of(bs);

	if (!bs)
		return;
	if (!set) {
		bioset_exit(bs);
		return;
	}
	bset_wait_for_bios(set);
	bset_debugfs_del(set);
	mutex_lock(&sets_lock);
	bset_unlist(set);
	mutex_unlock(&sets_lock);
	bset_pools_starve(set, 0);
	trace_bioset_set_unmade(set);
	bset_destroy(set);
}
EXPORT_SYMBOL_GPL(bset_exit);

/**
 * __bset_create() - what bset_create() and bset_create_nobvec() expand to
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 * @flags:	see bset_init()
 * @owner:	the calling module
 * @name:	a word for the set's name
 *
 * Context: task context, may sleep.
 * Return: the set, or NULL.
 */
struct bio_set *__bset_create(unsigned int pool_size, unsigned int front_pad,
			      int flags, struct module *owner, const char *name)
{
	struct bio_set *bs = kzalloc(sizeof(*bs), GFP_KERNEL);

	if (!bs)
		return NULL;
	if (__bset_init(bs, pool_size, front_pad, flags, owner, name)) {
		kfree(bs);
		return NULL;
	}
	bset_of(bs)->owns_bs = true;
	return bs;
}
EXPORT_SYMBOL_GPL(__bset_create);

/**
 * bset_free() - unmake a set that bset_create() made
 * @bs:		the set, or NULL.  One that bset_init() made is exited, with a
 *		warning, and its memory left to whom it belongs.
 *
 * Context: task context, may sleep; see bset_exit().
 */
void bset_free(struct bio_set *bs)
{
	struct bset *set = bset_of(bs);
	bool owns;

	if (!bs)
		return;
	if (!set) {
		bset_complain(NULL, BSET_FOREIGN,
			      "bioset_free() of a foreign set");
		return;
	}
	owns = set->owns_bs;
	if (!owns)
		bset_complain(set, BSET_EMBEDDED,
			      "%s: bioset_free() of an embedded set",
			      set->name);
	bset_exit(bs);
	if (owns)
		kfree(bs);
}
EXPORT_SYMBOL_GPL(bset_free);

/**
 * bset_get_stats() - what a set holds and what it did
 * @bs:		the set
 * @stats:	filled in
 *
 * Context: any; @bs must not be exited meanwhile.
 * Return: 0, or -EINVAL if @bs is not one of ours or @stats is NULL.
 */
int bset_get_stats(struct bio_set *bs, struct bioset_stats *stats)
{
	struct bset *set = bset_of(bs);

	if (!set || !stats)
		return -EINVAL;
	bset_read_stats(set, stats);
	return 0;
}
EXPORT_SYMBOL_GPL(bset_get_stats);

/**
 * bset_starve() - leave a set nothing but its reserve, for testing
 * @bs:		the set
 * @nth:	fail each Nth attempt to get memory for the set from the slab or
 *		a cache; 1 fails all of them, 0 none
 *
 * Also /sys/kernel/debug/bioset/<set>/starve.
 *
 * Context: task context, may sleep; @bs must not be exited meanwhile.
 * Return: 0, or -EINVAL if @bs is not one of ours.
 */
int bset_starve(struct bio_set *bs, unsigned int nth)
{
	struct bset *set = bset_of(bs);

	if (!set)
		return -EINVAL;
	bset_pools_starve(set, nth);
	return 0;
}
EXPORT_SYMBOL_GPL(bset_starve);

/**
 * bset_track() - watch who has which bio of a set, for debugging
 * @bs:		the set
 * @on:		whether to
 *
 * While it is on, reports name the owners of bios, and misuse (a second bio
 * allocated while one is held, a double put, a write into the front_pad of a
 * freed bio) is reported with the stacks that led to it.  Every allocation and
 * put of every set is slower meanwhile.
 *
 * Also /sys/kernel/debug/bioset/<set>/track, and the module parameter track=1
 * for all sets from their start, which alone can tell each double put.
 *
 * Context: task context, may sleep; @bs must not be exited meanwhile.
 * Return: 0, -EINVAL if @bs is not one of ours, or -ENOMEM.
 */
int bset_track(struct bio_set *bs, bool on)
{
	struct bset *set = bset_of(bs);

	return set ? bset_set_track(set, on, false) : -EINVAL;
}
EXPORT_SYMBOL_GPL(bset_track);

/*
 * A module that goes (also one whose init has failed) takes along the memory that
 * its sets live in.  It is still there now.
 */
static void bset_module_goes(const struct module *module)
{
	struct bset *set, *next;
	LIST_HEAD(lost);

	mutex_lock(&sets_lock);
	list_for_each_entry_safe(set, next, &sets, all) {
		if (set->module != module)
			continue;
		bset_unlist(set);
		list_add_tail(&set->all, &lost);
	}
	mutex_unlock(&sets_lock);
	list_for_each_entry_safe(set, next, &lost, all) {
		pr_err("%s: %s is unloaded without bioset_exit() of it\n",
		       set->name, set->owner);
		/* Memory that it had allocated may be freed, its own is not. */
		if (!within_module((unsigned long)set->bs, module) ||
		    !bset_is_alive(set, set->bs))
			set->bs = NULL;
		bset_abandon(set);
	}
}

static int bset_module_event(struct notifier_block *nb, unsigned long event,
			     void *module)
{
	if (event == MODULE_STATE_GOING)
		bset_module_goes(module);
	return NOTIFY_OK;
}

static struct notifier_block module_events = {
	.notifier_call = bset_module_event,
};

static int __init bioset_module_init(void)
{
	int ret;

	ret = bset_classes_start();
	if (ret)
		return ret;
	ret = bset_try_kernel();
	if (ret)
		goto stop_classes;
	ret = bset_caches_start();
	if (ret)
		goto stop_classes;
	ret = bset_null_init();
	if (ret)
		goto stop_null;
	ret = register_module_notifier(&module_events);
	if (ret)
		goto stop_null;
	bset_debugfs_start();
	return 0;

stop_null:
	bset_null_exit();
	bset_caches_stop();
stop_classes:
	bset_classes_stop();
	return ret;
}

static void __exit bioset_module_exit(void)
{
	unregister_module_notifier(&module_events);
	bset_debugfs_stop();
	bset_null_exit();
	bset_caches_stop();
	bset_classes_stop();
	/*
	 * The last put of a set's last bio may still be on its way out of our
	 * callback: in a task that was preempted there, or in an interrupt.
	 */
	synchronize_rcu_tasks();
	synchronize_rcu();
}

module_init(bioset_module_init);
module_exit(bioset_module_exit);
MODULE_LICENSE("GPL");
MODULE_VERSION(BSET_VERSION);
MODULE_DESCRIPTION("bio_alloc_bioset() with the contract of Linux 4.6");
