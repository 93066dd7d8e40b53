// SPDX-License-Identifier: GPL-2.0
/*
 * Modules can clone the integrity payload by themselves.  Absent too without
 * CONFIG_BLK_DEV_INTEGRITY, where there is nothing to clone.
 *
 * export: bio_integrity_clone
 */
#include "probe.h"

static inline int probe(struct bio *bio, struct bio *src)
{
	return bio_integrity_clone(bio, src, GFP_NOIO);
}
