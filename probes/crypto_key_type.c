// SPDX-License-Identifier: GPL-2.0
/* 6.15: a key for encrypted bios is raw, or one that only the hardware can read. */
#include "probe.h"

#include <linux/blk-crypto.h>

static inline u8 *probe(struct blk_crypto_key *key)
{
	key->crypto_cfg.key_type = BLK_CRYPTO_KEY_TYPE_RAW;
	return key->bytes;
}
