// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of bio-based disks, each disk on a set of its own
 *
 * Every disk but the lowest passes a bio on in one of the ways that drivers
 * have: as clones, one a piece; as splits chained to the rest; as it is.  The
 * lowest one clones it, too, and has the clone completed by a lane.  Sectors
 * keep their numbers all the way down.
 */
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "torture.h"

#define TT_MAX_PIECES 8

/*
 * At the start of the pad, for bios that we put ourselves.  An object that is
 * handed out while it says "live" has been handed out twice.  Says nothing
 * when the pad is too small.
 */
struct tt_tag {
	unsigned long cookie;
};

#define TT_LIVE 0x746f727475726521UL /* "torture!" */
#define TT_DEAD 0x64656164UL
#define TT_PAD_BYTE 0x5a

static struct tt_tag *tag_of(struct bio *bio)
{
	unsigned int pad = bio->bi_pool->front_pad;

	return pad < sizeof(struct tt_tag) ? NULL : (void *)bio - pad;
}

/* The pad's last byte, next to what the module writes. */
static u8 *pad_end(struct bio *bio)
{
	return (u8 *)bio - 1;
}

/* Notes that a bio was handed out. */
void tt_tag_live(struct bio *bio)
{
	struct tt_tag *tag = tag_of(bio);
	unsigned long live = TT_LIVE ^ (unsigned long)bio;

	if (!tag)
		return;
	if (xchg(&tag->cookie, live) == live)
		tt_fail("the bio at %p was handed out twice", bio);
	if (bio->bi_pool->front_pad > sizeof(*tag))
		*pad_end(bio) = TT_PAD_BYTE;
}

/* Checks the pad of such a bio before the last put. */
void tt_tag_dead(struct bio *bio)
{
	struct tt_tag *tag = tag_of(bio);
	unsigned long live = TT_LIVE ^ (unsigned long)bio;

	if (!tag)
		return;
	if (xchg(&tag->cookie, TT_DEAD ^ (unsigned long)bio) != live)
		tt_fail("the pad of the bio at %p was written to", bio);
	if (bio->bi_pool->front_pad > sizeof(*tag) &&
	    *pad_end(bio) != TT_PAD_BYTE)
		tt_fail("the end of the pad of the bio at %p was written to",
			bio);
}

/* Puts a bio, with either put, at times under a second reference. */
void tt_put(struct bio *bio)
{
	u32 dice = tt_rand();

	if (dice % 16 == 0) {
		bio_get(bio);
		bio_put(bio);
	}
	/* In parentheses it is the kernel's. */
	if (dice & 16)
		(bio_put)(bio);
	else
		bio_put(bio);
}

static void clone_end_io(struct bio *clone)
{
	struct bio *parent = clone->bi_private;
	struct bio_set *bs = clone->bi_pool;

	if (clone->bi_status)
		WRITE_ONCE(parent->bi_status, clone->bi_status);
	/* As long as the clone is out, its set cannot go. */
	if (tt_rand() % 16 == 0)
		tt_side_alloc(bs, false, false);
	tt_tag_dead(clone);
	tt_put(clone);
	bio_endio(parent);
}

static struct bio *clone_of(struct tt_disk *disk, struct bio *bio,
			    struct block_device *bdev)
{
	struct bio *clone;

	/*
	 * The kernel's own works on our sets, too; what it takes without asking
	 * is not counted, and this module counts.
	 */
	if (bset_kernel_takes || tt_rand() & 1)
		clone = bio_alloc_clone(bdev, bio, GFP_NOIO, &disk->set.bs);
	else
		clone = kernel_bio_clone(bdev, bio, GFP_NOIO, &disk->set.bs);
	if (!clone) {
		tt_fail("a clone that may sleep failed");
		return NULL;
	}
	atomic64_inc(&tt_totals.clones);
	tt_tag_live(clone);
	clone->bi_private = bio;
	clone->bi_end_io = clone_end_io;
	return clone;
}

static void pass_clones(struct tt_disk *disk, struct bio *bio)
{
	unsigned int left = bio_sectors(bio), done = 0, n;
	unsigned int max = left / (1 + tt_rand() % TT_MAX_PIECES) + 1;
	struct bio *clone;

	/*
	 * A rescued clone may complete before the loop ends: @bio is ours until
	 * the bio_endio() below, which drops the reference that it came with.
	 */
	while (left) {
		n = min(left, max);
		clone = clone_of(disk, bio, disk->below->disk.bdev);
		if (!clone) {
			bio_io_error(bio);
			return;
		}
		bio_advance(clone, done << SECTOR_SHIFT);
		clone->bi_iter.bi_size = n << SECTOR_SHIFT;
		bio_inc_remaining(bio);
		submit_bio_noacct(clone);
		left -= n;
		done += n;
	}
	bio_endio(bio);
}

static struct bio *split_off(struct tt_disk *disk, struct bio *bio, int sectors)
{
	struct bio *split;

	if (bset_kernel_takes || tt_rand() & 1)
		split = bio_split(bio, sectors, GFP_NOIO, &disk->set.bs);
	else
		split = (bio_split)(bio, sectors, GFP_NOIO, &disk->set.bs);
	if (IS_ERR_OR_NULL(split))
		tt_fail("a split that may sleep failed");
	else
		atomic64_inc(&tt_totals.splits);
	return split;
}

static void pass_on(struct tt_disk *disk, struct bio *bio)
{
	bio_set_dev(bio, disk->below->disk.bdev);
	submit_bio_noacct(bio);
}

static void pass_splits(struct tt_disk *disk, struct bio *bio)
{
	unsigned int pieces = 1 + tt_rand() % TT_MAX_PIECES;
	unsigned int max = bio_sectors(bio) / pieces + 1;
	struct bio *split;

	while (bio_sectors(bio) > max) {
		split = split_off(disk, bio, max);
		if (!split) {
			bio_io_error(bio);
			return;
		}
		bio_chain(split, bio);
		pass_on(disk, split);
	}
	pass_on(disk, bio);
}

/* As the block layer does with a bio that is too large for a disk. */
static void pass_first(struct tt_disk *disk, struct bio *bio)
{
	unsigned int n = bio_sectors(bio) / 2;
	struct bio *split;

	split = split_off(disk, bio, n);
	if (!split) {
		bio_io_error(bio);
		return;
	}
	bio_chain(split, bio);
	submit_bio_noacct(bio); /* the rest, to this disk again */
	pass_on(disk, split);
}

static void reach_bottom(struct tt_disk *disk, struct bio *bio)
{
	struct bio *clone;

	tt_slot_reached(disk, bio);
	clone = clone_of(disk, bio, disk->disk.bdev);
	if (!clone) {
		bio_io_error(bio);
		return;
	}
	if (tt_rand() % 256 == 0) {
		tt_slot_injected(disk, bio);
		clone->bi_status = BLK_STS_IOERR;
	}
	if (tt_rand() % 16 == 0)
		bio_endio(clone);
	else
		tt_lane_queue(clone);
}

static compat_submit_t tt_submit_bio(struct bio *bio)
{
	struct tt_disk *disk = compat_bio_disk(bio)->private_data;
	u32 dice = tt_rand() % 8;

	if (!disk->below)
		reach_bottom(disk, bio);
	else if (dice < 4)
		pass_clones(disk, bio);
	else if (dice < 6)
		pass_splits(disk, bio);
	else if (dice < 7 && bio_sectors(bio) > 1)
		pass_first(disk, bio);
	else
		pass_on(disk, bio);
	return COMPAT_SUBMITTED;
}

static const struct block_device_operations tt_fops = {
	.owner = THIS_MODULE,
	.submit_bio = tt_submit_bio,
};

static int disk_make(struct tt_disk *disk, struct rnd_state *rnd,
		     unsigned int nr, int flags)
{
	static atomic_t serial;
	struct gendisk *gd;
	int ret;

	ret = tt_set_init(&disk->set, rnd, tt_pick(rnd, 2), flags);
	if (ret)
		return ret;
	if (!test_gd_alloc(&disk->disk))
		return -ENOMEM;
	gd = disk->disk.gd;
	gd->fops = &tt_fops;
	gd->private_data = disk;
	gd->flags |= GENHD_FL_NO_PART; /* nobody reads but our callers */
	snprintf(gd->disk_name, sizeof(gd->disk_name), "torture%d.%u",
		 atomic_inc_return(&serial), nr);
	set_capacity(gd,
		     (sector_t)TT_REGION * TT_DEPTH * disk->stack->nr_callers);
	ret = test_gd_add(&disk->disk);
	disk->added = !ret;
	return ret;
}

static void disk_free(struct tt_disk *disk)
{
	if (disk->added)
		del_gendisk(disk->disk.gd);
	test_gd_free(&disk->disk);
	tt_set_exit(&disk->set);
}

static int disks_make(struct tt_stack *stack, struct rnd_state *rnd, int flags)
{
	struct tt_disk *disk;
	unsigned int i;
	int ret;

	for (i = 0; i < stack->nr_disks; i++) {
		disk = &stack->disks[i];
		disk->stack = stack;
		disk->below = i ? disk - 1 : NULL;
		/* The lowest disk never splits: it needs no rescue. */
		ret = disk_make(disk, rnd, i, i ? flags : 0);
		if (ret)
			return ret;
	}
	return tt_set_init(&stack->top, rnd, true, flags);
}

struct tt_stack *tt_stack_make(struct rnd_state *rnd, unsigned int nr_disks,
			       unsigned int nr_callers, int flags)
{
	struct tt_stack *stack = kzalloc(sizeof(*stack), GFP_KERNEL);

	if (!stack)
		return NULL;
	stack->nr_disks = nr_disks;
	stack->nr_callers = nr_callers;
	stack->callers =
		kvcalloc(nr_callers, sizeof(*stack->callers), GFP_KERNEL);
	stack->order = get_order(nr_callers * PAGE_SIZE);
	stack->pages = alloc_pages(GFP_KERNEL, stack->order);
	if (!stack->callers || !stack->pages || disks_make(stack, rnd, flags)) {
		tt_stack_free(stack);
		return NULL;
	}
	return stack;
}

/* Takes down a stack without bios in flight, complete or not. */
void tt_stack_free(struct tt_stack *stack)
{
	int i;

	for (i = stack->nr_disks - 1; i >= 0; i--)
		disk_free(&stack->disks[i]);
	tt_set_exit(&stack->top);
	for (i = 0; stack->callers && i < stack->nr_callers; i++)
		if (stack->callers[i].task)
			put_task_struct(stack->callers[i].task);
	if (stack->pages)
		__free_pages(stack->pages, stack->order);
	kvfree(stack->callers);
	kfree(stack);
}

/* 0 is the callers' set; 1 and more are those of the disks. */
struct tt_set *tt_stack_set(struct tt_stack *stack, unsigned int nr)
{
	if (!nr)
		return &stack->top;
	return nr <= stack->nr_disks ? &stack->disks[nr - 1].set : NULL;
}

void tt_stack_feed(struct tt_stack *stack)
{
	struct tt_set *set;
	unsigned int i;

	for (i = 0; (set = tt_stack_set(stack, i)); i++)
		if (set->ready)
			bset_starve(&set->bs, 0);
}

void tt_stack_dump(struct tt_stack *stack)
{
	struct bioset_stats s;
	struct tt_set *set;
	unsigned int i;

	for (i = 0; (set = tt_stack_set(stack, i)); i++) {
		if (bset_get_stats(&set->bs, &s))
			continue;
		pr_info("torture:   set %u: pool %u reserve %u/%u in flight %llu punted %llu rescued %llu waits %llu rescuer %s\n",
			i, s.pool_size, s.reserve, s.vec_reserve, s.in_flight,
			s.punted, s.rescued, s.waits,
			set->rescuer ? "yes" : "no");
	}
}
