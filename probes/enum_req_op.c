// SPDX-License-Identifier: GPL-2.0
/* 6.0: enum req_op. */
#include "probe.h"

static inline enum req_op probe(void)
{
	return REQ_OP_READ;
}
