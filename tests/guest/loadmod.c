// SPDX-License-Identifier: GPL-2.0
/*
 * loadmod FILE [PARAM=VALUE...]: insert a module.
 * loadmod -s FILE: the same again and again, where the kernel has fault injection:
 * the first, the second, ... of the allocations (or other fault points) of the call
 * fails, until a call has fewer. It removes what was inserted.
 * loadmod -r TIMES FILE FILE...: insert all and remove them again, the last one
 * first, without a pause and that many times.
 *
 * busybox's insmod tries a second time, another way, when a module's init
 * fails; a test must not. The exit status is the error's number.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int usage(void)
{
	fprintf(stderr, "usage: loadmod FILE [PARAM=VALUE...] | -s FILE | -r TIMES FILE FILE...\n");
	return 2;
}

static int fail_nth(unsigned int nth)
{
	int fd = open("/proc/self/fail-nth", O_WRONLY);

	if (fd < 0 || dprintf(fd, "%u", nth) < 0) {
		perror("loadmod: fail-nth");
		return -1;
	}
	return close(fd);
}

/* What is left of the count says whether the failure happened. */
static unsigned int left_to_fail(void)
{
	FILE *file = fopen("/proc/self/fail-nth", "r");
	unsigned int left = 0;

	if (!file || fscanf(file, "%u", &left) != 1)
		perror("loadmod: fail-nth");
	if (file)
		fclose(file);
	return left;
}

static int insert(int fd, const char *params)
{
	return syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
}

/* As the kernel names it: the file's name, less the suffix. */
static int remove_module(const char *path)
{
	const char *base = strrchr(path, '/');
	char name[64];

	snprintf(name, sizeof(name), "%s", base ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static int sweep(int fd, const char *path)
{
	unsigned int nth, left = 0, errors = 0;
	int err;

	for (nth = 1; !left; nth++) {
		if (fail_nth(nth))
			return 2;
		err = insert(fd, "");
		left = left_to_fail();
		fail_nth(0);
		errors += err == ENOMEM;
		if (!err)
			err = remove_module(path);
		else if (err == ENOMEM && !left)
			err = 0;
		if (err) {
			fprintf(stderr, "loadmod: failure point %u: %s\n", nth,
				strerror(err));
			return err;
		}
	}
	printf("%u failure points, %u errors\n", nth - 2, errors);
	return nth == 2; /* there were none */
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fprintf(stderr, "loadmod: %s: %s\n", path, strerror(errno));
	return fd;
}

/* Inserts the first of the files, then the others, and removes it after them. */
static int in_and_out(char **paths)
{
	int fd, err;

	if (!*paths)
		return 0;
	fd = open_file(*paths);
	if (fd < 0)
		return 2;
	err = insert(fd, "");
	close(fd);
	if (err)
		return err;
	err = in_and_out(paths + 1);
	return err ? err : remove_module(*paths);
}

static int repeat(long times, char **paths)
{
	long n;
	int err;

	for (n = 0; n < times; n++) {
		err = in_and_out(paths);
		if (err) {
			fprintf(stderr, "loadmod: round %ld: %s\n", n,
				strerror(err));
			return err;
		}
	}
	printf("in and out %ld times\n", n);
	return n <= 0;
}

static int once(char **argv)
{
	int fd = open_file(*argv), err;
	char params[4096] = "";
	size_t used = 0;
	char **arg;

	for (arg = argv + 1; *arg; arg++) {
		if (used + strlen(*arg) + 2 > sizeof(params))
			return usage();
		used += sprintf(params + used, "%s ", *arg);
	}
	if (fd < 0)
		return 2;
	err = insert(fd, params);
	if (err)
		fprintf(stderr, "loadmod: %s: %s\n", *argv, strerror(err));
	return err;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-s"))
		return sweep(open_file(argv[2]), argv[2]);
	if (argc > 3 && !strcmp(argv[1], "-r"))
		return repeat(atol(argv[2]), argv + 3);
	return argc < 2 ? usage() : once(argv + 1);
}
