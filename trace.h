/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, all of them on slow paths: see bioset(7)
 *
 * Each has the set's name and its owner, so that one line says whose set it is
 * about.  Names are copied into the event, because a reader of the trace may
 * come when the set is gone.  The fields are of C's own types, because bpftrace
 * knows no others on a kernel without BTF.
 */
/* The macros are no declarations that could be formatted. */
/* clang-format off */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM bioset

#if !defined(BSET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BSET_TRACE_H

#include <linux/blkdev.h>
#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

#include "internal.h"

#define BSET_TRACE_SET_FIELDS             \
	__array(char, set, BSET_NAME_LEN) \
	__array(char, owner, MODULE_NAME_LEN)

#define BSET_TRACE_SET_ASSIGN(s)                                          \
	do {                                                              \
		memcpy(__entry->set, (s)->name, sizeof(__entry->set));    \
		memcpy(__entry->owner, (s)->owner, sizeof(__entry->owner)); \
	} while (0)

/* What is taken or waited for. */
#define BSET_TRACE_WHAT(pool) ((pool) != &(pool)->set->bio)
#define BSET_TRACE_SHOW_WHAT(array) ((array) ? "array" : "bio")

TRACE_EVENT(bioset_set_made,
	TP_PROTO(const struct bset *set),
	TP_ARGS(set),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned int, pool_size)
		__field(unsigned int, front_pad)
		__field(unsigned char, arrays)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(set);
		__entry->pool_size = set->pool_size;
		__entry->front_pad = set->bio.pad;
		__entry->arrays = set->max_vecs != 0;
	),
	TP_printk("set=%s owner=%s pool_size=%u front_pad=%u arrays=%d",
		  __entry->set, __entry->owner, __entry->pool_size,
		  __entry->front_pad, __entry->arrays)
);

TRACE_EVENT(bioset_set_unmade,
	TP_PROTO(struct bset *set),
	TP_ARGS(set),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned long, allocs)
		__field(unsigned long, puts)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(set);
		bset_in_flight(set, &__entry->allocs, &__entry->puts);
	),
	TP_printk("set=%s owner=%s allocs=%lu puts=%lu", __entry->set,
		  __entry->owner, __entry->allocs, __entry->puts)
);

/* One class, because the names of the gfp flags take 4 KiB in each. */
DECLARE_EVENT_CLASS(bioset_wanted,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev),
	TP_ARGS(pool, gfp, dev),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned char, array)
		__field(int, left)
		__field(unsigned int, dev)
		__field(unsigned long, gfp)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(pool->set);
		__entry->array = BSET_TRACE_WHAT(pool);
		/* for people; may be off by what moves meanwhile */
		__entry->left = data_race(pool->reserve.curr_nr);
		__entry->dev = dev;
		__entry->gfp = (__force unsigned long)gfp;
	),
	TP_printk("set=%s owner=%s what=%s left=%d dev=%d,%d gfp=%s",
		  __entry->set, __entry->owner,
		  BSET_TRACE_SHOW_WHAT(__entry->array), __entry->left,
		  MAJOR(__entry->dev), MINOR(__entry->dev),
		  show_gfp_flags(__entry->gfp))
);

DEFINE_EVENT(bioset_wanted, bioset_reserve_take,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev),
	TP_ARGS(pool, gfp, dev)
);

DEFINE_EVENT(bioset_wanted, bioset_wait_begin,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev),
	TP_ARGS(pool, gfp, dev)
);

TRACE_EVENT(bioset_reserve_refill,
	TP_PROTO(const struct bset_pool *pool),
	TP_ARGS(pool),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned char, array)
		__field(int, now)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(pool->set);
		__entry->array = BSET_TRACE_WHAT(pool);
		/* likewise */
		__entry->now = data_race(pool->reserve.curr_nr);
	),
	TP_printk("set=%s owner=%s what=%s now=%d", __entry->set,
		  __entry->owner, BSET_TRACE_SHOW_WHAT(__entry->array),
		  __entry->now)
);

TRACE_EVENT(bioset_alloc_failed,
	TP_PROTO(const struct bset *set, unsigned int nr_vecs, gfp_t gfp,
		 dev_t dev),
	TP_ARGS(set, nr_vecs, gfp, dev),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned int, dev)
		__field(unsigned int, nr_vecs)
		__field(unsigned long, gfp)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(set);
		__entry->dev = dev;
		__entry->nr_vecs = nr_vecs;
		__entry->gfp = (__force unsigned long)gfp;
	),
	TP_printk("set=%s owner=%s dev=%d,%d nr_vecs=%u gfp=%s", __entry->set,
		  __entry->owner, MAJOR(__entry->dev), MINOR(__entry->dev),
		  __entry->nr_vecs, show_gfp_flags(__entry->gfp))
);

DECLARE_EVENT_CLASS(bioset_waited,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev, u64 ns),
	TP_ARGS(pool, gfp, dev, ns),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned char, array)
		__field(unsigned int, dev)
		__field(unsigned long, gfp)
		__field(unsigned long long, ns)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(pool->set);
		__entry->array = BSET_TRACE_WHAT(pool);
		__entry->dev = dev;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->ns = ns;
	),
	TP_printk("set=%s owner=%s what=%s dev=%d,%d gfp=%s ns=%llu",
		  __entry->set, __entry->owner,
		  BSET_TRACE_SHOW_WHAT(__entry->array), MAJOR(__entry->dev),
		  MINOR(__entry->dev), show_gfp_flags(__entry->gfp),
		  __entry->ns)
);

DEFINE_EVENT(bioset_waited, bioset_wait_end,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev, u64 ns),
	TP_ARGS(pool, gfp, dev, ns)
);

DEFINE_EVENT(bioset_waited, bioset_stall,
	TP_PROTO(const struct bset_pool *pool, gfp_t gfp, dev_t dev, u64 ns),
	TP_ARGS(pool, gfp, dev, ns)
);

DECLARE_EVENT_CLASS(bioset_bio,
	TP_PROTO(const struct bset *set, struct bio *bio),
	TP_ARGS(set, bio),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__field(unsigned int, dev)
		__field(unsigned long long, sector)
		__field(unsigned int, sectors)
		__field(unsigned int, op)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(set);
		__entry->dev = bio_dev(bio);
		__entry->sector = bio->bi_iter.bi_sector;
		__entry->sectors = bio_sectors(bio);
		__entry->op = (__force unsigned int)bio_op(bio);
	),
	TP_printk("set=%s owner=%s dev=%d,%d sector=%llu sectors=%u op=%u",
		  __entry->set, __entry->owner, MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->sector, __entry->sectors,
		  __entry->op)
);

DEFINE_EVENT(bioset_bio, bioset_punt,
	TP_PROTO(const struct bset *set, struct bio *bio),
	TP_ARGS(set, bio)
);

DEFINE_EVENT(bioset_bio, bioset_rescue,
	TP_PROTO(const struct bset *set, struct bio *bio),
	TP_ARGS(set, bio)
);

TRACE_EVENT(bioset_misuse,
	TP_PROTO(const struct bset *set, const void *bio, const char *kind),
	TP_ARGS(set, bio, kind),
	TP_STRUCT__entry(
		BSET_TRACE_SET_FIELDS
		__array(char, kind, 24)
		__field(const void *, bio)
	),
	TP_fast_assign(
		BSET_TRACE_SET_ASSIGN(set);
		strscpy(__entry->kind, kind, sizeof(__entry->kind));
		__entry->bio = bio;
	),
	TP_printk("set=%s owner=%s kind=%s bio=%p", __entry->set,
		  __entry->owner, __entry->kind, __entry->bio)
);

#endif /* BSET_TRACE_H */

/* This part must be outside of the guard. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
