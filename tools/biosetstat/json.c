// SPDX-License-Identifier: GPL-2.0
/*
 * The table for machines: every column of the kernel's file under its name
 */
#include <ctype.h>
#include <string.h>

#include "biosetstat.h"

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static void string(struct text *out, const char *s)
{
	say(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			say(out, "\\%c", *s);
		else if (isprint((unsigned char)*s))
			say(out, "%c", *s);
		else
			say(out, "\\u%04x", (unsigned char)*s);
	}
	say(out, "\"");
}

/* The first two columns are words, whatever they look like. */
static void row(struct text *out, const struct table *t, const struct row *r)
{
	int i;

	say(out, "{");
	for (i = 0; i < t->nr_columns; i++) {
		say(out, i ? ", " : "");
		string(out, t->columns[i]);
		say(out, ": ");
		if (i >= 2 && is_number(r->cells[i]))
			say(out, "%s", r->cells[i]);
		else
			string(out, r->cells[i]);
	}
	say(out, "}");
}

/* One line, so that a stream of tables can be read line by line. */
void json_print(struct text *out, const struct table *t)
{
	int i;

	say(out, "{\"uptime\": %.3f, \"sets\": [", t->when);
	for (i = 0; i < t->nr_rows; i++) {
		say(out, i ? ", " : "");
		row(out, t, &t->rows[i]);
	}
	say(out, "]}\n");
}
