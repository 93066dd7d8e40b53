// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the kernel that are given a set, done with our own
 *
 * What they take from it would be the kernel's: without a rescue of all that is
 * queued and, since 7.1, without our knowing.
 */
#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <trace/events/block.h>

#include "internal.h"

/* To the front of what is queued, if that is where it goes. */
static void bset_submit_first(struct bio *bio)
{
	struct bio_list *list = current->bio_list, queued;

	if (!list) {
		bset_submit_bio_noacct(bio);
		return;
	}
	queued = *list;
	bio_list_init(list);
	bset_submit_bio_noacct(bio);
	bio_list_merge(list, &queued);
}

/**
 * bset_submit_split() - cut the front off a bio and submit the rest
 * @bio:	the bio; ends when its front has ended, too
 * @sectors:	see bset_split()
 * @bs:		see bset_split()
 *
 * bio_submit_split_bioset() of this header, which the kernel has since 6.18.
 * The rest goes to the front of what the caller's ->submit_bio() has submitted.
 *
 * Context: task context, may sleep.
 * Return: a bio for the front, for the caller to submit; NULL after an error,
 * with which @bio has ended.
 */
struct bio *bset_submit_split(struct bio *bio, unsigned int sectors,
			      struct bio_set *bs)
{
	struct bio *split = bset_split(bio, sectors, GFP_NOIO, bs);

	if (IS_ERR_OR_NULL(split)) {
		bio->bi_status = split ? errno_to_blk_status(PTR_ERR(split))
				       : BLK_STS_RESOURCE;
		bio_endio(bio);
		return NULL;
	}
	bio_chain(split, bio);
	BSET_TRACE_SPLIT(split, bio->bi_iter.bi_sector);
	bset_submit_first(bio);
	return split;
}
EXPORT_SYMBOL_GPL(bset_submit_split);

static int bset_rq_clone_bios(struct request *rq, struct request *rq_src,
			      struct bio_set *bs, gfp_t gfp,
			      int (*bio_ctr)(struct bio *, struct bio *,
					     void *),
			      void *data)
{
	struct bio *src, *bio;

	for (src = rq_src->bio; src; src = src->bi_next) {
		bio = bset_clone(bset_rq_bdev(rq), src, gfp, bs);
		if (!bio)
			return -ENOMEM;
		if (bio_ctr && bio_ctr(bio, src, data)) {
			bset_put(bio);
			return -ENOMEM;
		}
		if (rq->bio)
			rq->biotail->bi_next = bio;
		else
			rq->bio = bio;
		rq->biotail = bio;
	}
	return 0;
}

/**
 * bset_rq_prep_clone() - set up a request as a clone of another one
 * @rq:		the request to set up
 * @rq_src:	the one to clone
 * @bs:		the set that the clones of its bios come from, or NULL
 * @gfp:	see bset_alloc()
 * @bio_ctr:	called for each clone, which fails if this does not return 0;
 *		or NULL
 * @data:	for @bio_ctr
 *
 * blk_rq_prep_clone() of this header; blk_rq_unprep_clone() is its counterpart.
 *
 * Context: see bset_alloc().
 * Return: 0 or -ENOMEM.
 */
int bset_rq_prep_clone(struct request *rq, struct request *rq_src,
		       struct bio_set *bs, gfp_t gfp,
		       int (*bio_ctr)(struct bio *, struct bio *, void *),
		       void *data)
{
	struct request attributes;

	/* Elsewhere it takes its bios from our callback. */
	if (!bset_kernel_takes || !bset_of(bs))
		return blk_rq_prep_clone(rq, rq_src, bs, gfp, bio_ctr, data);
	if (bset_rq_clone_bios(rq, rq_src, bs, gfp, bio_ctr, data)) {
		blk_rq_unprep_clone(rq);
		return -ENOMEM;
	}
	attributes = *rq_src;
	attributes.bio = NULL;
	return blk_rq_prep_clone(rq, &attributes, bs, gfp, NULL, NULL);
}
EXPORT_SYMBOL_GPL(bset_rq_prep_clone);

/**
 * bset_integrity_create() - give a set pools for integrity data
 * @bs:		the set
 * @pool_size:	payloads to hold in reserve
 *
 * bioset_integrity_create() of this header.  Before 6.17 the kernel looks for
 * these pools where a bio says that it comes from.  Since then there are none,
 * and this does nothing.
 *
 * Context: task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bset_integrity_create(struct bio_set *bs, int pool_size)
{
	struct bset *set = bset_of(bs);

	return bset_kernel_integrity_create(set ? &set->home : bs, pool_size);
}
EXPORT_SYMBOL_GPL(bset_integrity_create);
