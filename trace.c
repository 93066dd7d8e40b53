// SPDX-License-Identifier: GPL-2.0
/*
 * The code that trace.h makes of its declarations
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
