// SPDX-License-Identifier: GPL-2.0
/* 6.11: <linux/bio-integrity.h>, until then a part of <linux/bio.h>. */
#include "probe.h"

#include <linux/bio-integrity.h>
