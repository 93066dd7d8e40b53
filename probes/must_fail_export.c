// SPDX-License-Identifier: GPL-2.0
/*
 * Must fail: declared, but exported by nobody.
 *
 * export: bset_no_such_symbol
 */
#include "probe.h"

void bset_no_such_symbol(void);

static inline void probe(void)
{
	bset_no_such_symbol();
}
