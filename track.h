/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has which bio: owners, misuse, double puts, late writes
 *
 * A tracked set calls this for each bio that leaves it, is submitted and comes
 * back.  Nothing here gives a bio back to the set: what leaves the quarantine
 * is handed to the caller.
 *
 * Except for wanted, exit, switch and evict these functions do nothing for a set
 * that is not tracked, and are called when bset_slow is on.
 */
#ifndef BSET_TRACK_H
#define BSET_TRACK_H

#include <linux/types.h>

struct bio;
struct bset;
struct file;

/* What the caller has to do with a bio that comes back. */
enum bset_back {
	BSET_BACK_PUT, /* put it, as if nothing was tracked */
	BSET_BACK_KEPT, /* it is back, and in the quarantine */
	BSET_BACK_REFUSED, /* it was not out: leave it alone */
};

bool bset_track_wanted(void);
void bset_track_exit(struct bset *set);
int bset_track_switch(struct bset *set, bool on, bool exact);
bool bset_track_is_on(const struct bset *set);
struct bio *bset_track_evict(struct bset *set);

void bset_track_before(struct bset *set, gfp_t gfp);
void bset_track_out(struct bset *set, struct bio *bio);
bool bset_track_may_put(struct bset *set, struct bio *bio);
enum bset_back bset_track_back(struct bset *set, struct bio *bio,
			       struct bio **evicted);

bool bset_track_print_held(struct bset *set, bool certain);
void bset_track_oldest(struct bset *set);
int bset_track_open(struct file *file, struct bset *set);

#endif /* BSET_TRACK_H */
