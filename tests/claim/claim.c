// SPDX-License-Identifier: GPL-2.0
/*
 * An interrupt after each instruction of a pop and of a push
 *
 * The claim of cache.h rests on the order in which the compiler leaves the
 * accesses, and no kernel in an emulator shows a wrong one: there, interrupts
 * come between blocks of code only.  So here is the code of cache.h itself, built
 * for a process of the host.  That is single-stepped, and the handler of the
 * trap is the interrupt: once after the first instruction, then after the
 * second, and so on.  After each such run every object must be in one place.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * What cache.h needs of the kernel, on a machine with one CPU.  Of preempt_*()
 * only that the compiler moves nothing past them.
 */
struct list_head {
	struct list_head *next, *prev;
};

static inline void barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

#define u8 unsigned char
#define raw_spinlock_t int
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* There is no KCSAN here. */
#define data_race(x) (x)
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))
#define preempt_disable() barrier()
#define preempt_enable() barrier()
#define this_cpu_ptr(p) (p)
#define raw_cpu_ptr(p) (p)
#define __percpu
#define ____cacheline_aligned __attribute__((aligned(64)))

/* Without its #include lines, see tests/host/claim */
#include "claim-cache.h"

#define OBJECTS 6
#define LISTED 4 /* at first; of the others each side has one */

enum { OF_TASK = LISTED, OF_INTERRUPT };

static struct bset_obj objs[OBJECTS];
static struct bset_cache cache;
static struct bset_cpu_cache cpu;
/* How often each object is held by the task or by the interrupt */
static int held[OBJECTS];

static volatile long step, interrupt_at;
static bool interrupt_pushes;
static long let_in, kept_out;

/* The slow half, which has no objects and no room here */
struct bset_obj *bset_cache_refill(struct bset_cpu_cache *c, unsigned int kind)
{
	(void)c;
	(void)kind;
	return NULL;
}

bool bset_cache_spill(struct bset_cpu_cache *c, unsigned int kind)
{
	(void)c;
	(void)kind;
	return false;
}

static void take(struct bset_obj *obj)
{
	if (obj)
		held[obj - objs]++;
}

static void give(int n, enum bset_pushed pushed)
{
	if (pushed == BSET_PUSHED)
		held[n]--;
}

static void interrupt(void)
{
	const bool busy = cpu.busy;

	if (interrupt_pushes)
		give(OF_INTERRUPT,
		     bset_cache_push(&cpu, 0, &objs[OF_INTERRUPT]));
	else
		take(bset_cache_pop(&cpu, 0));
	if (busy)
		kept_out++;
	else
		let_in++;
}

static void trap(int sig)
{
	(void)sig;
	if (step++ == interrupt_at)
		interrupt();
}

static __attribute__((noinline)) void pop_one(void)
{
	take(bset_cache_pop(&cpu, 0));
}

static __attribute__((noinline)) void push_one(void)
{
	give(OF_TASK, bset_cache_push(&cpu, 0, &objs[OF_TASK]));
}

static void single_step(bool on)
{
	if (on)
		__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq"
				 :
				 :
				 : "memory", "cc");
	else
		__asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq"
				 :
				 :
				 : "memory", "cc");
}

static void start_anew(void)
{
	int i;

	memset(objs, 0, sizeof(objs));
	memset(&cpu, 0, sizeof(cpu));
	memset(held, 0, sizeof(held));
	cpu.cache = &cache;
	cpu.batch[0] = OBJECTS;
	for (i = 0; i < LISTED; i++)
		bset_list_push(&cpu, 0, &objs[i]);
	held[OF_TASK] = 1;
	held[OF_INTERRUPT] = 1;
}

/* Each object is listed once or held once, and the list knows its length. */
static bool is_whole(void)
{
	const struct bset_obj *obj;
	int i, length = 0;

	for (obj = cpu.head[0]; obj && length <= OBJECTS; obj = obj->next) {
		held[obj - objs]++;
		length++;
	}
	for (i = 0; i < OBJECTS; i++)
		if (held[i] != 1)
			return false;
	return length == cpu.nr[0] && !cpu.busy;
}

static void check(const char *name, void (*op)(void), bool pushes)
{
	long wrong = 0, first = 0;

	interrupt_pushes = pushes;
	interrupt_at = 0;
	let_in = 0;
	kept_out = 0;
	do {
		start_anew();
		step = 0;
		single_step(true);
		op();
		single_step(false);
		if (!is_whole() && !wrong++)
			first = interrupt_at;
		interrupt_at++;
	} while (interrupt_at < step);

	if (wrong)
		printf("not ok %s - wrong at %ld of %ld instructions, first at %ld\n",
		       name, wrong, interrupt_at, first);
	else if (!let_in || !kept_out)
		printf("not ok %s - the claim was %s held\n", name,
		       let_in ? "never" : "always");
	else
		printf("ok %s\n", name);
}

int main(void)
{
	signal(SIGTRAP, trap);
	check("claim: a pop, and an interrupt that pops", pop_one, false);
	check("claim: a pop, and an interrupt that pushes", pop_one, true);
	check("claim: a push, and an interrupt that pops", push_one, false);
	check("claim: a push, and an interrupt that pushes", push_one, true);
	return 0;
}
