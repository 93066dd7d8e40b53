// SPDX-License-Identifier: GPL-2.0
/*
 * biosetstat - options
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "biosetstat.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static const char usage_text[] =
	"usage: biosetstat [OPTION...] [SECONDS [COUNT]]\n"
	"\n"
	"Shows the bio_sets of the module bioset_core: what each one holds in\n"
	"reserve, what is in flight, and who had to wait. With SECONDS it shows\n"
	"rates, again and again; on a terminal it redraws the screen.\n"
	"\n"
	"  -j, --json          for machines: one JSON object a line\n"
	"  -s, --sort=KEY      waits (default), allocs, flight, reserve, punts,\n"
	"                      longest or name; sets that wait always come first\n"
	"  -w, --watch-stalls  print the reports of waits that last too long, those\n"
	"                      in the kernel's log and then new ones\n"
	"  -n, --new           with --watch-stalls: new ones only\n"
	"  -f, --file=FILE     read FILE instead of what the kernel offers\n"
	"  -h, --help          this text\n"
	"  -V, --version       the version\n"
	"\n"
	"See biosetstat(8) for the columns and bioset(7) for what they mean.\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "sort", required_argument, NULL, 's' },
	{ "watch-stalls", no_argument, NULL, 'w' },
	{ "new", no_argument, NULL, 'n' },
	{ "file", required_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void wrong(const char *what, const char *value)
{
	fprintf(stderr, "biosetstat: %s: %s\nTry \"biosetstat --help\".\n",
		value, what);
	exit(2);
}

static enum sort_key sort_key(const char *name)
{
	int i;

	for (i = 0; i < NR_SORT_KEYS; i++)
		if (!strcmp(sort_names[i], name))
			return i;
	wrong("not a key to sort by", name);
	return 0;
}

static double seconds(const char *s)
{
	char *end;
	double n = strtod(s, &end);

	if (end == s || *end || !(n >= 0.1 && n <= 86400))
		wrong("SECONDS must be 0.1 to 86400", s);
	return n;
}

static long count(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (end == s || *end || n < 1 || n > 1000000000)
		wrong("COUNT must be a positive number", s);
	return n;
}

static void parse_words(struct settings *s, char **words)
{
	if (!words[0])
		return;
	s->interval = seconds(words[0]);
	if (!words[1])
		return;
	s->count = count(words[1]);
	if (words[2])
		wrong("too many arguments", words[2]);
}

static void parse(struct settings *s, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "js:wnf:hV", long_options, NULL)) !=
	       -1) {
		switch (c) {
		case 'j':
			s->json = true;
			break;
		case 's':
			s->sort = sort_key(optarg);
			break;
		case 'w':
			s->watch_stalls = true;
			break;
		case 'n':
			s->only_new = true;
			break;
		case 'f':
			s->file = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		case 'V':
			puts("biosetstat " VERSION);
			exit(0);
		default:
			fputs("Try \"biosetstat --help\".\n", stderr);
			exit(2);
		}
	}
	parse_words(s, argv + optind);
	if (s->only_new && !s->watch_stalls)
		wrong("needs --watch-stalls", "--new");
	if (s->watch_stalls && (s->json || s->interval))
		wrong("cannot be combined with others", "--watch-stalls");
}

/* 0: as wide as it takes, for a pipe or a file */
static int output_width(void)
{
	struct winsize ws;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		return ws.ws_col;
	return 0;
}

static bool print_table(const struct settings *s, struct table *t, bool rates)
{
	struct text out = { 0 };
	size_t written;

	table_sort(t, s->sort);
	if (s->json)
		json_print(&out, t);
	else
		columns_table(&out, t, output_width(), rates);
	written = fwrite(out.p, 1, out.len, stdout);
	fflush(stdout);
	text_free(&out);
	return written == out.len || !ferror(stdout);
}

static void pause_for(double secs)
{
	struct timespec ts = { .tv_sec = secs };

	ts.tv_nsec = (secs - ts.tv_sec) * 1e9;
	while (nanosleep(&ts, &ts))
		;
}

/* To a pipe or a file, or once: one table after the other. */
static int print_run(const struct settings *s)
{
	struct table before = { 0 }, now;
	struct text why = { 0 };
	bool going = true;
	long n;

	for (n = 0; going; n++) {
		if (n)
			pause_for(s->interval);
		if (!table_read(&now, s->file, &why)) {
			fprintf(stderr, "biosetstat: %s\n", why.p);
			text_free(&why);
			table_free(&before);
			return 1;
		}
		table_rates(&now, &before);
		going = print_table(s, &now, n > 0) && s->interval &&
			(!s->count || n + 1 < s->count);
		table_free(&before);
		before = now;
	}
	table_free(&before);
	return 0;
}

/* What cannot be read at the start is an error; later it is shown. */
static bool readable(const struct settings *s)
{
	struct text why = { 0 };
	struct table t;
	bool ret = table_read(&t, s->file, &why);

	if (!ret)
		fprintf(stderr, "biosetstat: %s\n", why.p);
	table_free(&t);
	text_free(&why);
	return ret;
}

/* What a full disk did not take is an error, as with any other program. */
static void check_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fputs("biosetstat: the output cannot be written\n", stderr);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct settings s = { .sort = SORT_WAITS };

	atexit(check_output);
	parse(&s, argc, argv);
	if (s.watch_stalls)
		return stalls_run(&s);
	if (!s.interval || s.json || !isatty(STDOUT_FILENO))
		return print_run(&s);
	if (!readable(&s))
		return 1;
	return screen_run(&s);
}
