// SPDX-License-Identifier: GPL-2.0
/* 6.13: the name of a symbol namespace is a string. */
#include "probe.h"

/* Before, it became one: with quotes inside. */
#undef MODULE_INFO
#define MODULE_INFO(tag, info) static_assert(sizeof(info) == sizeof("NS"))
MODULE_IMPORT_NS("NS");
