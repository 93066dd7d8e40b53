// SPDX-License-Identifier: GPL-2.0
/* Since 6.14: integrity data may have an application tag. */
#include "probe.h"

static inline u16 probe(struct bio_integrity_payload *bip)
{
	return bip->app_tag;
}
