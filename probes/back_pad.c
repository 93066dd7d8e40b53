// SPDX-License-Identifier: GPL-2.0
/* 5.12: a set says what it needs behind its bios, and may need nothing. */
#include "probe.h"

static inline void probe(struct bio_set *bs)
{
	bs->back_pad = 0;
}
