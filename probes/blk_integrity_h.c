// SPDX-License-Identifier: GPL-2.0
/* 5.16: <linux/blk-integrity.h>, until then a part of <linux/blkdev.h>. */
#include "probe.h"

#include <linux/blk-integrity.h>
