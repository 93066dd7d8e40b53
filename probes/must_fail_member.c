// SPDX-License-Identifier: GPL-2.0
/* Must fail: a member that a structure does not have. */
#include "probe.h"

static inline void probe(struct bio *bio)
{
	bio->bset_no_such_member = NULL;
}
