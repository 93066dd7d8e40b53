// SPDX-License-Identifier: GPL-2.0
/*
 * reader_4_6.c - reader.c with the calls of Linux 4.6
 */
#define READER_4_6

#include "reader.c"
