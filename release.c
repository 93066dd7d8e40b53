// SPDX-License-Identifier: GPL-2.0
/*
 * A bio that comes back, past this CPU's list
 *
 * Both bio_put()s end here: ours when the fast path cannot serve, the kernel's
 * always, by way of the set's face.
 */
#include "internal.h"

/* To where it came from, and its array with it. */
static void bset_release_parts(struct bset *set, struct bio *bio)
{
	if (bset_array_kind(bio) == BSET_256)
		bset_pool_put(&set->vec, bio->bi_io_vec);
	bset_pool_put(&set->bio, bio);
}

/*
 * Out of line, because for @evicted all would get a stack protector: 8 of the
 * 45 instructions of bset_release().
 */
static noinline void bset_release_tracked(struct bset *set, struct bio *bio)
{
	struct bio *evicted = NULL;
	enum bset_back back = bset_track_back(set, bio, &evicted);

	if (evicted)
		bset_release_parts(set, evicted);
	if (back == BSET_BACK_REFUSED)
		return;
	if (back == BSET_BACK_PUT)
		bset_release_parts(set, bio);
	bset_count_put(set);
}

/**
 * bset_release() - take a bio back
 * @set:	the set
 * @bio:	a bio without extras; an array of 256 is still its own, one of the
 *		kernel's slabs has gone back there
 *
 * Together the two go to the cache, unless a reserve needs one of them.
 *
 * Context: any but NMI.
 */
void bset_release(struct bset *set, struct bio *bio)
{
	const bool vecs = bset_array_kind(bio) == BSET_256;
	enum bset_pushed pushed = BSET_NO_ROOM;

	if (bset_tracked(set)) {
		bset_release_tracked(set, bio);
		return;
	}
	smp_rmb(); /* see struct bset_pool */
	if (!bset_pool_short(&set->bio) &&
	    !(vecs && bset_pool_short(&set->vec)))
		pushed = bset_cache_push(set->cpu,
					 vecs ? BSET_256 : BSET_INLINE, bio);
	if (pushed == BSET_NO_ROOM)
		bset_release_parts(set, bio);
	if (likely(pushed != BSET_WAS_FREE))
		bset_count_put(set);
	else
		bset_complain_free(set, bio);
}

/**
 * bset_release_uncounted() - take back a bio that nobody saw leave
 * @set:	the set
 * @bio:	see bset_release(); the kernel took it, from the set's slab or
 *		from its reserve
 *
 * Context: any but NMI.
 */
void bset_release_uncounted(struct bset *set, struct bio *bio)
{
	bset_release_parts(set, bio);
}

static void bset_release_quarantine(struct bset *set)
{
	struct bio *bio;

	while ((bio = bset_track_evict(set)))
		bset_release_parts(set, bio);
}

/**
 * bset_set_track() - start or stop to track a set
 * @set:	the set
 * @on:		which
 * @exact:	nothing is out of the set, so what has no record is foreign
 *
 * Context: task context, may sleep; takes the set's lock for knobs.
 * Return: 0 or -ENOMEM.
 */
int bset_set_track(struct bset *set, bool on, bool exact)
{
	int ret;

	mutex_lock(&set->knobs);
	ret = bset_track_switch(set, on, exact);
	if (!on)
		bset_release_quarantine(set);
	mutex_unlock(&set->knobs);
	return ret;
}
EXPORT_SYMBOL_BSET(bset_set_track);

/**
 * bset_track_stop() - forget all about a set
 * @set:	a set without bios in flight
 *
 * Context: task context, may sleep.
 */
void bset_track_stop(struct bset *set)
{
	if (!set->tracking)
		return;
	bset_set_track(set, false, false);
	/* A put that saw it on may have added to the quarantine since. */
	bset_release_quarantine(set);
	bset_track_exit(set);
}
