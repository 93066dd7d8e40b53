// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.16: bioset_integrity_create() makes those pools.
 *
 * export: bioset_integrity_create
 */
#include "probe.h"

static inline int probe(struct bio_set *bs)
{
	return bioset_integrity_create(bs, 4);
}
