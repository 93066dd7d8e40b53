// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/bioset: a table of all sets, and a directory for each
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *root;

/* What the table shows.  Nobody who allocates takes this lock. */
static DEFINE_MUTEX(shown_lock);
static LIST_HEAD(shown_sets);

/* The table's columns: bioset(7) promises their names, meaning and order. */
static void bset_sets_show_head(struct seq_file *m)
{
	seq_printf(m, "%-40s %-15s %9s %9s %9s %7s", "name", "owner",
		   "elem_size", "front_pad", "pool_size", "reserve");
	seq_printf(m, " %13s %11s %9s %6s %12s %12s", "vec_pool_size",
		   "vec_reserve", "in_flight", "cached", "allocs",
		   "from_reserve");
	seq_printf(m, " %8s %7s %15s %8s %8s %8s %6s %7s\n", "waits", "waiting",
		   "longest_wait_us", "punted", "rescued", "failed", "stalls",
		   "misuses");
}

/* Bytes of a bio with what precedes and follows it in its slab. */
static size_t bset_elem_size(const struct bset *set)
{
	const size_t vecs = set->max_vecs ? BSET_INLINE_VECS : 0;

	return set->bio.pad + sizeof(struct bio) +
	       vecs * sizeof(struct bio_vec);
}

static void bset_sets_show_line(struct seq_file *m, struct bset *set)
{
	struct bioset_stats s;

	bset_read_stats(set, &s);
	seq_printf(m, "%-40s %-15s %9zu %9u %9u %7u", set->name, set->owner,
		   bset_elem_size(set), set->bio.pad, s.pool_size, s.reserve);
	seq_printf(m, " %13u %11u %9llu %6lu %12llu %12llu",
		   set->max_vecs ? s.pool_size : 0, s.vec_reserve, s.in_flight,
		   s.cached, s.allocs, s.from_reserve);
	seq_printf(m, " %8llu %7u %15llu %8llu %8llu %8llu %6llu %7llu\n",
		   s.waits, s.waiting, s.longest_wait_us, s.punted, s.rescued,
		   s.failed, s.stalls, s.misuses);
}

static void *bset_sets_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&shown_lock);
	return seq_list_start_head(&shown_sets, *pos);
}

static void *bset_sets_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &shown_sets, pos);
}

static void bset_sets_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&shown_lock);
}

static int bset_sets_show(struct seq_file *m, void *v)
{
	if (v == &shown_sets)
		bset_sets_show_head(m);
	else
		bset_sets_show_line(m, list_entry(v, struct bset, shown));
	return 0;
}

static const struct seq_operations bset_sets_sops = {
	.start = bset_sets_start,
	.next = bset_sets_next,
	.stop = bset_sets_stop,
	.show = bset_sets_show,
};
DEFINE_SEQ_ATTRIBUTE(bset_sets);

static unsigned int bset_waits_last(const struct bset *set)
{
	unsigned int i = BSET_WAIT_BUCKETS - 1;

	while (i && !atomic_read(&set->wait_us_log2[i]))
		i--;
	return i;
}

static int bset_waits_show(struct seq_file *m, void *unused)
{
	const struct bset *set = m->private;
	const unsigned int last = bset_waits_last(set);
	unsigned int i;

	seq_printf(m, "%10s %10s %10s\n", "from_us", "to_us", "waits");
	for (i = 0; i <= last; i++) {
		seq_printf(m, "%10llu ", i ? 1ULL << (i - 1) : 0);
		if (i < BSET_WAIT_BUCKETS - 1)
			seq_printf(m, "%10llu", i ? (1ULL << i) - 1 : 0);
		else
			seq_printf(m, "%10s", "-");
		seq_printf(m, " %10u\n", atomic_read(&set->wait_us_log2[i]));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bset_waits);

static int bset_stats_show(struct seq_file *m, void *unused)
{
	struct bset *set = m->private;
	struct bioset_stats s;

	bset_read_stats(set, &s);
	seq_printf(m, "owner            %s\n", set->owner);
	seq_printf(m, "front_pad        %u\n", set->bio.pad);
	seq_printf(m, "rescuer          %s\n",
		   set->rescue_workqueue ? "yes" : "no");
	seq_printf(m, "pool_size        %u\n", s.pool_size);
	seq_printf(m, "reserve          %u\n", s.reserve);
	seq_printf(m, "vec_reserve      %u\n", s.vec_reserve);
	seq_printf(m, "cached           %lu\n", s.cached);
	seq_printf(m, "allocs           %llu\n", s.allocs);
	seq_printf(m, "puts             %llu\n", s.puts);
	seq_printf(m, "in_flight        %llu\n", s.in_flight);
	seq_printf(m, "punted           %llu\n", s.punted);
	seq_printf(m, "rescued          %llu\n", s.rescued);
	seq_printf(m, "waits            %llu\n", s.waits);
	seq_printf(m, "longest_wait_ms  %llu\n", s.longest_wait_ms);
	seq_printf(m, "longest_wait_us  %llu\n", s.longest_wait_us);
	seq_printf(m, "stalls           %llu\n", s.stalls);
	seq_printf(m, "misuses          %llu\n", s.misuses);
	seq_printf(m, "from_reserve     %llu\n", s.from_reserve);
	seq_printf(m, "failed           %llu\n", s.failed);
	seq_printf(m, "waiting          %u\n", s.waiting);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bset_stats);

static int bset_starve_get(void *data, u64 *val)
{
	struct bset *set = data;

	*val = READ_ONCE(set->starve);
	return 0;
}

static int bset_starve_set(void *data, u64 val)
{
	struct bset *set = data;

	if (val > INT_MAX) {
		pr_err("%s: starve takes 0 to %d\n", set->name, INT_MAX);
		return -EINVAL;
	}
	bset_pools_starve(set, val);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(bset_starve_fops, bset_starve_get, bset_starve_set,
			 "%llu\n");

static int bset_track_get(void *data, u64 *val)
{
	*val = bset_track_is_on(data);
	return 0;
}

static int bset_track_set(void *data, u64 val)
{
	struct bset *set = data;

	if (val > 1) {
		pr_err("%s: track takes 0 or 1\n", set->name);
		return -EINVAL;
	}
	return bset_set_track(set, val, false);
}
DEFINE_DEBUGFS_ATTRIBUTE(bset_track_fops, bset_track_get, bset_track_set,
			 "%llu\n");

static int bset_in_flight_open(struct inode *inode, struct file *file)
{
	return bset_track_open(file, inode->i_private);
}

static const struct file_operations bset_in_flight_fops = {
	.owner = THIS_MODULE,
	.open = bset_in_flight_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/**
 * bset_debugfs_add() - make a set's directory
 * @set:	the set
 *
 * Without debugfs, or without memory for it, the set works unseen.
 *
 * Context: task context, may sleep.
 */
void bset_debugfs_add(struct bset *set)
{
	set->dir = debugfs_create_dir(set->name, root);
	debugfs_create_file("stats", 0444, set->dir, set, &bset_stats_fops);
	debugfs_create_file("waits", 0444, set->dir, set, &bset_waits_fops);
	debugfs_create_file("starve", 0600, set->dir, set, &bset_starve_fops);
	debugfs_create_file("track", 0600, set->dir, set, &bset_track_fops);
	debugfs_create_file("in_flight", 0400, set->dir, set,
			    &bset_in_flight_fops);
	mutex_lock(&shown_lock);
	list_add_tail(&set->shown, &shown_sets);
	mutex_unlock(&shown_lock);
}

/**
 * bset_debugfs_del() - remove a set's directory
 * @set:	the set
 *
 * Waits for those who read there.
 *
 * Context: task context, may sleep.
 */
void bset_debugfs_del(struct bset *set)
{
	mutex_lock(&shown_lock);
	list_del(&set->shown);
	mutex_unlock(&shown_lock);
	debugfs_remove_recursive(set->dir);
}

/**
 * bset_debugfs_start() - make the top directory
 *
 * Without debugfs there is none, which does no harm.
 *
 * Context: task context, module load.
 */
void bset_debugfs_start(void)
{
	root = debugfs_create_dir("bioset", NULL);
	debugfs_create_file("sets", 0444, root, NULL, &bset_sets_fops);
}

/**
 * bset_debugfs_stop() - remove the top directory
 *
 * Context: task context, module unload.
 */
void bset_debugfs_stop(void)
{
	debugfs_remove_recursive(root);
}
