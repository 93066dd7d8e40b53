/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of bioset_torture share
 *
 *   torture.c        rounds, the watchdog, the negative control, the verdict
 *   torture_stack.c  stacks of bio-based disks, each disk on a set of its own
 *   torture_lane.c   completion later, elsewhere, in any context
 *   torture_hammer.c interrupts in the middle of an allocation
 *   torture_load.c   callers, sets that come and go, starvation, CPU hotplug
 */
#ifndef BSET_TORTURE_H
#define BSET_TORTURE_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "bioset.h"
#include "testcompat.h"

#define TT_MAX_DISKS 4
#define TT_DEPTH 4 /* bios that a caller has in flight */

/*
 * Each bio in flight has a part of the disk to itself, so that the lowest disk
 * knows by the sector which one it serves.
 */
#define TT_REGION (BIO_MAX_VECS * PAGE_SIZE >> SECTOR_SHIFT)

struct tt_set {
	struct bio_set bs;
	unsigned int pool_size;
	bool vecs;
	bool rescuer;
	bool ready;
};

struct tt_disk {
	struct test_gd disk;
	struct tt_stack *stack;
	struct tt_disk *below; /* NULL for the lowest */
	struct tt_set set;
	bool added;
};

/* One bio of a caller, from allocation to completion. */
struct tt_slot {
	struct tt_caller *caller;
	sector_t start;
	unsigned int nr_vecs;
	unsigned int vec_len;
	bool busy;
	bool injected; /* the lowest disk failed a part of it */
	spinlock_t lock; /* protects seen */
	DECLARE_BITMAP(seen, TT_REGION); /* sectors that reached the bottom */
};

struct tt_caller {
	struct tt_stack *stack;
	struct task_struct *task; /* referenced until the stack goes */
	bool ended;
	struct page *page; /* one of the stack's */
	atomic64_t done; /* bios completed */
	s64 done_when_fed; /* the starver's */
	struct rnd_state rnd;
	wait_queue_head_t wait;
	struct tt_slot slots[TT_DEPTH];
};

struct tt_stack {
	unsigned int nr_disks;
	unsigned int nr_callers;
	struct tt_disk disks[TT_MAX_DISKS]; /* the lowest first */
	struct tt_set top; /* what the callers allocate from */
	struct tt_caller *callers;
	struct page *pages; /* one for each caller, so that vecs tell whose */
	unsigned int order;
};

struct tt_totals {
	atomic64_t ops;
	atomic64_t clones;
	atomic64_t splits;
	atomic64_t errors; /* injected */
	atomic64_t side_allocs; /* allocated where nobody may sleep */
	atomic64_t side_misses; /* likewise, but there was no memory */
	atomic64_t in_task;
	atomic64_t in_softirq;
	atomic64_t in_hardirq;
	atomic64_t sets;
	atomic64_t starves;
	atomic64_t bursts;
	atomic64_t hotplugs;
	u64 allocs;
	u64 punted;
	u64 rescued;
	u64 waits;
	u64 longest_wait_ms;
};

extern struct tt_totals tt_totals;
extern unsigned int tt_reserve;
extern bool tt_held;

/* torture.c */
__printf(1, 2) void tt_fail(const char *fmt, ...);
u32 tt_rand(void);
int tt_set_init(struct tt_set *set, struct rnd_state *rnd, bool vecs,
		int flags);
void tt_set_exit(struct tt_set *set);
void tt_set_check(struct tt_set *set, const char *what);

/* torture_lane.c */
int tt_lanes_start(void);
void tt_lanes_stop(void);
void tt_lanes_settle(void);
void tt_lane_queue(struct bio *bio);
void tt_side_alloc(struct bio_set *bs, bool vecs, bool may_sleep);

/* torture_stack.c */
struct tt_stack *tt_stack_make(struct rnd_state *rnd, unsigned int nr_disks,
			       unsigned int nr_callers, int flags);
void tt_stack_free(struct tt_stack *stack);
struct tt_set *tt_stack_set(struct tt_stack *stack, unsigned int nr);
void tt_stack_feed(struct tt_stack *stack);
void tt_stack_dump(struct tt_stack *stack);
void tt_tag_live(struct bio *bio);
void tt_tag_dead(struct bio *bio);
void tt_put(struct bio *bio);

/* torture_hammer.c */
int tt_hammer_start(u64 seed);
void tt_hammer_stop(void);

/* torture_load.c */
int tt_callers_start(struct tt_stack *stack);
void tt_callers_stop(struct tt_stack *stack);
int tt_noise_start(struct tt_stack **stacks, unsigned int nr_stacks, u64 seed,
		   bool starve);
void tt_noise_stop(void);
void tt_move_elsewhere(struct rnd_state *rnd);
void tt_slot_reached(struct tt_disk *disk, struct bio *bio);
void tt_slot_injected(struct tt_disk *disk, struct bio *bio);

/* 0…@n-1 */
static inline u32 tt_pick(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

#endif /* BSET_TORTURE_H */
