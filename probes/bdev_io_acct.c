// SPDX-License-Identifier: GPL-2.0
/*
 * 5.18 to 6.4: I/O of a block_device is accounted, sectors at its start.
 *
 * export: bdev_start_io_acct bdev_end_io_acct
 */
#include "probe.h"

static inline void probe(struct block_device *bdev)
{
	bdev_end_io_acct(bdev, REQ_OP_READ,
			 bdev_start_io_acct(bdev, 8, REQ_OP_READ, jiffies));
}
