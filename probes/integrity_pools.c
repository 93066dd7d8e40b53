// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.16: a set has pools for integrity payloads.  Absent too without
 * CONFIG_BLK_DEV_INTEGRITY.
 */
#include "probe.h"

static inline void probe(struct bio_set *bs)
{
	mempool_exit(&bs->bio_integrity_pool);
	mempool_exit(&bs->bvec_integrity_pool);
}
