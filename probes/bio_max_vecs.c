// SPDX-License-Identifier: GPL-2.0
/* 5.12: BIO_MAX_PAGES is called BIO_MAX_VECS. */
#include "probe.h"

static const unsigned int probe __maybe_unused = BIO_MAX_VECS;
