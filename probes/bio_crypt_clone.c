// SPDX-License-Identifier: GPL-2.0
/*
 * Before 5.18: modules can clone the encryption context by themselves;
 * bio_init_clone() does it since then.  Absent too without
 * CONFIG_BLK_INLINE_ENCRYPTION, where there is nothing to clone.
 *
 * export: __bio_crypt_clone
 */
#include "probe.h"

#include <linux/blk-crypto.h>

static inline void probe(struct bio *bio, struct bio *src)
{
	bio_crypt_clone(bio, src, GFP_NOIO);
}
