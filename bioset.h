/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bio_sets for out-of-tree block drivers
 *
 * A set made through this header is a real &struct bio_set whose allocations
 * keep the contract of bio_alloc_bioset(9) as documented for Linux 4.6.  The
 * kernel's own functions (bio_put(), bio_chain(), bio_split(), submit_bio())
 * work on its bios unchanged.  A set made by the kernel, or by a driver that
 * does not include this header, is handed through to the kernel by every
 * function below.
 *
 * Contexts:
 *
 *   function                          may sleep            callable from
 *   --------------------------------  -------------------  -----------------
 *   bioset_init(), bioset_create()    yes                  task
 *   bioset_exit(), bioset_free()      yes, until the last  task
 *                                     bio is back
 *   bio_alloc_bioset(),               only with            task; without
 *   bio_alloc_clone(), bio_split(),   __GFP_DIRECT_RECLAIM __GFP_DIRECT_RECLAIM
 *   bio_clone_fast()                                       also softirq, hardirq
 *   bio_put()                         no                   task, softirq, hardirq
 *
 *   On PREEMPT_RT the slab and the mempool take sleeping locks, so nothing
 *   here may be called from (non-threaded) hard IRQ context there.
 *
 * Locking: no function takes a lock that a caller could hold.  A set must not
 * be allocated from while bioset_exit() runs on it; bio_put() may race with it.
 */
#ifndef BIOSET_H
#define BIOSET_H

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/sizes.h>

/* blk_opf_t since 6.0, a plain number before. */
#define bset_opf_t typeof(((struct bio *)NULL)->bi_opf)

/**
 * BSET_NO_RESCUER - flag for bioset_init(): make a set without a rescuer
 *
 * A set has a rescuer unless this is given.  Without one, a driver must never
 * allocate a second bio of the set under one submit_bio call.
 */
#define BSET_NO_RESCUER BIT(16)

/**
 * BSET_MAX_FRONT_PAD - the largest front_pad that bioset_init() takes, in bytes
 */
#define BSET_MAX_FRONT_PAD SZ_1M

/**
 * struct bioset_stats - what a set holds and what it did
 * @allocs:		bios handed out since the set was made
 * @puts:		bios that came back
 * @in_flight:		@allocs - @puts; a put counts when it ends, after those
 *			that waited for it have been woken
 * @pool_size:		bios that the reserve holds when it is whole
 * @reserve:		bios in the reserve now
 * @vec_reserve:	256-entry arrays in the reserve now, 0 for a set without
 * @cached:		bios in the per-CPU caches of this set's class; sets of
 *			the same front_pad share them
 * @punted:		bios handed from current->bio_list to the rescuer
 * @rescued:		bios that the rescuer submitted, with those that the
 *			kernel punted for allocations of its own
 * @waits:		allocations that had to sleep
 * @longest_wait_ms:	the longest of these that has ended, in milliseconds
 * @stalls:		reports of waits that took too long
 * @misuses:		what the checks found that bset_track() switches on; when
 *			there are many, some are counted and not reported
 * @from_reserve:	bios and arrays taken from the reserve
 * @failed:		allocations that returned NULL
 * @waiting:		tasks that sleep in an allocation now
 * @longest_wait_us:	@longest_wait_ms in microseconds
 *
 * A snapshot without a lock: each number is right, but they are read one after
 * the other.
 */
struct bioset_stats {
	u64 allocs;
	u64 puts;
	u64 in_flight;
	unsigned int pool_size;
	unsigned int reserve;
	unsigned int vec_reserve;
	unsigned long cached;
	u64 punted;
	u64 rescued;
	u64 waits;
	u64 longest_wait_ms;
	u64 stalls;
	u64 misuses;
	u64 from_reserve;
	u64 failed;
	unsigned int waiting;
	u64 longest_wait_us;
};

int __bset_init(struct bio_set *bs, unsigned int pool_size,
		unsigned int front_pad, int flags, struct module *owner,
		const char *name);
struct bio_set *__bset_create(unsigned int pool_size, unsigned int front_pad,
			      int flags, struct module *owner,
			      const char *name);
int __bset_init_from_src(struct bio_set *bs, struct bio_set *src,
			 struct module *owner, const char *name);
void bset_exit(struct bio_set *bs);
void bset_free(struct bio_set *bs);
int bset_integrity_create(struct bio_set *bs, int pool_size);

struct bio *bset_alloc(struct block_device *bdev, unsigned int nr_vecs,
		       bset_opf_t opf, gfp_t gfp, struct bio_set *bs);
struct bio *bset_clone(struct block_device *bdev, struct bio *src, gfp_t gfp,
		       struct bio_set *bs);
struct bio *bset_clone_4_6(struct bio *src, gfp_t gfp, struct bio_set *bs);
struct bio *bset_split(struct bio *bio, int sectors, gfp_t gfp,
		       struct bio_set *bs);
struct bio *bset_submit_split(struct bio *bio, unsigned int sectors,
			      struct bio_set *bs);
int bset_rq_prep_clone(struct request *rq, struct request *rq_src,
		       struct bio_set *bs, gfp_t gfp,
		       int (*bio_ctr)(struct bio *, struct bio *, void *),
		       void *data);
void bset_put(struct bio *bio);

int bset_get_stats(struct bio_set *bs, struct bioset_stats *stats);
int bset_starve(struct bio_set *bs, unsigned int nth);
int bset_track(struct bio_set *bs, bool on);

/*
 * On when any set is starved or tracked: every allocation and put then takes
 * the slow path, where these are looked at, and submissions are noted.
 */
DECLARE_STATIC_KEY_FALSE(bset_slow);
void bset_note_submit(struct bio *bio);

static inline struct bio *__bset_submitted(struct bio *bio)
{
	if (static_branch_unlikely(&bset_slow))
		bset_note_submit(bio);
	return bio;
}

/**
 * bset_submit_bio() - submit_bio(), noted for a set that is tracked
 * @bio:	see submit_bio(); a bio of any set or of none
 *
 * submit_bio() of this header.  Tracking also sees bios that are submitted
 * otherwise, but those that the block layer holds back for a time (blk-throttle)
 * only when that time is over.
 *
 * Context: as submit_bio().
 * Return: what submit_bio() returns, if anything.
 */
#define bset_submit_bio(bio) ((submit_bio)(__bset_submitted(bio)))

/**
 * bset_submit_bio_noacct() - submit_bio_noacct(), noted likewise
 * @bio:	see submit_bio_noacct()
 *
 * submit_bio_noacct() of this header.
 *
 * Context: as submit_bio_noacct().
 * Return: what submit_bio_noacct() returns, if anything.
 */
#define bset_submit_bio_noacct(bio) ((submit_bio_noacct)(__bset_submitted(bio)))

/**
 * bset_init() - make a set in memory that the caller provides
 * @bs:		the set; its memory need not be zeroed
 * @pool_size:	bios (and 256-entry arrays) to hold in reserve, 1 to
 *		KMALLOC_MAX_SIZE / sizeof(void *); 0 is taken as 1, because a
 *		set without a reserve could not keep its promise
 * @front_pad:	bytes before each bio that belong to the caller, 0 to
 *		%BSET_MAX_FRONT_PAD.  They are never touched, and the bio is
 *		aligned whatever the pad is.  When the bio is the last member of
 *		a struct, this is its offsetof().
 * @flags:	%BIOSET_NEED_BVECS to allow nr_vecs > 0, %BSET_NO_RESCUER;
 *		%BIOSET_NEED_RESCUER and %BIOSET_PERCPU_CACHE are accepted and
 *		change nothing, because every set has both
 *
 * The form since 4.18.  The set is named after the calling module and the
 * expression given for @bs; see /sys/kernel/debug/bioset/.
 *
 * Context: task context, may sleep.
 * Return: 0; -EINVAL for a NULL @bs, an unknown flag, or a @pool_size or
 * @front_pad out of range; -EBUSY if @bs is a set in use; -EINTR if the task was
 * killed meanwhile, so that no thread is made for the rescuer; -ENOMEM.  Nothing
 * is held after an error, and the kernel log says which set and why.
 *
 * A set whose memory was freed or overwritten without bset_exit() is not in use:
 * a new one can be made there, and the log names the old one.  Nor is one whose
 * module was unloaded.
 */
#define bset_init(bs, pool_size, front_pad, flags) \
	__bset_init(bs, pool_size, front_pad, flags, THIS_MODULE, #bs)

/**
 * bset_init_named() - bset_init() with a name for the set
 * @bs:		see bset_init()
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 * @flags:	see bset_init()
 * @name:	a string; the set is called <module>.<name>.<number>.  Letters,
 *		digits, _ and - are taken, up to 23 of them, from what follows
 *		the last dot.  If there are none, or it is NULL, it is "set".
 *
 * For a driver with many sets, whose names are to say which disk each is for.
 *
 * Context: task context, may sleep.
 * Return: see bset_init().
 */
#define bset_init_named(bs, pool_size, front_pad, flags, name) \
	__bset_init(bs, pool_size, front_pad, flags, THIS_MODULE, name)

/**
 * bset_init_from_src() - make a set like another one
 * @bs:		see bset_init()
 * @src:	a set, whose pool_size, front_pad and arrays @bs is to have.  If it
 *		is one of ours without a rescuer, @bs has none either.  One that
 *		the kernel made may be zeroed.
 *
 * bioset_init_from_src() of this header, which the kernel had from 4.18 to 5.17.
 *
 * Context: task context, may sleep.
 * Return: see bset_init(); also -EINVAL for a NULL @src.
 */
#define bset_init_from_src(bs, src) \
	__bset_init_from_src(bs, src, THIS_MODULE, #bs)

/**
 * bset_create() - make a set, the form of 4.6
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 *
 * Context: task context, may sleep.
 * Return: the set, to be freed with bset_free(); NULL on failure.
 */
#define bset_create(pool_size, front_pad)                                   \
	__bset_create(pool_size, front_pad, BIOSET_NEED_BVECS, THIS_MODULE, \
		      "bioset")

/**
 * bset_create_nobvec() - make a set whose bios have no vecs, for clones
 * @pool_size:	see bset_init()
 * @front_pad:	see bset_init()
 *
 * Context: task context, may sleep.
 * Return: the set, to be freed with bset_free(); NULL on failure.
 */
#define bset_create_nobvec(pool_size, front_pad) \
	__bset_create(pool_size, front_pad, 0, THIS_MODULE, "nobvec")

/**
 * bset_alloc_4_6() - bset_alloc() with the arguments of 4.6
 * @gfp:	see bset_alloc()
 * @nr_iovecs:	see @nr_vecs of bset_alloc(); a negative number is too many
 * @bs:		see bset_alloc()
 *
 * Context: see bset_alloc().
 * Return: see bset_alloc().
 */
static inline struct bio *bset_alloc_4_6(gfp_t gfp, int nr_iovecs,
					 struct bio_set *bs)
{
	return bset_alloc(NULL, nr_iovecs, 0, gfp, bs);
}

/**
 * bset_next_split() - bset_split(), or the whole bio when it is short enough
 * @bio:	see bset_split()
 * @sectors:	see bset_split(), but any positive number is right
 * @gfp:	see bset_split()
 * @bs:		see bset_split()
 *
 * Context: see bset_alloc().
 * Return: @bio itself if it has at most @sectors, else see bset_split().
 */
static inline struct bio *bset_next_split(struct bio *bio, int sectors,
					  gfp_t gfp, struct bio_set *bs)
{
	if (bio && sectors >= bio_sectors(bio))
		return bio;
	return bset_split(bio, sectors, gfp, bs);
}

/*
 * The documented names.  Function-like macros, so that members and variables
 * of the same name (bcache and md have a set called bio_split), and functions
 * that a driver defines where its kernel has none, stay as they are.  A pointer
 * to one of these functions is the kernel's: right for our bios, but what it
 * allocates is the kernel's (see docs/guarantees.md).  The names at the end have
 * no arguments, so that a pointer is to our function.
 *
 * Where the argument list changed over the years, the number of arguments
 * chooses the form and the called function's prototype checks their types.
 */
#ifndef BIOSET_NO_DOCUMENTED_NAMES

#define __BSET_NARGS(_1, _2, _3, _4, _5, name, ...) name

#define bio_alloc_bioset(...)                                                  \
	(__BSET_NARGS(__VA_ARGS__, bset_alloc,                                 \
		      bio_alloc_bioset_takes_3_or_5_arguments, bset_alloc_4_6, \
		      bio_alloc_bioset_takes_3_or_5_arguments,                 \
		      bio_alloc_bioset_takes_3_or_5_arguments,                 \
		      0)(__VA_ARGS__))

#define bioset_init(bs, pool_size, front_pad, flags) \
	bset_init(bs, pool_size, front_pad, flags)
#define bioset_init_from_src(bs, src) bset_init_from_src(bs, src)
#define bioset_create(pool_size, front_pad) bset_create(pool_size, front_pad)
#define bioset_create_nobvec(pool_size, front_pad) \
	bset_create_nobvec(pool_size, front_pad)
#define bio_clone_fast(bio, gfp, bs) bset_clone_4_6(bio, gfp, bs)
#define bio_alloc_clone(bdev, bio, gfp, bs) bset_clone(bdev, bio, gfp, bs)
#define bio_split(bio, sectors, gfp, bs) bset_split(bio, sectors, gfp, bs)
#define bio_next_split(bio, sectors, gfp, bs) \
	bset_next_split(bio, sectors, gfp, bs)
#define bio_put(bio) bset_put(bio)
/*
 * A call through a member of one of these names needs parentheses, as in
 * (fops->submit_bio)(bio).
 */
#define submit_bio(bio) bset_submit_bio(bio)
#define submit_bio_noacct(bio) bset_submit_bio_noacct(bio)

#define bioset_exit bset_exit
#define bioset_free bset_free
#define bioset_integrity_create bset_integrity_create
#define bio_submit_split_bioset bset_submit_split
#define blk_rq_prep_clone bset_rq_prep_clone

#endif /* BIOSET_NO_DOCUMENTED_NAMES */

#endif /* BIOSET_H */
