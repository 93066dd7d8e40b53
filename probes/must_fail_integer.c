// SPDX-License-Identifier: GPL-2.0
/* Must fail: an integer where a pointer is wanted. */
#include "probe.h"

static inline void probe(unsigned int flags)
{
	bio_put(flags);
}
