// SPDX-License-Identifier: GPL-2.0
/*
 * The table for people: as many columns as fit, the most telling ones first
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "biosetstat.h"

#define MIN_NAME 24
#define MAX_NAME 63

const char *const sort_names[NR_SORT_KEYS] = {
	[SORT_WAITS] = "waits",	  [SORT_ALLOCS] = "allocs",
	[SORT_FLIGHT] = "flight", [SORT_RESERVE] = "reserve",
	[SORT_PUNTS] = "punts",	  [SORT_LONGEST] = "longest",
	[SORT_NAME] = "name",
};

enum style {
	SHARE, /* of pool_size */
	NUMBER,
	COUNT, /* a rate if there are two tables */
	MICROSECONDS,
};

static const struct shown {
	enum field field;
	enum style style;
	int width; /* with one blank before it */
	const char *head;
	const char *rate_head;
} shown[] = {
	{ RESERVE, SHARE, 9, "RESERVE", NULL },
	{ IN_FLIGHT, NUMBER, 7, "FLIGHT", NULL },
	{ ALLOCS, COUNT, 8, "ALLOCS", "ALLOC/s" },
	{ FROM_RESERVE, COUNT, 7, "FROMRS", "FROM/s" },
	{ WAITS, COUNT, 7, "WAITS", "WAIT/s" },
	{ WAITING, NUMBER, 4, "NOW", NULL },
	{ LONGEST, MICROSECONDS, 7, "WORST", NULL },
	{ PUNTED, COUNT, 7, "PUNTED", "PUNT/s" },
	/* Up to here these and MIN_NAME are 80 characters. */
	{ FAILED, COUNT, 7, "FAILED", "FAIL/s" },
	{ MISUSES, NUMBER, 7, "MISUSE", NULL },
	{ STALLS, NUMBER, 7, "STALLS", NULL },
	{ RESCUED, COUNT, 8, "RESCUED", "RESCU/s" },
	{ CACHED, NUMBER, 7, "CACHED", NULL },
};

#define NR_SHOWN ARRAY_SIZE(shown)

void say(struct text *t, const char *fmt, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (t->len + n + 1 > t->size) {
		p = realloc(t->p, 2 * (t->len + n + 1));
		if (!p) {
			fputs("biosetstat: out of memory\n", stderr);
			exit(1);
		}
		t->p = p;
		t->size = 2 * (t->len + n + 1);
	}
	va_start(args, fmt);
	vsnprintf(t->p + t->len, n + 1, fmt, args);
	va_end(args);
	t->len += n;
}

void text_free(struct text *t)
{
	free(t->p);
	memset(t, 0, sizeof(*t));
}

/* At most 6 characters: 12345, 123.4k, 12.3M */
static const char *number(char buf[24], double n)
{
	static const char unit[] = " kMGTPE";
	int i = 0;

	if (n < 10 && n > 0 && n != (int)n) {
		snprintf(buf, 24, "%.1f", n);
		return buf;
	}
	while (n >= (i ? 999.95 : 99999.5) && unit[i + 1]) {
		n /= 1000;
		i++;
	}
	if (i)
		snprintf(buf, 24, "%.1f%c", n, unit[i]);
	else
		snprintf(buf, 24, "%.0f", n);
	return buf;
}

/* At most 6 characters: 850us, 12.3ms, 4.5s, 12m */
static const char *duration(char buf[24], double us)
{
	if (us < 1000)
		snprintf(buf, 24, "%.0f%s", us, us ? "us" : "");
	else if (us < 999950)
		snprintf(buf, 24, "%.*fms", us < 99950 ? 1 : 0, us / 1e3);
	else if (us < 599.5e6)
		snprintf(buf, 24, "%.*fs", us < 99.95e6 ? 1 : 0, us / 1e6);
	else
		snprintf(buf, 24, "%.0fm", us / 60e6);
	return buf;
}

static const char *cell(char buf[64], const struct row *r,
			const struct shown *c, bool rates)
{
	char a[24], b[24];

	switch (c->style) {
	case SHARE:
		snprintf(buf, 64, "%s/%s", number(a, r->v[RESERVE]),
			 number(b, r->v[POOL_SIZE]));
		return buf;
	case COUNT:
		if (!rates)
			return number(buf, r->v[c->field]);
		return r->has_rate ? number(buf, r->rate[c->field]) : "-";
	case MICROSECONDS:
		return duration(buf, r->v[c->field]);
	default:
		return number(buf, r->v[c->field]);
	}
}

/* How many of the columns fit, beside a name of MIN_NAME. */
static int nr_that_fit(int width)
{
	int i;

	width -= MIN_NAME;
	for (i = 0; i < NR_SHOWN && shown[i].width <= width; i++)
		width -= shown[i].width;
	return i;
}

/* What is left goes to the name, as far as there are names that long. */
static int name_width(const struct table *t, int width)
{
	int i, n = nr_that_fit(width), longest = MIN_NAME;

	for (i = 0; i < n; i++)
		width -= shown[i].width;
	for (i = 0; i < t->nr_rows; i++)
		if ((int)strlen(t->rows[i].name) > longest)
			longest = strlen(t->rows[i].name);
	if (longest > MAX_NAME)
		longest = MAX_NAME;
	return longest < width ? longest : width;
}

/* A width at which nothing is cut. */
int columns_width(const struct table *t, int width)
{
	int i, all = MAX_NAME;

	for (i = 0; i < NR_SHOWN; i++)
		all += shown[i].width;
	return width > 0 ? width : name_width(t, all) + all - MAX_NAME;
}

void columns_head(struct text *out, const struct table *t, int width,
		  bool rates)
{
	int i, n = nr_that_fit(width), name = name_width(t, width);

	say(out, "%-*.*s", name, name, "SET");
	for (i = 0; i < n; i++)
		say(out, " %*s", shown[i].width - 1,
		    rates && shown[i].rate_head ? shown[i].rate_head
						: shown[i].head);
}

void columns_row(struct text *out, const struct table *t, int row, int width,
		 bool rates)
{
	const struct row *r = &t->rows[row];
	int i, n = nr_that_fit(width), name = name_width(t, width);
	char buf[64];

	if ((int)strlen(r->name) <= name)
		say(out, "%-*s", name, r->name);
	else if (name > 0)
		say(out, "%.*s~", name - 1, r->name);
	for (i = 0; i < n; i++)
		say(out, " %*s", shown[i].width - 1,
		    cell(buf, r, &shown[i], rates));
}

void columns_table(struct text *out, const struct table *t, int width,
		   bool rates)
{
	int i;

	width = columns_width(t, width);
	columns_head(out, t, width, rates);
	say(out, "\n");
	for (i = 0; i < t->nr_rows; i++) {
		columns_row(out, t, i, width, rates);
		say(out, "\n");
	}
}
