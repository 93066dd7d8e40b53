// SPDX-License-Identifier: GPL-2.0
/*
 * loadmod [-n NTH] FILE [PARAM=VALUE...]: insert a module.
 * loadmod -r TIMES FILE FILE...: insert all and remove them again, the last one
 * first, without a pause and that many times.
 *
 * busybox's insmod tries a second time, another way, when a module's init
 * fails; a test must not. With -n the NTH allocation (or other fault point)
 * of the call fails, where the kernel has fault injection, and "not reached" is
 * printed when the call has fewer. The exit status is the error's number.
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
	fprintf(stderr, "usage: loadmod [-n NTH | -s] FILE [PARAM=VALUE...]\n"
			"       loadmod -r TIMES FILE FILE...\n");
	return 2;
}

static int fail_nth(const char *nth)
{
	int fd = open("/proc/self/fail-nth", O_WRONLY);

	if (fd < 0 || write(fd, nth, strlen(nth)) < 0) {
		perror("loadmod: fail-nth");
		return -1;
	}
	return close(fd);
}

/* What is left of the count says whether the failure happened. */
static int not_reached(void)
{
	FILE *file = fopen("/proc/self/fail-nth", "r");
	unsigned int left = 0;

	if (!file || fscanf(file, "%u", &left) != 1)
		perror("loadmod: fail-nth");
	if (file)
		fclose(file);
	return left > 0;
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

static int sweep(int fd, const char *path, const char *params)
{
	unsigned int nth, left = 0, errors = 0;
	char text[16];
	int err;

	for (nth = 1; !left; nth++) {
		snprintf(text, sizeof(text), "%u", nth);
		if (fail_nth(text))
			return 2;
		err = insert(fd, params);
		left = left_to_fail();
		fail_nth("0");
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

/* Inserts the first of the files, then the others, and removes it after them. */
static int in_and_out(char **paths)
{
	int fd, err;

	if (!*paths)
		return 0;
	fd = open(*paths, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
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

int main(int argc, char **argv)
{
	const char *nth = NULL;
	char params[4096] = "";
	int fd, i, err, all = 0;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		nth = argv[2];
		argc -= 2;
		argv += 2;
	} else if (argc > 1 && !strcmp(argv[1], "-s")) {
		all = 1;
		argc--;
		argv++;
	}
	if (argc > 3 && !strcmp(argv[1], "-r"))
		return repeat(atol(argv[2]), argv + 3);
	if (argc < 2)
		return usage();
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "loadmod: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	for (i = 2; i < argc; i++) {
		if (strlen(params) + strlen(argv[i]) + 2 > sizeof(params))
			return usage();
		strcat(params, argv[i]);
		strcat(params, " ");
	}
	if (all)
		return sweep(fd, argv[1], params);
	if (nth && fail_nth(nth))
		return 2;
	err = insert(fd, params);
	if (nth && not_reached())
		puts("not reached");
	if (nth)
		fail_nth("0");
	if (err)
		fprintf(stderr, "loadmod: %s: %s\n", argv[1], strerror(err));
	return err;
}
