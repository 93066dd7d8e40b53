// SPDX-License-Identifier: GPL-2.0
/*
 * For User Mode Linux, by LD_PRELOAD, where the CPU has AMX.  Until 6.12 it has
 * 2696 bytes for the extended registers of a process, which end before those of
 * AMX; the host takes all or none, and its first process dies.  So they are
 * taken to the size that the host wants, with AMX unused.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Where an XSAVE area says which registers are not as they are at first. */
#define XSTATE_BV 512
#define AMX ((uint64_t)3 << 17)

typedef long (*ptrace_fn)(enum __ptrace_request request, ...);

static unsigned char area[64 * 1024] __attribute__((aligned(64)));
static size_t host_size;

static long get(ptrace_fn next, pid_t pid, struct iovec *iov)
{
	struct iovec whole = { area, sizeof(area) };

	if (next(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &whole) < 0)
		return -1;
	host_size = whole.iov_len;
	if (iov->iov_len > host_size)
		iov->iov_len = host_size;
	memcpy(iov->iov_base, area, iov->iov_len);
	return 0;
}

static long set(ptrace_fn next, pid_t pid, const struct iovec *iov)
{
	struct iovec whole = { area, host_size };
	uint64_t used;

	memset(area, 0, sizeof(area));
	memcpy(area, iov->iov_base,
	       iov->iov_len < host_size ? iov->iov_len : host_size);
	memcpy(&used, area + XSTATE_BV, sizeof(used));
	used &= ~AMX;
	memcpy(area + XSTATE_BV, &used, sizeof(used));
	return next(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
	static ptrace_fn next;
	void *addr, *data;
	va_list args;
	pid_t pid;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (!next)
		next = (ptrace_fn)dlsym(RTLD_NEXT, "ptrace");
	if (addr == (void *)NT_X86_XSTATE && request == PTRACE_GETREGSET)
		return get(next, pid, data);
	if (addr == (void *)NT_X86_XSTATE && request == PTRACE_SETREGSET)
		return set(next, pid, data);
	return next(request, pid, addr, data);
}
