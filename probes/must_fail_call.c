// SPDX-License-Identifier: GPL-2.0
/* Must fail: a function that is declared nowhere. */
#include "probe.h"

static inline void probe(struct bio *bio)
{
	bset_no_such_function(bio);
}
