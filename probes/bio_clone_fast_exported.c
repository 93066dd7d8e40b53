// SPDX-License-Identifier: GPL-2.0
/*
 * Before 5.18: __bio_clone_fast() copies the fields of a clone, but neither its
 * encryption context nor its integrity payload.
 *
 * export: __bio_clone_fast
 */
#include "probe.h"

static inline void probe(struct bio *bio, struct bio *src)
{
	__bio_clone_fast(bio, src);
}
