// SPDX-License-Identifier: GPL-2.0
/*
 * Follows the module's reports in the kernel's log
 *
 * A record of /dev/kmsg is one line "level,number,microseconds,flags;text" and
 * may be followed by lines that begin with a blank, which are not for us.  All
 * of the module's own records begin with "bioset: "; a report ends with a stack
 * that the kernel prints, whose records do not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "biosetstat.h"

#define PREFIX "bioset: "
#define MAX_STACK 64 /* records, if no end is seen */

static int stack_left;

/* Whether the record belongs to a report. */
static bool is_ours(const char *text)
{
	size_t len = strlen(text);

	if (!strncmp(text, PREFIX, strlen(PREFIX))) {
		/* "<set>: the waiting task:" comes before its stack. */
		if (len > 5 && !strcmp(text + len - 5, "task:"))
			stack_left = MAX_STACK;
		return true;
	}
	if (!stack_left)
		return false;
	stack_left = strstr(text, "</TASK>") ? 0 : stack_left - 1;
	return true;
}

static void show(char *line)
{
	char *text = strchr(line, ';');
	unsigned long long us;

	if (!text || sscanf(line, "%*u,%*u,%llu,", &us) != 1)
		return;
	if (is_ours(++text)) {
		printf("[%5llu.%06llu] %s\n", us / 1000000, us % 1000000, text);
		fflush(stdout);
	}
}

static int explain(const char *path)
{
	if (errno == EPERM || errno == EACCES)
		fprintf(stderr,
			"biosetstat: not permitted to read %s: run this as root\n",
			path);
	else
		fprintf(stderr, "biosetstat: cannot read %s: %s\n", path,
			strerror(errno));
	return 1;
}

/* A read gives one record of /dev/kmsg, and anything of a file. */
static void take(char *buf, size_t *have, size_t room)
{
	char *line = buf, *end;

	while ((end = memchr(line, '\n', buf + *have - line))) {
		*end = '\0';
		show(line);
		line = end + 1;
	}
	*have -= line - buf;
	memmove(buf, line, *have);
	if (*have == room) /* a line longer than any record */
		*have = 0;
}

int stalls_run(const struct settings *s)
{
	const char *path = s->file ? s->file : "/dev/kmsg";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[16384];
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return explain(path);
	if (s->only_new)
		lseek(fd, 0, SEEK_END);
	for (;;) {
		n = read(fd, buf + have, sizeof(buf) - have);
		if (n > 0) {
			have += n;
			take(buf, &have, sizeof(buf));
		} else if (n < 0 && errno == EPIPE) {
			puts("(lines were lost: the kernel's log was overwritten)");
		} else if (n == 0) {
			return 0;
		} else if (errno != EINTR) {
			return explain(path);
		}
	}
}
