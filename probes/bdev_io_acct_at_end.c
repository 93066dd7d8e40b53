// SPDX-License-Identifier: GPL-2.0
/*
 * 6.5: the sectors are accounted at its end.
 *
 * export: bdev_start_io_acct bdev_end_io_acct
 */
#include "probe.h"

static inline void probe(struct block_device *bdev)
{
	bdev_end_io_acct(bdev, REQ_OP_READ, 8,
			 bdev_start_io_acct(bdev, REQ_OP_READ, jiffies));
}
