// SPDX-License-Identifier: GPL-2.0
/*
 * The module's barriers, each taken out once
 *
 * The litmus tests beside this file, for Relacy (Debian: relacy-dev). That runs
 * each order of the steps, and gives each load every value that the memory model
 * of C++ allows. With all barriers no test fails; without any one of them the
 * test that has it does, so none is there for nothing.
 *
 * What stands for what: smp_rmb() is an acquire fence, smp_wmb() a release
 * fence, smp_mb() a sequentially consistent one, READ_ONCE() and WRITE_ONCE()
 * are relaxed accesses. A plain access is a var: Relacy fails when two of them
 * may happen at once. The two fences order a little more than the kernel's: an
 * acquire fence later stores as well, a release fence earlier loads. No test here
 * needs that.
 */
#include <cstdio>
#include <cstring>
#include <ostream>
#include <relacy/relacy.hpp>

/* The barrier that is taken out, and whether a test came by its place. */
static const char *without;
static bool met;

static bool has(const char *barrier)
{
	const bool out = !strcmp(barrier, without);

	met |= out;
	return !out;
}

#define FENCE(barrier, order)                              \
	do {                                               \
		if (has(barrier))                          \
			rl::atomic_thread_fence(order, $); \
	} while (0)

#define smp_rmb(barrier) FENCE(barrier, rl::mo_acquire)
#define smp_wmb(barrier) FENCE(barrier, rl::mo_release)
#define smp_mb(barrier) FENCE(barrier, rl::mo_seq_cst)

#define READ_ONCE(x) (x).load(rl::mo_relaxed, $)
#define WRITE_ONCE(x, v) (x).store(v, rl::mo_relaxed, $)

/* reserve-put.litmus: a put sees that the reserve is short */
struct reserve_put : rl::test_suite<reserve_put, 2> {
	rl::atomic<int> curr_nr, object;

	void before()
	{
		WRITE_ONCE(curr_nr, 1);
		WRITE_ONCE(object, 0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			WRITE_ONCE(curr_nr, 0);
			smp_wmb("smp_wmb() in mempool_alloc()");
			WRITE_ONCE(object, 1);
		} else if (READ_ONCE(object)) {
			smp_rmb("smp_rmb() before the look at a reserve");
			RL_ASSERT(!READ_ONCE(curr_nr));
		}
	}
};

/* in-flight.litmus: who has seen a put has seen its allocation */
struct in_flight : rl::test_suite<in_flight, 3> {
	rl::atomic<int> allocs, object, puts;

	void before()
	{
		WRITE_ONCE(allocs, 0);
		WRITE_ONCE(object, 0);
		WRITE_ONCE(puts, 0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			WRITE_ONCE(allocs, 1);
			object.store(1, rl::mo_release, $);
		} else if (i == 1) {
			if (!object.load(rl::mo_acquire, $))
				return;
			smp_mb("bset_mb_before_inc() in bset_count_put()");
			WRITE_ONCE(puts, 1);
		} else if (READ_ONCE(puts)) {
			smp_mb("smp_mb() in bset_in_flight()");
			RL_ASSERT(READ_ONCE(allocs));
		}
	}
};

/* teardown.litmus: the last put is done with the set when it counts */
struct teardown : rl::test_suite<teardown, 2> {
	rl::var<int> set;
	rl::atomic<int> puts;

	void before()
	{
		VAR(set) = 1;
		WRITE_ONCE(puts, 0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			RL_ASSERT(VAR(set) == 1);
			smp_mb("bset_mb_before_inc() in bset_count_put()");
			WRITE_ONCE(puts, 1);
		} else if (READ_ONCE(puts)) {
			smp_mb("smp_mb() in bset_in_flight()");
			VAR(set) = 0;
		}
	}
};

/* tracking.litmus: who finds the records finds them ready */
struct tracking : rl::test_suite<tracking, 2> {
	rl::var<int> records;
	rl::atomic<int> pointer;

	void before()
	{
		WRITE_ONCE(pointer, 0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			VAR(records) = 1;
			if (has("smp_store_release() in bset_track_switch()"))
				pointer.store(1, rl::mo_release, $);
			else
				WRITE_ONCE(pointer, 1);
		} else {
			const bool found =
				has("the address dependency in track_of()")
					? pointer.load(rl::mo_consume, $)
					: READ_ONCE(pointer);

			RL_ASSERT(!found || VAR(records) == 1);
		}
	}
};

/*
 * wake-up.litmus: a sleeper sees the object, or a put sees the sleeper. Each of
 * the two locks is enough for that; without both nothing orders the looks.
 */
struct wake_up : rl::test_suite<wake_up, 2> {
	rl::mutex queue, pool;
	rl::atomic<int> sleeper, curr_nr;
	int seen[2];

	void before()
	{
		WRITE_ONCE(sleeper, 0);
		WRITE_ONCE(curr_nr, 0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			queue.lock($);
			WRITE_ONCE(sleeper, 1);
			queue.unlock($);
			seen[0] = look(pool, curr_nr);
		} else {
			pool.lock($);
			WRITE_ONCE(curr_nr, 1);
			pool.unlock($);
			seen[1] = look(queue, sleeper);
		}
	}

	int look(rl::mutex &lock, rl::atomic<int> &what)
	{
		const bool locked = has("the locks over both looks");
		int value;

		if (locked)
			lock.lock($);
		value = READ_ONCE(what);
		if (locked)
			lock.unlock($);
		return value;
	}

	void after()
	{
		RL_ASSERT(seen[0] || seen[1]);
	}
};

static int failed;

static void result(bool good, const char *test, const char *barrier, bool holds)
{
	printf("%s %s %s%s%s\n", good ? "ok" : "not ok", test,
	       *barrier ? "without " : "with all barriers", barrier,
	       good ? "" : holds ? " - it holds" : " - it breaks");
	failed += !good;
}

/* Whether all runs of a test end well. */
template <typename test> static bool holds(rl::test_result_e &how)
{
	std::ostream unread(NULL); /* discards */
	rl::test_params params;

	params.search_type = rl::sched_full;
	params.output_stream = &unread;
	params.progress_stream = &unread;
	rl::simulate<test>(params);
	how = params.test_result;
	return how == rl::test_result_success;
}

template <typename test>
static void check(const char *name, const char *const *barriers)
{
	rl::test_result_e how;
	bool good;

	without = "";
	good = holds<test>(how);
	result(good, name, "", good);
	for (; *barriers; barriers++) {
		without = *barriers;
		met = false;
		good = holds<test>(how);
		/* As it is meant to break, and not by a mistake of this file's */
		result(met && (how == rl::test_result_user_assert_failed ||
			       how == rl::test_result_data_race),
		       name, without, good);
	}
}

int main()
{
	static const char *const of_reserve[] = {
		"smp_wmb() in mempool_alloc()",
		"smp_rmb() before the look at a reserve", NULL
	};
	static const char *const of_counts[] = {
		"bset_mb_before_inc() in bset_count_put()",
		"smp_mb() in bset_in_flight()", NULL
	};
	static const char *const of_tracking[] = {
		"smp_store_release() in bset_track_switch()",
		"the address dependency in track_of()", NULL
	};
	static const char *const of_queue[] = { "the locks over both looks",
						NULL };

	check<reserve_put>("reserve-put", of_reserve);
	check<in_flight>("in-flight", of_counts);
	check<teardown>("teardown", of_counts);
	check<tracking>("tracking", of_tracking);
	check<wake_up>("wake-up", of_queue);
	return !!failed;
}
