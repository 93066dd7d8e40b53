// SPDX-License-Identifier: GPL-2.0
/*
 * Says what a caller does wrong, once for each set and mistake
 */
#define pr_fmt(fmt) "bioset: " fmt

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "internal.h"

/* Those that had their backtrace */
static unsigned long warned;

/**
 * bset_complain() - report a caller's mistake
 * @set:	the set that it is about, or NULL if that is none of ours
 * @mistake:	which: each is reported once for each set
 * @fmt:	what is wrong, and about which set; a line without its end
 *
 * The first of each kind is a warning with a backtrace.  All others are a line, so
 * that no set's mistake is hidden by another's, and a machine that panics on
 * warnings is not brought down again and again.
 *
 * Context: any but NMI.
 */
void bset_complain(struct bset *set, enum bset_mistake mistake, const char *fmt,
		   ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (set && test_and_set_bit(mistake, &set->complained))
		return;
	va_start(args, fmt);
	vaf.va = &args;
	if (!test_and_set_bit(mistake, &warned))
		WARN(1, "bioset: %pV\n", &vaf);
	else
		pr_warn_ratelimited("%pV\n", &vaf);
	va_end(args);
}

/**
 * bset_complain_free() - report an object that was put twice
 * @set:	the set that it is of
 * @obj:	the object
 *
 * Context: any but NMI.
 */
void bset_complain_free(struct bset *set, const void *obj)
{
	bset_complain(set, BSET_PUT_TWICE,
		      "%s: %p is put, but it is free already", set->name, obj);
}
