// SPDX-License-Identifier: GPL-2.0
/*
 * 5.12: readers of the log keep their place in a kmsg_dump_iter.
 *
 * export: kmsg_dump_rewind kmsg_dump_get_line
 */
#include "probe.h"

#include <linux/kmsg_dump.h>

static inline bool probe(char *line, size_t *len)
{
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return kmsg_dump_get_line(&iter, false, line, 80, len);
}
