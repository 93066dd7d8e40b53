// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/bioset: one directory a set
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *root;

static int bset_stats_show(struct seq_file *m, void *unused)
{
	struct bset *set = m->private;
	struct bioset_stats s;

	bset_read_stats(set, &s);
	seq_printf(m, "owner            %s\n", set->owner);
	seq_printf(m, "front_pad        %u\n", set->bio.pad);
	seq_printf(m, "rescuer          %s\n",
		   set->bs->rescue_workqueue ? "yes" : "no");
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
	seq_printf(m, "stalls           %llu\n", s.stalls);
	seq_printf(m, "misuses          %llu\n", s.misuses);
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
	bset_set_starve(set, val);
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
DEFINE_DEBUGFS_ATTRIBUTE(bset_track_fops, bset_track_get, bset_track_set, "%llu\n");

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
	debugfs_create_file("starve", 0600, set->dir, set, &bset_starve_fops);
	debugfs_create_file("track", 0600, set->dir, set, &bset_track_fops);
	debugfs_create_file("in_flight", 0400, set->dir, set, &bset_in_flight_fops);
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
