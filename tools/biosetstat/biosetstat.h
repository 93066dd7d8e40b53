/* SPDX-License-Identifier: GPL-2.0 */
/*
 * biosetstat - what the bio_sets of this machine hold and do
 *
 *   table.c    reads /sys/kernel/debug/bioset/sets
 *   columns.c  the table for people
 *   screen.c   the same, redrawn on a terminal
 *   json.c     the same, for machines
 *   stalls.c   follows the reports of waits that last too long
 *   main.c     options
 */
#ifndef BIOSETSTAT_H
#define BIOSETSTAT_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_COLUMNS 64
#define ARRAY_SIZE(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* The columns that are shown; the file may have more. */
enum field {
	RESERVE,
	POOL_SIZE,
	IN_FLIGHT,
	CACHED,
	ALLOCS,
	FROM_RESERVE,
	WAITS,
	WAITING,
	LONGEST,
	PUNTED,
	RESCUED,
	FAILED,
	STALLS,
	MISUSES,
	NR_FIELDS
};

struct row {
	const char *name;
	char *cells[MAX_COLUMNS];
	unsigned long long v[NR_FIELDS];
	double rate[NR_FIELDS]; /* a second; valid if has_rate */
	bool has_rate; /* the set was there in the table before */
};

struct table {
	char *text; /* the file, cut into the strings of all cells */
	char *columns[MAX_COLUMNS];
	int nr_columns;
	struct row *rows;
	int nr_rows;
	double when; /* seconds of the monotonic clock */
};

enum sort_key {
	SORT_WAITS,
	SORT_ALLOCS,
	SORT_FLIGHT,
	SORT_RESERVE,
	SORT_PUNTS,
	SORT_LONGEST,
	SORT_NAME,
	NR_SORT_KEYS
};

struct settings {
	const char *file; /* NULL: the kernel's */
	enum sort_key sort;
	double interval; /* seconds; 0: once */
	long count; /* samples; 0: no end */
	bool json;
	bool watch_stalls;
	bool only_new;
};

/* A growing string. */
struct text {
	char *p;
	size_t len;
	size_t size;
};

void say(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

/* table.c; an error is a sentence in @why, for people */
bool table_read(struct table *t, const char *file, struct text *why);
void table_rates(struct table *now, const struct table *before);
void table_sort(struct table *t, enum sort_key key);
void table_free(struct table *t);
bool row_waits(const struct row *r);
bool debugfs_file(char *path, size_t size, struct text *why);
double clock_now(void);

/* columns.c */
extern const char *const sort_names[NR_SORT_KEYS];
int columns_width(const struct table *t, int width);
void columns_head(struct text *out, const struct table *t, int width,
		  bool rates);
void columns_row(struct text *out, const struct table *t, int row, int width,
		 bool rates);
void columns_table(struct text *out, const struct table *t, int width,
		   bool rates);

/* the rest; each returns the exit status */
int screen_run(const struct settings *s);
void json_print(struct text *out, const struct table *t);
int stalls_run(const struct settings *s);

#endif
