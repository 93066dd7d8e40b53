// SPDX-License-Identifier: GPL-2.0
/*
 * reader_forced.c - reader.c without its #include; Kbuild has -include instead
 */
#define READER_NO_INCLUDE

#include "reader.c"
