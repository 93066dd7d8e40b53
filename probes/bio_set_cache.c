// SPDX-License-Identifier: GPL-2.0
/* 5.15: a set may have a per-CPU cache of bios. */
#include "probe.h"

static inline void probe(struct bio_set *bs)
{
	free_percpu(bs->cache);
	bs->cache = NULL;
}
