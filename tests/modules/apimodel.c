// SPDX-License-Identifier: GPL-2.0
/*
 * bioset_apimodel - random calls of the API beside a plain model of it
 *
 * One task makes calls with random arguments, and knows from a model of each
 * set what must come back: which reserve the bio comes from, when there is
 * none, how many vecs it has, where everything is after the put.  After each
 * call the set's statistics must agree with the model.  What bad arguments get
 * is in kunit/badinput_test.c.
 *
 * The sequence follows from the seed alone, so a failure comes again with the
 * seed that it was reported with.  The module does not load when there is one.
 */
#define pr_fmt(fmt) "apimodel: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "bioset.h"
#include "cache.h"
#include "testcompat.h"

#define NR_SETS 8 /* ours */
#define NR_BIOS 64 /* out at a time */
#define NR_LAST 20 /* calls to print on failure */

static unsigned long seed; /* what the calls are drawn from (default 0: any) */
module_param(seed, ulong, 0444);
static unsigned long calls = 1000000; /* how many calls (default 1000000) */
module_param(calls, ulong, 0444);
/* Make the model wrong at this call, which must be found out */
static unsigned long lie;
module_param(lie, ulong, 0444);

enum am_kind {
	AM_NONE, /* zeroed memory, no set */
	AM_EMBEDDED, /* bioset_init() */
	AM_CREATED, /* bioset_create() */
	AM_KERNEL, /* a set that the kernel made */
	AM_NULL /* no set: kmalloc() */
};

struct am_set {
	enum am_kind kind;
	struct bio_set own;
	struct bio_set *bs;
	unsigned int pool_size;
	unsigned int front_pad;
	bool vecs;
	unsigned int nth;
	unsigned int attempts; /* under starvation with nth > 1 */
	unsigned int reserve;
	unsigned int vec_reserve;
	unsigned int out;
	u64 allocs;
	u64 puts;
};

struct am_bio {
	struct bio *bio; /* NULL: a free entry */
	struct am_set *set;
	struct am_bio *src; /* the bio that this one shares an array with */
	unsigned int sharers; /* bios that share this one's array */
	unsigned int max_vecs;
	unsigned int array; /* what goes back when it is put */
	unsigned int refs;
	bool chained;
	u8 mark;
};

struct am_call {
	const char *name;
	int set;
	long args[3];
	long ret;
};

static struct am_set sets[NR_SETS + 3]; /* and two of the kernel's, and NULL */
static struct am_bio bios[NR_BIOS];
static struct am_call last[NR_LAST];
static struct am_call *this_call;
static unsigned long nr_calls;
static unsigned long nr_nulls;
static bool failed;
static struct rnd_state rnd;
static struct bio_set kernel_set;
static struct test_gd disk;
static struct page *page;

static u32 pick(u32 n)
{
	return prandom_u32_state(&rnd) % n;
}

static void print_last(void)
{
	struct am_call *c;
	unsigned long i;

	for (i = nr_calls > NR_LAST ? nr_calls - NR_LAST : 0; i <= nr_calls;
	     i++) {
		c = &last[i % NR_LAST];
		if (c->name)
			pr_err("  call %lu: %s set %d (%ld, %#lx, %ld) = %ld\n",
			       i, c->name, c->set, c->args[0], c->args[1],
			       c->args[2], c->ret);
	}
}

static void mismatch(const char *what, long want, long got)
{
	if (failed)
		return;
	failed = true;
	pr_err("seed %lu, call %lu: %s: %ld expected, got %ld\n", seed,
	       nr_calls, what, want, got);
	print_last();
}

static void expect(const char *what, long want, long got)
{
	if (unlikely(want != got))
		mismatch(what, want, got);
}

static void note(const char *name, struct am_set *set, long a, long b, long c)
{
	this_call = &last[nr_calls % NR_LAST];
	*this_call = (struct am_call){
		.name = name,
		.set = set ? set - sets : -1,
		.args = { a, b, c },
		.ret = -999,
	};
}

static bool is_ours(const struct am_set *set)
{
	return set->kind == AM_EMBEDDED || set->kind == AM_CREATED;
}

/* ---------------------------------------------------------------- the model */

/* Whether the slab or a cache may be asked, which do not fail here. */
static bool model_attempt(struct am_set *set)
{
	if (set->nth < 2)
		return !set->nth;
	return ++set->attempts % set->nth != 0;
}

static bool model_get(struct am_set *set, unsigned int *reserve)
{
	if (model_attempt(set))
		return true;
	if (!*reserve)
		return false;
	--*reserve;
	return true;
}

static void model_refill(struct am_set *set, unsigned int *reserve)
{
	if (*reserve < set->pool_size)
		++*reserve;
}

/*
 * The kernel's function takes arrays of up to 128 entries from its slabs; ours
 * only those of up to 64, and none when the set is starved.
 */
static bool wants_our_array(struct am_set *set, unsigned int nr_vecs,
			    bool kernel)
{
	if (kernel)
		return nr_vecs > 128;
	return nr_vecs > 64 || (nr_vecs > 4 && set->nth);
}

/* Whether an allocation of @nr_vecs succeeds; moves what it moves. */
static bool model_alloc(struct am_set *set, unsigned int nr_vecs, bool kernel)
{
	if (!is_ours(set))
		return true;
	if (!model_get(set, &set->reserve))
		return false;
	if (wants_our_array(set, nr_vecs, kernel) &&
	    !model_get(set, &set->vec_reserve)) {
		model_refill(set, &set->reserve);
		/* The kernel's function has got the bio, and puts it again. */
		set->allocs += kernel;
		set->puts += kernel;
		return false;
	}
	set->allocs++;
	set->out++;
	return true;
}

static unsigned int model_max_vecs(struct am_set *set, unsigned int nr_vecs,
				   bool kernel)
{
	kernel |= set->kind == AM_KERNEL;
	if (nr_vecs <= 4)
		return nr_vecs ? 4 : 0;
	if (!kernel && is_ours(set) && set->nth)
		return BIO_MAX_VECS;
	if (nr_vecs <= 16)
		return 16;
	if (nr_vecs <= 64)
		return 64;
	return nr_vecs <= 128 && kernel ? 128 : BIO_MAX_VECS;
}

static void model_put(struct am_set *set, unsigned int max_vecs)
{
	if (!is_ours(set))
		return;
	model_refill(set, &set->reserve);
	if (max_vecs == BIO_MAX_VECS)
		model_refill(set, &set->vec_reserve);
	set->puts++;
	set->out--;
}

/* Whether an allocation that may sleep would not have to. */
static bool model_at_once(struct am_set *set, unsigned int nr_vecs)
{
	if (!is_ours(set) || !set->nth)
		return true;
	return set->reserve && (nr_vecs <= 4 || set->vec_reserve);
}

static void check_set(struct am_set *set)
{
	struct bioset_stats s;
	int ret = bset_get_stats(set->bs, &s);

	if (!is_ours(set)) {
		expect("bset_get_stats() of another's set", -EINVAL, ret);
		return;
	}
	expect("bset_get_stats()", 0, ret);
	expect("pool_size", set->pool_size, s.pool_size);
	expect("reserve", set->reserve, s.reserve);
	expect("vec_reserve", set->vec_reserve, s.vec_reserve);
	expect("allocs", set->allocs, s.allocs);
	expect("puts", set->puts, s.puts);
	expect("in_flight", set->out, s.in_flight);
	expect("punted", 0, s.punted);
	expect("waits", 0, s.waits);
}

/* --------------------------------------------------------------------- bios */

static struct am_bio *free_entry(void)
{
	struct am_bio *b;

	for (b = bios; b < bios + NR_BIOS; b++)
		if (!b->bio)
			return b;
	return NULL;
}

/* Any bio that is out, or NULL. */
static struct am_bio *any_bio(void)
{
	unsigned int first = pick(NR_BIOS), i;
	struct am_bio *b;

	for (i = 0; i < NR_BIOS; i++) {
		b = &bios[(first + i) % NR_BIOS];
		if (b->bio)
			return b;
	}
	return NULL;
}

static u8 *pad_of(struct am_bio *b)
{
	return (u8 *)b->bio - b->bio->bi_pool->front_pad;
}

/* The caller's parts of a bio: its pad and its array. */
static void mark_bio(struct am_bio *b)
{
	struct bio_vec *vecs = b->bio->bi_io_vec;

	b->mark = pick(256);
	memset(pad_of(b), b->mark, b->bio->bi_pool->front_pad);
	if (b->max_vecs) {
		vecs[0] = (struct bio_vec){ page, 512, b->mark };
		vecs[b->max_vecs - 1] = vecs[0];
	}
}

static void check_marks(struct am_bio *b)
{
	struct bio_vec *vecs = b->bio->bi_io_vec;
	unsigned int pad = b->bio->bi_pool->front_pad;

	expect("the pad's first bad byte", 0,
	       (long)memchr_inv(pad_of(b), b->mark, pad));
	if (!b->max_vecs)
		return;
	expect("offset in the first vec", b->mark, vecs[0].bv_offset);
	expect("offset in the last vec", b->mark,
	       vecs[b->max_vecs - 1].bv_offset);
}

static void check_fresh(struct am_bio *b, struct block_device *bdev,
			bset_opf_t opf)
{
	struct bio *bio = b->bio;

	/* The kernel's own small bios have it since 7.0. */
	if (b->set->kind == AM_KERNEL)
		bio->bi_opf &= ~REQ_ALLOC_CACHE;
	expect("alignment", 0, (unsigned long)bio % __alignof__(*bio));
	expect("bi_max_vecs", b->max_vecs, bio->bi_max_vecs);
	expect("bi_io_vec", !!b->max_vecs, !!bio->bi_io_vec);
	expect("the device is as asked for", 1, test_bio_is_for(bio, bdev));
	/* Stripped from what it was asked for with, see call_alloc(). */
	expect("bi_opf", (__force long)(opf & ~REQ_ALLOC_CACHE),
	       (__force long)bio->bi_opf);
	expect("bi_flags", 0, test_flags(bio));
	expect("bi_vcnt", 0, bio->bi_vcnt);
	expect("bi_size", 0, bio->bi_iter.bi_size);
	expect("bi_status", 0, (__force long)bio->bi_status);
	expect("bi_private", 0, (long)bio->bi_private);
	expect("bi_end_io", 0, (long)bio->bi_end_io);
	expect("references", 1, atomic_read(&bio->__bi_cnt));
	expect("parts to complete", 1, atomic_read(&bio->__bi_remaining));
	if (b->set->bs)
		expect("bi_pool", true, TEST_IS_OF(bio, b->set->bs));
}

/*
 * What bi_max_vecs is between what was asked for and what there is, is up to
 * the kernel in bios that it sets up.
 */
static void take_kernels_word(struct am_bio *b, unsigned int nr_vecs,
			      bool kernel)
{
	const unsigned int max = b->bio->bi_max_vecs;

	if ((kernel || b->set->kind == AM_KERNEL) && max >= nr_vecs &&
	    max <= b->array && !max == !nr_vecs)
		b->max_vecs = max;
}

/* Enters @bio, which must be there just when the model says so. */
static struct am_bio *enter_bio(struct am_set *set, struct bio *bio, bool want,
				unsigned int max_vecs)
{
	struct am_bio *b = free_entry();

	this_call->ret = !!bio;
	expect("a bio", want, !!bio);
	nr_nulls += !bio;
	if (bio && failed)
		bio_put(bio);
	if (!bio || failed)
		return NULL;
	*b = (struct am_bio){
		.bio = bio,
		.set = set,
		.max_vecs = max_vecs,
		.array = max_vecs,
		.refs = 1,
	};
	return b;
}

/* Whether the kernel's own allocator comes to us for a set's bios. */
static bool kernel_asks(struct am_set *set)
{
	return is_ours(set) && !bset_kernel_takes;
}

/* ------------------------------------------------------------- calls: bios */

static struct am_set *any_set(void)
{
	return &sets[pick(ARRAY_SIZE(sets))];
}

static struct am_set *our_set(void)
{
	struct am_set *set = &sets[pick(NR_SETS)];

	return is_ours(set) ? set : NULL;
}

static unsigned int pick_vecs(void)
{
	static const unsigned int limits[] = { 5, 17, 65, 129, 257 };

	return pick(limits[pick(ARRAY_SIZE(limits))]);
}

static gfp_t pick_gfp(struct am_set *set, unsigned int nr_vecs)
{
	static const gfp_t sleeping[] = { GFP_NOIO, GFP_NOFS, GFP_KERNEL };

	if (pick(2) && model_at_once(set, nr_vecs))
		return sleeping[pick(ARRAY_SIZE(sleeping))];
	return pick(2) ? GFP_NOWAIT : GFP_ATOMIC;
}

/* Whether there is room for another bio, and a set to take it from. */
static bool may_take_from(struct am_set *set)
{
	return free_entry() && set->kind != AM_NONE;
}

/* As now, as in 4.6, and by the kernel's own function */
static bool call_alloc(void)
{
	struct am_set *set = any_set();
	unsigned int nr_vecs = pick_vecs();
	bool kernel = kernel_asks(set) && pick(4) == 0;
	bool old = !kernel && pick(3) == 0;
	struct block_device *bdev = !old && pick(2) ? disk.bdev : NULL;
	bset_opf_t opf = !old && pick(2) ? REQ_OP_WRITE | REQ_SYNC : 0;
	gfp_t gfp = pick_gfp(set, nr_vecs);
	struct am_bio *b;
	struct bio *bio;
	bool want;

	if (!may_take_from(set) || (nr_vecs && is_ours(set) && !set->vecs))
		return false;
	if (!old && !kernel && pick(8) == 0 && set->kind != AM_KERNEL)
		opf |= REQ_ALLOC_CACHE;
	note(kernel ? "(bio_alloc_bioset)" : "bio_alloc_bioset", set, nr_vecs,
	     (__force long)gfp, (__force long)opf);
	want = model_alloc(set, nr_vecs, kernel);
	if (old)
		bio = bio_alloc_bioset(gfp, nr_vecs, set->bs);
	else if (kernel)
		bio = kernel_bio_alloc(bdev, nr_vecs, opf, gfp, set->bs);
	else
		bio = bio_alloc_bioset(bdev, nr_vecs, opf, gfp, set->bs);
	b = enter_bio(set, bio, want, model_max_vecs(set, nr_vecs, kernel));
	if (b) {
		take_kernels_word(b, nr_vecs, kernel);
		check_fresh(b, bdev, opf);
		mark_bio(b);
	}
	return true;
}

static void enter_clone(struct am_set *set, struct am_bio *src, struct bio *bio,
			bool want)
{
	struct am_bio *b = enter_bio(set, bio, want, 0);

	if (!b)
		return;
	expect("bi_io_vec of a clone", (long)src->bio->bi_io_vec,
	       (long)bio->bi_io_vec);
	expect("bi_max_vecs of a clone", 0, bio->bi_max_vecs);
	expect("a clone's flag", 1, bio_flagged(bio, BIO_CLONED));
	b->src = src;
	src->sharers++;
	mark_bio(b);
}

static bool call_clone(void)
{
	struct am_set *set = any_set();
	struct am_bio *src = any_bio();
	gfp_t gfp = pick_gfp(set, 0);
	unsigned int how = pick(kernel_asks(set) ? 3 : 2);
	struct bio *bio;
	bool want;

	if (!src || !may_take_from(set))
		return false;
	note("clone", set, how, (__force long)gfp, src - bios);
	want = model_alloc(set, 0, how == 2);
	if (how == 0)
		bio = bio_alloc_clone(test_dev_of(src->bio), src->bio, gfp,
				      set->bs);
	else if (how == 1)
		bio = bio_clone_fast(src->bio, gfp, set->bs);
	else
		bio = kernel_bio_clone(test_dev_of(src->bio), src->bio, gfp,
				       set->bs);
	enter_clone(set, src, bio, want);
	if (bio && !failed)
		expect("bi_size of a clone", src->bio->bi_iter.bi_size,
		       bio->bi_iter.bi_size);
	return true;
}

/* Data without a vec behind it is enough to split. */
static bool call_split(void)
{
	struct am_set *set = any_set();
	struct am_bio *src = any_bio();
	gfp_t gfp = pick_gfp(set, 0);
	unsigned int sectors = 2 + pick(100), at = 1 + pick(sectors - 1);
	unsigned int how = pick(kernel_asks(set) ? 3 : 2);
	struct bio *bio;
	bool want;

	if (!src || src->chained || src->max_vecs < 4 || src->sharers ||
	    !may_take_from(set))
		return false;
	src->bio->bi_iter = (struct bvec_iter){ .bi_size = sectors << 9 };
	src->bio->bi_io_vec[0].bv_len = sectors << 9;
	note("split", set, how, (__force long)gfp, at);
	want = model_alloc(set, 0, how == 2);
	if (how == 0)
		bio = bio_split(src->bio, at, gfp, set->bs);
	else if (how == 1)
		bio = bio_next_split(src->bio, at, gfp, set->bs);
	else
		bio = (bio_split)(src->bio, at, gfp, set->bs);
	if (IS_ERR(bio)) /* since 6.13 */
		bio = NULL;
	enter_clone(set, src, bio, want);
	if (bio && !failed) {
		expect("sectors in front", at, bio_sectors(bio));
		expect("first sector left", at, src->bio->bi_iter.bi_sector);
	}
	expect("sectors left", bio ? sectors - at : sectors,
	       bio_sectors(src->bio));
	src->bio->bi_iter.bi_size = 0;
	return true;
}

/* A clone that is chained to its source; the kernel puts it. */
static bool call_chain(void)
{
	struct am_bio *b = any_bio();

	if (!b || b->chained || !b->src || b->sharers || b->refs > 1)
		return false;
	note("bio_chain", b->set, b - bios, b->src - bios, 0);
	b->bio->bi_opf &= ~REQ_ALLOC_CACHE;
	bio_chain(b->bio, b->src->bio);
	b->chained = true;
	return true;
}

static bool call_get(void)
{
	struct am_bio *b = any_bio();

	if (!b || b->chained || b->refs > 3)
		return false;
	note("bio_get", b->set, b - bios, b->refs, 0);
	bio_get(b->bio);
	b->refs++;
	return true;
}

static void put_either_way(struct am_bio *b)
{
	/*
	 * Set by a caller after the allocation, it must do no harm with our
	 * put; the kernel's would look for a cache that our sets do not have.
	 */
	if (is_ours(b->set) && !b->chained && pick(16) == 0)
		b->bio->bi_opf |= REQ_ALLOC_CACHE;
	if (b->chained) {
		note("bio_endio", b->set, b - bios, 0, 0);
		bio_endio(b->bio);
	} else if (pick(2) && !(b->bio->bi_opf & REQ_ALLOC_CACHE)) {
		note("(bio_put)", b->set, b - bios, b->refs, b->max_vecs);
		(bio_put)(b->bio);
	} else {
		note("bio_put", b->set, b - bios, b->refs, b->max_vecs);
		bio_put(b->bio);
	}
}

static bool put_bio(struct am_bio *b)
{
	struct am_set *set = b->set;

	if (b->sharers && b->refs == 1)
		return false;
	check_marks(b);
	if (b->refs == 1) {
		model_put(set, b->array);
		if (b->src)
			b->src->sharers--;
	}
	put_either_way(b);
	if (!--b->refs)
		b->bio = NULL;
	return true;
}

static bool call_put(void)
{
	struct am_bio *b = any_bio();

	return b && put_bio(b);
}

/* ------------------------------------------------------------- calls: sets */

static void enter_set(struct am_set *set, enum am_kind kind,
		      unsigned int pool_size, unsigned int front_pad, bool vecs)
{
	set->kind = kind;
	set->pool_size = max(pool_size, 1U);
	set->front_pad = ALIGN(front_pad, __alignof__(struct bio));
	set->vecs = vecs;
	set->nth = 0;
	set->attempts = 0;
	set->reserve = set->pool_size;
	set->vec_reserve = vecs ? set->pool_size : 0;
	set->out = 0;
	set->allocs = 0;
	set->puts = 0;
	expect("front_pad", set->front_pad, set->bs->front_pad);
}

static bool call_make(void)
{
	struct am_set *set = &sets[pick(NR_SETS)];
	enum am_kind kind = pick(2) ? AM_EMBEDDED : AM_CREATED;
	unsigned int pool_size = pick(10), front_pad = pick(130);
	bool vecs = pick(4);
	int flags = vecs ? BIOSET_NEED_BVECS : 0, ret = 0;

	if (set->kind != AM_NONE)
		return false;
	flags |= pick(2) ? BIOSET_NEED_RESCUER : 0;
	flags |= pick(2) ? BIOSET_PERCPU_CACHE : 0;
	if (!(flags & BIOSET_NEED_RESCUER) && pick(2))
		flags |= BSET_NO_RESCUER;
	/* The memory need not be zeroed. */
	memset(&set->own, pick(256), sizeof(set->own));
	note(kind == AM_CREATED ? "bioset_create" : "bioset_init", set,
	     pool_size, front_pad, flags);
	if (kind == AM_EMBEDDED)
		ret = bioset_init(&set->own, pool_size, front_pad, flags);
	else if (vecs)
		set->bs = bioset_create(pool_size, front_pad);
	else
		set->bs = bioset_create_nobvec(pool_size, front_pad);
	this_call->ret = ret;
	expect("a new set", 1, set->bs && !ret);
	if (!failed)
		enter_set(set, kind, pool_size, front_pad, vecs);
	return true;
}

static void end_set(struct am_set *set)
{
	if (set->kind == AM_CREATED) {
		bioset_free(set->bs);
	} else {
		bioset_exit(set->bs);
		/* What a bio needs that the kernel took without asking. */
		if (bset_kernel_takes)
			expect("exited", false, bioset_initialized(set->bs));
		else
			expect("bytes left in an exited set", 0,
			       (long)memchr_inv(set->bs, 0, sizeof(*set->bs)));
	}
	set->kind = AM_NONE;
	set->bs = &set->own;
	memset(&set->own, 0, sizeof(set->own));
}

static bool call_exit(void)
{
	struct am_set *set = our_set();

	if (!set || set->out)
		return false;
	note(set->kind == AM_CREATED ? "bioset_free" : "bioset_exit", set,
	     set->reserve, set->nth, 0);
	expect("reserve of a set without bios out", set->pool_size,
	       set->reserve);
	end_set(set);
	return true;
}

static bool call_starve(void)
{
	struct am_set *set = any_set();
	unsigned int nth = pick(5);
	int want = is_ours(set) ? 0 : -EINVAL;

	note("bset_starve", set, nth, 0, 0);
	this_call->ret = bset_starve(set->bs, nth);
	expect("bset_starve()", want, this_call->ret);
	if (!want)
		set->nth = nth;
	return true;
}

/* Unless all sets are fed nobody takes the fast path. */
static bool call_feed_all(void)
{
	struct am_set *set;

	note("bset_starve (all, 0)", NULL, 0, 0, 0);
	for (set = sets; set < sets + NR_SETS; set++) {
		if (is_ours(set)) {
			expect("bset_starve(0)", 0, bset_starve(set->bs, 0));
			set->nth = 0;
		}
	}
	return true;
}

static bool call_drain(void)
{
	note("drain", NULL, 0, 0, 0);
	bset_cache_drain_all();
	return true;
}

static bool call_stats(void)
{
	struct am_set *set;

	note("bset_get_stats", NULL, 0, 0, 0);
	for (set = sets; set < sets + ARRAY_SIZE(sets); set++)
		if (set->kind != AM_NONE)
			check_set(set);
	return true;
}

static const struct {
	bool (*call)(void);
	unsigned int weight;
} table[] = {
	{ call_alloc, 30000 }, { call_clone, 8000 }, { call_split, 8000 },
	{ call_chain, 4000 },  { call_get, 4000 },   { call_put, 48000 },
	{ call_stats, 200 },   { call_starve, 500 }, { call_feed_all, 300 },
	{ call_make, 200 },    { call_exit, 200 },   { call_drain, 20 },
};

static bool (*pick_call(void))(void)
{
	unsigned int sum = 0, i, dice;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		sum += table[i].weight;
	dice = pick(sum);
	for (i = 0; dice >= table[i].weight; i++)
		dice -= table[i].weight;
	return table[i].call;
}

static void run_calls(void)
{
	struct am_set *set;

	while (nr_calls < calls && !failed) {
		if (!pick_call()())
			continue;
		if (lie && nr_calls == lie)
			sets[0].allocs++;
		set = this_call->set >= 0 ? &sets[this_call->set] : NULL;
		if (set && set->kind != AM_NONE)
			check_set(set);
		nr_calls++;
		cond_resched();
	}
}

/* After a mismatch as well: the module must not leave bios behind. */
static void put_all(void)
{
	bool more = true;
	struct am_bio *b;

	while (more) {
		more = false;
		for (b = bios; b < bios + NR_BIOS; b++) {
			if (!b->bio)
				continue;
			put_bio(b);
			more = true;
		}
	}
}

static void exit_all(void)
{
	struct am_set *set;

	for (set = sets; set < sets + NR_SETS; set++) {
		if (!is_ours(set))
			continue;
		check_set(set);
		bset_starve(set->bs, 0);
		end_set(set);
	}
}

static int setup(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < NR_SETS; i++)
		sets[i].bs = &sets[i].own;
	sets[NR_SETS] = (struct am_set){ AM_KERNEL, .bs = &fs_bio_set };
	sets[NR_SETS + 1] = (struct am_set){ AM_KERNEL, .bs = &kernel_set };
	sets[NR_SETS + 2] = (struct am_set){ AM_NULL };
	page = alloc_page(GFP_KERNEL);
	ret = (bioset_init)(&kernel_set, 4, 24, BIOSET_NEED_BVECS);
	return page && test_gd_alloc(&disk) ? ret : -ENOMEM;
}

static void cleanup(void)
{
	bioset_exit(&kernel_set);
	test_gd_free(&disk);
	if (page)
		__free_page(page);
}

static int __init apimodel_init(void)
{
	unsigned long start = jiffies;
	int ret;

	while (!seed)
		seed = get_random_u32();
	prandom_seed_state(&rnd, seed);
	ret = setup();
	if (ret) {
		cleanup();
		return ret;
	}
	run_calls();
	put_all();
	exit_all();
	cleanup();
	pr_info("seed %lu: %s after %lu calls, %lu of them without a bio, %u s\n",
		seed, failed ? "FAIL" : "PASS", nr_calls, nr_nulls,
		jiffies_to_msecs(jiffies - start) / 1000);
	return failed ? -EIO : 0;
}

static void __exit apimodel_exit(void)
{
}

module_init(apimodel_init);
module_exit(apimodel_exit);
TEST_IMPORT_INTERNAL();
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Random calls of the API beside a model of it");
