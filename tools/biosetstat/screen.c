// SPDX-License-Identifier: GPL-2.0
/*
 * The table redrawn on a terminal
 *
 * A screen is put together in memory and written at once, so that it does not
 * flicker.  The few control sequences used are ECMA-48's, and the alternate
 * screen that every terminal of today has; a library for others is not needed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "biosetstat.h"

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define TO_LINE_END "\033[K"
#define TO_SCREEN_END "\033[J"
#define HIGHLIGHT "\033[1;7m"
#define PLAIN "\033[0m"

static const char keys[] =
	"q quit  sort: w waits a allocs f flight r reserve p punts l longest n name";

static volatile sig_atomic_t stop_signal, resized, continued;
static struct termios saved;

struct view {
	struct table now;
	struct text problem; /* instead of a table */
	enum sort_key sort;
	double interval;
	int top; /* first row shown */
	int lines, width;
};

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGCONT)
		continued = 1;
	else
		stop_signal = sig;
}

static void put(const char *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, p, len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}

static void enter(void)
{
	struct termios raw = saved;

	/* Keys at once and unseen; ^C and ^Z still make signals. */
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	put(ENTER, strlen(ENTER));
}

static void leave(void)
{
	put(LEAVE, strlen(LEAVE));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* Leaves the terminal as it was, and stops as if nothing had been caught. */
static void suspend(void)
{
	leave();
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
}

static void measure(struct view *v)
{
	struct winsize ws;

	v->lines = 24;
	v->width = 80;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col) {
		v->lines = ws.ws_row;
		v->width = ws.ws_col;
	}
}

static int nr_waiting(const struct table *t)
{
	int i, n = 0;

	for (i = 0; i < t->nr_rows; i++)
		n += row_waits(&t->rows[i]);
	return n;
}

static unsigned long long sum(const struct table *t, enum field f)
{
	unsigned long long n = 0;
	int i;

	for (i = 0; i < t->nr_rows; i++)
		n += t->rows[i].v[f];
	return n;
}

/* A line is cut at the terminal's width, and the rest of it cleared. */
static void line(struct text *out, const struct view *v, bool highlight,
		 const struct text *content)
{
	const int len = (int)content->len < v->width ? (int)content->len
						     : v->width;

	say(out, "%s%.*s%s%s\r\n", highlight ? HIGHLIGHT : "", len,
	    content->p ? content->p : "", highlight ? PLAIN : "",
	    len < v->width ? TO_LINE_END : "");
}

static void head_line(struct text *out, const struct view *v)
{
	const unsigned long long in_flight = sum(&v->now, IN_FLIGHT);
	const int sets = v->now.nr_rows;
	struct text t = { 0 };

	say(&t,
	    "biosetstat: %d set%s, %d waiting, %llu bio%s in flight; every %g s, by %s",
	    sets, sets == 1 ? "" : "s", nr_waiting(&v->now), in_flight,
	    in_flight == 1 ? "" : "s", v->interval, sort_names[v->sort]);
	line(out, v, false, &t);
	text_free(&t);
}

static void rows(struct text *out, struct view *v, int room)
{
	struct text t = { 0 };
	int i;

	if (v->top > v->now.nr_rows - room)
		v->top = v->now.nr_rows - room;
	if (v->top < 0)
		v->top = 0;
	columns_head(&t, &v->now, v->width, true);
	line(out, v, false, &t);
	for (i = v->top; i < v->now.nr_rows && i < v->top + room; i++) {
		t.len = 0;
		columns_row(&t, &v->now, i, v->width, true);
		line(out, v, row_waits(&v->now.rows[i]), &t);
	}
	text_free(&t);
}

/* The last line without a line feed, which would scroll. */
static void draw(struct view *v)
{
	struct text out = { 0 };

	measure(v);
	say(&out, HOME);
	head_line(&out, v);
	if (v->problem.len)
		line(&out, v, true, &v->problem);
	else if (!v->now.nr_rows)
		say(&out, "%.*s" TO_LINE_END "\r\n", v->width,
		    "no driver has made a set");
	else
		rows(&out, v, v->lines - 3);
	say(&out, TO_SCREEN_END "\033[%d;1H%.*s", v->lines, v->width - 1, keys);
	put(out.p, out.len);
	text_free(&out);
}

static void sample(struct view *v, const char *file)
{
	struct table next;

	v->problem.len = 0;
	if (!table_read(&next, file, &v->problem)) {
		table_free(&v->now);
		return;
	}
	table_rates(&next, &v->now);
	table_free(&v->now);
	v->now = next;
	table_sort(&v->now, v->sort);
}

static void sort_by(struct view *v, enum sort_key key)
{
	v->sort = key;
	v->top = 0;
	table_sort(&v->now, key);
}

/* Returns false for the key that quits. */
static bool press(struct view *v, const char *key, size_t len)
{
	static const char letters[] = "wafrpln"; /* as enum sort_key */
	const char *found;

	if (len >= 3 && key[0] == '\033' && (key[1] == '[' || key[1] == 'O')) {
		v->top += key[2] == 'B' ? 1 : key[2] == 'A' ? -1 : 0;
		return true;
	}
	if (key[0] == 'q' || key[0] == 'Q')
		return false;
	found = key[0] ? strchr(letters, key[0]) : NULL;
	if (found)
		sort_by(v, found - letters);
	return true;
}

/* Waits for a key, a signal or the time of the next sample. */
static bool wait_until(struct view *v, double when, const sigset_t *mask)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	double left = when - clock_now();
	struct timespec ts = { 0 };
	char key[16];
	ssize_t n;

	if (left > 0) {
		ts.tv_sec = left;
		ts.tv_nsec = (left - ts.tv_sec) * 1e9;
	}
	if (ppoll(&in, 1, &ts, mask) <= 0)
		return true;
	n = read(STDIN_FILENO, key, sizeof(key));
	/* A terminal that is gone is always readable. */
	if (n <= 0)
		return false;
	return press(v, key, n);
}

static void catch_signals(sigset_t *outside)
{
	static const int sigs[] = { SIGINT,  SIGTERM,  SIGHUP, SIGQUIT,
				    SIGTSTP, SIGWINCH, SIGCONT };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;
	int i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(sigs); i++) {
		sigaction(sigs[i], &action, NULL);
		sigaddset(&blocked, sigs[i]);
	}
	/* Seen in ppoll() only, so that none comes between look and sleep. */
	sigprocmask(SIG_BLOCK, &blocked, outside);
}

/* Returns whether to go on. */
static bool handle_signals(const sigset_t *outside)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	if (stop_signal == SIGTSTP) {
		stop_signal = 0;
		sigprocmask(SIG_SETMASK, outside, &blocked);
		suspend();
		sigprocmask(SIG_SETMASK, &blocked, NULL);
		sigaction(SIGTSTP, &action, NULL);
		continued = 1;
	}
	if (continued) {
		continued = 0;
		enter();
	}
	resized = 0;
	return !stop_signal;
}

static void loop(struct view *v, const struct settings *s,
		 const sigset_t *outside)
{
	double next = clock_now();
	long left = s->count;

	do {
		if (clock_now() >= next) {
			sample(v, s->file);
			next += s->interval;
			/* After a suspension do not catch up. */
			if (next < clock_now())
				next = clock_now() + s->interval;
			if (s->count && left-- == 0)
				break;
		}
		draw(v);
	} while (wait_until(v, next, outside) && handle_signals(outside));
}

int screen_run(const struct settings *s)
{
	struct view v = { .sort = s->sort, .interval = s->interval };
	sigset_t outside;

	if (tcgetattr(STDIN_FILENO, &saved)) {
		fputs("biosetstat: standard input is not a terminal\n", stderr);
		return 1;
	}
	catch_signals(&outside);
	enter();
	loop(&v, s, &outside);
	leave();
	table_free(&v.now);
	text_free(&v.problem);
	return 0;
}
