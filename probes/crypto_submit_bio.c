// SPDX-License-Identifier: GPL-2.0
/*
 * In 7.2, not yet in 6.12: who submits a bio that is to be encrypted has to say
 * so, where no hardware does it.
 *
 * export: __blk_crypto_submit_bio
 */
#include "probe.h"

#include <linux/blk-crypto.h>

static inline void probe(struct bio *bio)
{
	blk_crypto_submit_bio(bio);
}
