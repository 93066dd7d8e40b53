// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the table of all sets
 *
 * Columns are found by their names in the file's first line, so that a newer
 * module with more columns can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "biosetstat.h"

static const char *const field_names[NR_FIELDS] = {
	[RESERVE] = "reserve",
	[POOL_SIZE] = "pool_size",
	[IN_FLIGHT] = "in_flight",
	[CACHED] = "cached",
	[ALLOCS] = "allocs",
	[FROM_RESERVE] = "from_reserve",
	[WAITS] = "waits",
	[WAITING] = "waiting",
	[LONGEST] = "longest_wait_us",
	[PUNTED] = "punted",
	[RESCUED] = "rescued",
	[FAILED] = "failed",
	[STALLS] = "stalls",
	[MISUSES] = "misuses",
};

double clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Where debugfs is mounted: almost always /sys/kernel/debug. */
static bool debugfs_mount(char *dir, size_t size)
{
	FILE *f = fopen("/proc/mounts", "r");
	char line[4096], where[4096], type[64];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %4095s %63s", where, type) == 2 &&
		    !strcmp(type, "debugfs"))
			found = snprintf(dir, size, "%s", where) < (int)size;
	if (f)
		fclose(f);
	return found;
}

/* The path of the kernel's table, or why there cannot be one. */
bool debugfs_file(char *path, size_t size, struct text *why)
{
	char dir[4096];

	if (access("/sys/module/bioset_core", F_OK)) {
		say(why,
		    "the module bioset_core is not loaded: modprobe bioset_core");
		return false;
	}
	if (!debugfs_mount(dir, sizeof(dir))) {
		say(why,
		    "debugfs is not mounted: mount -t debugfs none /sys/kernel/debug");
		return false;
	}
	snprintf(path, size, "%s/bioset/sets", dir);
	return true;
}

static void explain_open(const char *path, int err, struct text *why)
{
	if (err == EACCES && geteuid())
		say(why, "not permitted to read %s: run this as root", path);
	else if (err == EPERM)
		say(why,
		    "not permitted to read %s: the kernel is locked down (see kernel_lockdown.7)",
		    path);
	else
		say(why, "cannot read %s: %s", path, strerror(err));
}

static char *read_all(int fd)
{
	size_t size = 0, room = 16384;
	char *text = malloc(room + 1), *more;
	ssize_t n = 1;

	while (text && n > 0) {
		if (size == room) {
			more = realloc(text, 2 * room + 1);
			if (!more)
				break;
			text = more;
			room *= 2;
		}
		n = read(fd, text + size, room - size);
		if (n > 0)
			size += n;
	}
	if (!text || n) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

static char *read_file(const char *path, struct text *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0) {
		explain_open(path, errno, why);
		return NULL;
	}
	errno = ENOMEM;
	text = read_all(fd);
	if (!text)
		explain_open(path, errno, why);
	close(fd);
	return text;
}

static int cut_words(char *line, char *words[MAX_COLUMNS])
{
	char *save, *word;
	int n = 0;

	for (word = strtok_r(line, " \t", &save); word && n < MAX_COLUMNS;
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

static int find_column(const struct table *t, const char *name)
{
	int i;

	for (i = 0; i < t->nr_columns; i++)
		if (!strcmp(t->columns[i], name))
			return i;
	return -1;
}

static bool find_columns(const struct table *t, int at[NR_FIELDS],
			 struct text *why)
{
	int i;

	for (i = 0; i < NR_FIELDS; i++) {
		at[i] = find_column(t, field_names[i]);
		if (at[i] < 0) {
			say(why,
			    "the table has no column \"%s\": this is not a table of bio_sets, or one of another version",
			    field_names[i]);
			return false;
		}
	}
	return true;
}

static bool parse_row(struct table *t, char *line, const int at[NR_FIELDS],
		      struct text *why)
{
	struct row *r = &t->rows[t->nr_rows];
	char *end;
	int i;

	memset(r, 0, sizeof(*r));
	if (cut_words(line, r->cells) != t->nr_columns) {
		say(why, "line %d of the table is incomplete", t->nr_rows + 2);
		return false;
	}
	r->name = r->cells[0];
	for (i = 0; i < NR_FIELDS; i++) {
		r->v[i] = strtoull(r->cells[at[i]], &end, 10);
		if (*end) {
			say(why, "%s of %s is not a number: %s", field_names[i],
			    r->name, r->cells[at[i]]);
			return false;
		}
	}
	t->nr_rows++;
	return true;
}

static int count_lines(const char *p)
{
	int n = 0;

	for (; *p; p++)
		n += *p == '\n';
	return n;
}

static bool parse(struct table *t, struct text *why)
{
	const int lines = count_lines(t->text);
	char *save, *line = strtok_r(t->text, "\n", &save);
	int at[NR_FIELDS];

	t->nr_columns = line ? cut_words(line, t->columns) : 0;
	if (!find_columns(t, at, why))
		return false;
	t->rows = calloc(lines + 1, sizeof(*t->rows));
	if (!t->rows) {
		say(why, "out of memory");
		return false;
	}
	while ((line = strtok_r(NULL, "\n", &save)))
		if (!parse_row(t, line, at, why))
			return false;
	return true;
}

/* Reads @file, or the kernel's table. */
bool table_read(struct table *t, const char *file, struct text *why)
{
	char path[4200];

	memset(t, 0, sizeof(*t));
	if (!file) {
		if (!debugfs_file(path, sizeof(path), why))
			return false;
		file = path;
	}
	t->text = read_file(file, why);
	t->when = clock_now();
	if (!t->text || !parse(t, why)) {
		table_free(t);
		return false;
	}
	return true;
}

void table_free(struct table *t)
{
	free(t->rows);
	free(t->text);
	memset(t, 0, sizeof(*t));
}

static const struct row *find_row(const struct table *t, const char *name)
{
	int i;

	for (i = 0; i < t->nr_rows; i++)
		if (!strcmp(t->rows[i].name, name))
			return &t->rows[i];
	return NULL;
}

/*
 * Names are unique: each ends in a number of its own.  A count that went down
 * belongs to a module that was loaded anew.
 */
void table_rates(struct table *now, const struct table *before)
{
	const double secs = now->when - before->when;
	const struct row *old;
	struct row *r;
	int i, f;

	for (i = 0; i < now->nr_rows && secs > 0; i++) {
		r = &now->rows[i];
		old = find_row(before, r->name);
		r->has_rate = old && old->v[ALLOCS] <= r->v[ALLOCS];
		for (f = 0; r->has_rate && f < NR_FIELDS; f++)
			r->rate[f] = ((double)r->v[f] - old->v[f]) / secs;
	}
}

/* Somebody sleeps for this set now, or did since the table before. */
bool row_waits(const struct row *r)
{
	return r->v[WAITING] || (r->has_rate && r->rate[WAITS] > 0);
}

static enum sort_key sort_by;

/* The part of the reserve that is left; a set without one does not occur. */
static double reserve_left(const struct row *r)
{
	return r->v[POOL_SIZE] ? (double)r->v[RESERVE] / r->v[POOL_SIZE] : 1;
}

static double rate_or_sum(const struct row *r, enum field f)
{
	return r->has_rate ? r->rate[f] : r->v[f];
}

/* What is sorted by, largest first. */
static double weight(const struct row *r)
{
	switch (sort_by) {
	case SORT_WAITS:
		return r->v[WAITING] * 1e9 + rate_or_sum(r, WAITS);
	case SORT_ALLOCS:
		return rate_or_sum(r, ALLOCS);
	case SORT_FLIGHT:
		return r->v[IN_FLIGHT];
	case SORT_RESERVE:
		return -reserve_left(r);
	case SORT_PUNTS:
		return rate_or_sum(r, PUNTED);
	case SORT_LONGEST:
		return r->v[LONGEST];
	default:
		return 0;
	}
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	const double wx = weight(x), wy = weight(y);

	if (row_waits(x) != row_waits(y))
		return row_waits(x) ? -1 : 1;
	if (wx != wy)
		return wx > wy ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Sets that wait come first, whatever the key. */
void table_sort(struct table *t, enum sort_key key)
{
	sort_by = key;
	qsort(t->rows, t->nr_rows, sizeof(*t->rows), compare);
}
