// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/bioset: one directory a set
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *root;

static int stats_show(struct seq_file *m, void *unused)
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
DEFINE_SHOW_ATTRIBUTE(stats);

static int starve_get(void *data, u64 *val)
{
	struct bset *set = data;

	*val = READ_ONCE(set->starve);
	return 0;
}

static int starve_set(void *data, u64 val)
{
	struct bset *set = data;

	if (val > INT_MAX) {
		pr_err("%s: starve takes 0 to %d\n", set->name, INT_MAX);
		return -EINVAL;
	}
	return bset_starve(set->bs, val);
}
DEFINE_DEBUGFS_ATTRIBUTE(starve_fops, starve_get, starve_set, "%llu\n");

static int track_get(void *data, u64 *val)
{
	*val = bset_track_is_on(data);
	return 0;
}

static int track_set(void *data, u64 val)
{
	struct bset *set = data;

	if (val > 1) {
		pr_err("%s: track takes 0 or 1\n", set->name);
		return -EINVAL;
	}
	return bset_track(set->bs, val);
}
DEFINE_DEBUGFS_ATTRIBUTE(track_fops, track_get, track_set, "%llu\n");

static int in_flight_show(struct seq_file *m, void *unused)
{
	bset_track_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(in_flight);

/**
 * bset_stats_add() - make a set's directory
 * @set:	the set
 *
 * Without debugfs, or without memory for it, the set works unseen.
 *
 * Context: task context, may sleep.
 */
void bset_stats_add(struct bset *set)
{
	set->dir = debugfs_create_dir(set->name, root);
	debugfs_create_file("stats", 0444, set->dir, set, &stats_fops);
	debugfs_create_file("starve", 0600, set->dir, set, &starve_fops);
	debugfs_create_file("track", 0600, set->dir, set, &track_fops);
	debugfs_create_file("in_flight", 0400, set->dir, set, &in_flight_fops);
}

/**
 * bset_stats_del() - remove a set's directory
 * @set:	the set
 *
 * Waits for those who read there.
 *
 * Context: task context, may sleep.
 */
void bset_stats_del(struct bset *set)
{
	debugfs_remove_recursive(set->dir);
}

/**
 * bset_stats_start() - make the top directory
 *
 * Without debugfs there is none, which does no harm.
 *
 * Context: task context, module load.
 */
void bset_stats_start(void)
{
	root = debugfs_create_dir("bioset", NULL);
}

/**
 * bset_stats_stop() - remove the top directory
 *
 * Context: task context, module unload.
 */
void bset_stats_stop(void)
{
	debugfs_remove_recursive(root);
}
