/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hand-over between allocators, current->bio_list, rescuers and reserves.
 *
 * Two tasks each submit a bio to disk A, which is stacked on disk B, which is
 * stacked on a bottom disk. A and B each own one bio_set, or two; each cuts
 * every bio that it gets into PIECES clones. Memory is exhausted: but for the EXTRA
 * objects that the slab may or may not still give, only the reserves are left.
 * When the tasks are done the sets are torn down.
 *
 * One statement here is one step that other CPUs can see, or a run of steps
 * that only the running task can see (its bio_list), or what the code does
 * under one lock. spin looks at every interleaving of those. Memory is
 * sequentially consistent here; what the barriers are for is argued in
 * ../forward-progress.md, which also says which function is which step.
 *
 * docs/model/run runs all of it. Sizes:
 *   TASKS       submitting tasks (2)
 *   PIECES      clones a disk makes of each bio (2)
 *   RESERVE     elements in the reserve of each set (1)
 *   EXTRA_A, EXTRA_B  bios of A and B that the slab may give besides (0)
 *   ARRAYS      each bio also needs an array, from a reserve of one, put back
 *               before the bio (off: the bios have room for their vectors)
 *   COMPLETERS  contexts in which the bottom disk completes bios (1)
 *   SYNC        the bottom disk completes a bio while it is submitted, not later
 *   MIXED       each task runs under a third disk, which has left it two bios:
 *               the first for B, the second for A
 *   PUT_LAST    drivers put a clone after they have told its parent, not before
 *   FOREVER     the tasks submit again and again; there is no teardown
 *   DRIVER_A    what disk A does with a bio: the three shapes below (CLONES)
 *   TWO_SETS    there is no disk B: A has both sets, and makes its pieces from
 *               them in turn; which of them comes first may differ each time
 *   A_TWO_SETS, B_TWO_SETS  disk A or disk B has a second set, to the same end
 *
 * Each of these takes one thing away from the algorithm; the argument must break:
 *   WITHOUT_RESCUER   nothing is punted
 *   PUNT_ONE_LIST     only list [0] is punted
 *   PUNT_WANTED       only bios of the set that is waited for are punted; also
 *                     what happens if one of the sets is the kernel's own
 *   PUNT_TO_WANTED    all bios go to the rescuer of the set that is waited for
 *   SHARED_RESCUER    one thread serves the rescue work of both sets
 *   QUEUE_FIRST       the work is queued before the bios are on its list
 *   LOST_WAKEUP       the reserve is looked at before prepare_to_wait()
 *   CACHE_FIRST       a put feeds another CPU's cache before the reserve
 *   PUT_ONE_LOOK      a put does not look again once it has the lock
 *   STALE_LOOK        a put may see the reserve as it was before the allocation
 *   ARRAY_NO_PUNT     nothing is punted before the wait for an array
 *   COUNT_FIRST       a put is counted before it has left the pool alone
 *   NO_DRAIN          teardown does not wait for the rescue work
 * and these break a rule that drivers must keep:
 *   NO_PARENT_REF     no reference on the parent while its pieces are made
 *   HOLD_TWO          all pieces are allocated before the first is submitted
 *   SHARED_SET        both disks allocate from one set
 *   END_SUBMITS       the end_io of a task's bio submits it a second time,
 *                     wherever the completion happens to run (with SYNC)
 * With TWO_SETS, a rule that HOLD_TWO needs and others do not:
 *   ORDERED           the same set always comes first
 * The world around the algorithm as it was:
 *   FIFO              bio_list is one queue, as before Linux 4.11
 */

#ifndef TASKS
#define TASKS		2
#endif
#ifndef PIECES
#define PIECES		2
#endif
#ifndef RESERVE
#define RESERVE		1
#endif
#ifndef EXTRA_A
#define EXTRA_A		0
#endif
#ifndef EXTRA_B
#define EXTRA_B		0
#endif
#ifndef COMPLETERS
#define COMPLETERS	1
#endif

/*
 * Shapes of disk A's ->submit_bio.
 * CLONES: a clone for each piece, in a loop, all to disk B.
 * REST:   one clone to disk B, and what is left of the bio to A itself.
 * REQUEUE: what is left of the bio to A itself, then one clone to A itself,
 *         which A sends on to B, allocating nothing, when it sees it again.
 */
#define CLONES		0
#define REST		1
#define REQUEUE		2
#ifndef DRIVER_A
#define DRIVER_A	CLONES
#endif

#define DISK_A		0
#define DISK_B		1
#define BOTTOM		2

#define SET_A		0
#define SET_B		1
#define SET_2		2	/* the second one of A or B */
#define NO_SET		3	/* the tasks' own bios come from elsewhere */

#if defined(A_TWO_SETS) || defined(B_TWO_SETS)
#define SETS		3
#else
#define SETS		2
#endif

/* A pool is what one mempool of a set is: its bios, or its arrays. */
#define BIOS(set)	(set)
#define ARRAYS_OF(set)	(SETS + (set))
#define POOLS		(2 * SETS)

/* Bios: the tasks' own, then those of each set. */
#ifdef MIXED
#define TOPS		2
#else
#define TOPS		1
#endif
#define FIRST_OF_A	(TASKS * TOPS)
#define FIRST_OF_B	(FIRST_OF_A + RESERVE + EXTRA_A)
#define FIRST_OF_2	(FIRST_OF_B + RESERVE + EXTRA_B)
#define NR_BIOS		(FIRST_OF_2 + (SETS - 2) * RESERVE)
#define FIRST_OF(set)	((set) == SET_A -> FIRST_OF_A : \
			 ((set) == SET_B -> FIRST_OF_B : FIRST_OF_2))
#define END_OF(set)	((set) == SETS - 1 -> NR_BIOS : FIRST_OF((set) + 1))
#define SET_OF(bio)	((bio) < FIRST_OF_A -> NO_SET : \
			 ((bio) < FIRST_OF_B -> SET_A : \
			  ((bio) < FIRST_OF_2 -> SET_B : SET_2)))
#define NO_BIO		255

#ifdef SHARED_SET
#define SET_OF_DISK(disk)	SET_A
#else
#define SET_OF_DISK(disk)	(disk)
#endif

/* Which set a piece comes from, where there are two: turn is 0 or 1. */
#if defined(TWO_SETS)
#define SET_FOR(disk, piece)	(((piece) + turn) & 1)
#elif defined(A_TWO_SETS)
#define SET_FOR(disk, piece)	((disk) + 2 * ((disk) == DISK_A && \
					       ((piece) + turn) % 2 == 1))
#elif defined(B_TWO_SETS)
#define SET_FOR(disk, piece)	((disk) + ((disk) == DISK_B && \
					   ((piece) + turn) % 2 == 1))
#else
#define SET_FOR(disk, piece)	SET_OF_DISK(disk)
#endif

#ifdef TWO_SETS
#define BELOW(disk)		BOTTOM
#else
#define BELOW(disk)		((disk) + 1)
#endif

#if !defined(TWO_SETS) && !defined(A_TWO_SETS) && !defined(B_TWO_SETS)
#define ORDERED
#endif

/* Whoever calls submit_bio() with no bio_list of its own yet. */
#define WORKER(set)	(TASKS + (set))
#define CONTEXTS	(TASKS + SETS)
#define BIT(n)		(1 << (n))

typedef bio_t {
	bool used;
	byte disk;		/* where it is going */
	byte parent;		/* whom its completion tells */
	byte remaining;		/* completions it waits for, as in struct bio */
	byte todo;		/* pieces still to be made, for REST, REQUEUE */
};
bio_t bio[NR_BIOS];

byte reserve[POOLS];		/* elements in the reserve */
byte from_slab[POOLS];		/* objects beyond the reserve's that exist */
byte cached[POOLS];		/* CACHE_FIRST only */
byte waiting[POOLS];		/* contexts on the wait queue, a bit each */

/* current->bio_list: [0] of this ->submit_bio call, [1] older ones. */
chan new_list[CONTEXTS] = [NR_BIOS] of { byte };
chan old_list[CONTEXTS] = [NR_BIOS] of { byte };
chan scratch = [NR_BIOS] of { byte };

chan rescue_list[SETS] = [NR_BIOS] of { byte };
bool work_queued[SETS];

bool work_runs[SETS];
byte in_flight[SETS];		/* what bset_exit() waits for */

byte at_bottom;			/* bios the bottom disk works on, a bit each */
byte done;			/* tasks' bios that are complete, a bit each */
#ifdef END_SUBMITS
byte again;			/* those that were submitted again, a bit each */
#endif
byte tasks_left = TASKS;
bool torn_down;

#define MAY_GIVE(pool)	(((pool) == 0 && from_slab[0] < EXTRA_A) || \
			 ((pool) == 1 && from_slab[1] < EXTRA_B))

/* ---- mempool_glue.c: bset_pool_get(), bset_pool_put() ---- */

/* One attempt: the slab, if it feels like it, else the reserve. */
inline pool_try(pool)
{
	atomic {
		assert(reserve[pool] <= RESERVE);
		if
		:: MAY_GIVE(pool) -> from_slab[pool]++; ok = true
		:: reserve[pool] > 0 -> reserve[pool]--; ok = true
		:: reserve[pool] == 0 -> ok = false
		fi
	}
}

inline pool_wait(pool)
{
	do
	::
#ifdef LOST_WAKEUP
		pool_try(pool);
		if
		:: ok -> break
		:: else -> waiting[pool] = waiting[pool] | BIT(me)
		fi;
#else
		waiting[pool] = waiting[pool] | BIT(me);
		pool_try(pool);
		if
		:: ok ->
			waiting[pool] = waiting[pool] & ~BIT(me);
			break
		:: else
		fi;
#endif
		/* schedule(): until a put takes us off the wait queue */
		!(waiting[pool] & BIT(me))
	od
}

inline to_slab(pool)
{
#ifdef STALE_LOOK
	if
	:: from_slab[pool] > 0 -> from_slab[pool]--
	:: else		/* the slab has an element that the reserve needs */
	fi
#else
	assert(from_slab[pool] > 0);
	from_slab[pool]--
#endif
}

inline pool_put(pool)
{
#ifdef CACHE_FIRST
	if
	:: d_step { cached[pool] == 0 -> cached[pool] = 1 }
	:: else ->
#endif
	/*
	 * A look without the lock, then the lock and a second look. Where the
	 * slab gives nothing the first cannot fail, and one look is enough to
	 * go through: to_slab() would say so if the reserve were whole.
	 */
#if EXTRA_A + EXTRA_B > 0
	low = reserve[pool] < RESERVE;
#else
	low = true;
#endif
#ifdef STALE_LOOK
	if
	:: low = false
	:: skip
	fi;
#endif
	if
	:: low ->
		d_step {
			assert(!torn_down);
#ifndef PUT_ONE_LOOK
			low = reserve[pool] < RESERVE;
#endif
			if
			:: low -> reserve[pool]++
			:: else -> to_slab(pool)
			fi
		};
		if
		:: low ->			/* wake_up() */
			d_step {
				assert(!torn_down);
				waiting[pool] = 0
			};
			low = false
		:: else
		fi
	:: else ->
		d_step { to_slab(pool) }
	fi
#ifdef CACHE_FIRST
	fi
#endif
}

/* ---- rescuer.c: bset_rescue_punt() ---- */

/* Whose rescuer a bio goes to when a task is about to wait for the set. */
#if defined(PUNT_TO_WANTED)
#define RESCUER_OF(x, set)	(set)
#elif defined(PUNT_WANTED)
#define RESCUER_OF(x, set)	(SET_OF(x) == (set) -> (set) : NO_SET)
#else
#define RESCUER_OF(x, set)	SET_OF(x)
#endif

/*
 * Adds bio b to its rescuer's list and queues the work, both under the set's
 * lock, so in one step.
 */
inline hand_over(set)
{
#ifdef QUEUE_FIRST
	work_queued[RESCUER_OF(b, set)] = true;
	rescue_list[RESCUER_OF(b, set)] ! b
#else
	d_step {
		rescue_list[RESCUER_OF(b, set)] ! b;
		work_queued[RESCUER_OF(b, set)] = true
	}
#endif
}

/* Only this context sees its lists; others see what it hands over. */
inline punt_list(list, set)
{
	n = len(list);
	do
	:: n > 0 ->
		d_step { n--; list ? b };
		if
		:: RESCUER_OF(b, set) != NO_SET -> hand_over(set)
		:: else -> list ! b
		fi
	:: else -> break
	od;
	b = 0
}

inline punt(set)
{
	punt_list(new_list[me], set);
#ifndef PUNT_ONE_LIST
	punt_list(old_list[me], set)
#endif
}

/* ---- mempool_glue.c, bio_alloc.c: bset_pool_get(), bset_alloc() ---- */

inline get(pool, set, punts)
{
	pool_try(pool);
	if
	:: ok
	:: else ->
#ifndef WITHOUT_RESCUER
		if
		:: punts -> punt(set)
		:: else
		fi;
#endif
		pool_wait(pool)
	fi;
	ok = false
}

#ifdef ARRAY_NO_PUNT
#define ARRAY_PUNTS	false
#else
#define ARRAY_PUNTS	true
#endif

inline alloc(set)
{
	s = set;
	get(BIOS(s), s, true);
#ifdef ARRAYS
	get(ARRAYS_OF(s), s, ARRAY_PUNTS)
#endif
}

inline new_top(x, to)
{
	bio[x].used = true;
	bio[x].disk = to;
	bio[x].parent = NO_BIO;
	bio[x].remaining = 1
}

/* submit_bio() under ->submit_bio only appends to list [0]. */
inline submit_nested(x)
{
	assert(nfull(new_list[me]));
	new_list[me] ! x
}

/* ---- completion: bio_endio(), the driver's bi_end_io, bio_put() ---- */

inline count_down()
{
	assert(bio[e].used && bio[e].remaining > 0);
	bio[e].remaining--;
	last = bio[e].remaining == 0;
	eset = SET_OF(e);
	up = bio[e].parent;
	if
	:: last ->
		bio[e].used = false;
		bio[e].disk = 0;
		bio[e].parent = 0
	:: else
	fi
}

/* bio_put() of a bio of the set: bset_release_parts(), bset_count_put() */
inline give_back(set)
{
#ifdef COUNT_FIRST
	in_flight[set]--;
#endif
#ifdef ARRAYS
	pool_put(ARRAYS_OF(set));
#endif
	pool_put(BIOS(set));
#ifndef COUNT_FIRST
	in_flight[set]--
#endif
}

/* For bio e. A parent's last child completes the parent, and so on up. */
inline endio()
{
	do
	::
		d_step { count_down() };
		if
		:: !last -> break
		:: last && eset == NO_SET ->
#ifdef END_SUBMITS
			if
			:: d_step { !(again & BIT(e)) ->
				again = again | BIT(e);
				new_top(e, DISK_A);
				submit_nested(e)
			   };
			   break
			:: else
			fi;
#endif
			done = done | BIT(e);
progress:		break
		:: else ->
#ifdef PUT_LAST
			owed = owed | BIT(eset)
#else
			give_back(eset)
#endif
		fi;
		e = up
	od;
#ifdef PUT_LAST
	if
	:: owed & BIT(SET_A) -> give_back(SET_A)
	:: else
	fi;
	if
	:: owed & BIT(SET_B) -> give_back(SET_B)
	:: else
	fi;
	owed = 0;
#endif
	e = 0; up = 0; eset = 0; last = false
}

/* ---- the stacked drivers, and submit_bio_noacct() around them ---- */

/*
 * After alloc(): makes the object a clone of part of x, bound for the disk.
 * Which of the free numbers it gets makes no difference. For use in d_step.
 */
inline clone_of(x, to)
{
	c = FIRST_OF(s);
	do
	:: bio[c].used -> c++
	:: else -> break
	od;
	assert(c < END_OF(s));
	assert(bio[x].used && bio[x].disk == d);
	bio[c].used = true;
	bio[c].parent = x;
	bio[c].remaining = 1;
	bio[c].disk = to;
	bio[x].remaining++;
	in_flight[s]++;
	s = 0
}

inline choose_turn()
{
#ifndef ORDERED
	if
	:: turn = 0
	:: turn = 1
	fi
#else
	skip
#endif
}

inline driver_clones(x)
{
	choose_turn();
#ifdef NO_PARENT_REF
	bio[x].remaining--;
#endif
#ifdef HOLD_TWO
	alloc(SET_FOR(d, 0));
	s2 = s;
	alloc(SET_FOR(d, 1));
	d_step {
		clone_of(x, BELOW(d));
		submit_nested(c);
		s = s2;
		s2 = 0;
		clone_of(x, BELOW(d));
		submit_nested(c);
		c = 0
	};
#else
	do
	:: k < PIECES ->
		alloc(SET_FOR(d, k));
		d_step {
			clone_of(x, BELOW(d));
			submit_nested(c);
			c = 0;
			k++
		}
	:: else -> break
	od;
	k = 0;
#endif
	turn = 0;
#ifndef NO_PARENT_REF
	e = x;
	endio()
#endif
}

inline driver_self(x)
{
	if
	:: SET_OF(x) == SET_OF_DISK(d) ->	/* REQUEUE: a piece of ours */
		d_step { bio[x].disk = BELOW(d); submit_nested(x) }
	:: else ->
		alloc(SET_FOR(d, 0));
		d_step {
			clone_of(x, (DRIVER_A == REQUEUE -> DISK_A : BELOW(d)));
			if
			:: bio[x].todo == 0 -> bio[x].todo = PIECES
			:: else
			fi;
			bio[x].todo--;
			last = bio[x].todo == 0;
			if
			:: !last -> submit_nested(x)
			:: else
			fi;
			submit_nested(c);
			c = 0
		};
		if
		:: last -> e = x; endio()
		:: else
		fi
	fi
}

inline run_driver(x)
{
	if
	:: d == BOTTOM ->
#ifdef SYNC
		e = x;
		endio()
#else
		d_step {
			assert(!(at_bottom & BIT(x)));
			at_bottom = at_bottom | BIT(x)
		}
#endif
#if DRIVER_A == CLONES
	:: else -> driver_clones(x)
#else
	:: d == DISK_A -> driver_self(x)
	:: d == DISK_B -> driver_clones(x)
#endif
	fi
}

/* submit_bio() with no bio_list yet, for bio cur. */
inline submit()
{
	d = bio[cur].disk;
	do
	::
		run_driver(cur);
		d_step {
#ifdef FIFO
			do
			:: nempty(old_list[me]) ->
				old_list[me] ? b; scratch ! b
			:: empty(old_list[me]) -> break
			od;
#else
			/* for a lower disk first, then the same, then older */
			n = len(new_list[me]);
			do
			:: n > 0 ->
				n--;
				new_list[me] ? b;
				if
				:: bio[b].disk != d -> scratch ! b
				:: else -> new_list[me] ! b
				fi
			:: else -> break
			od;
#endif
			do
			:: nempty(new_list[me]) ->
				new_list[me] ? b; scratch ! b
			:: empty(new_list[me]) -> break
			od;
			do
			:: nempty(old_list[me]) ->
				old_list[me] ? b; scratch ! b
			:: empty(old_list[me]) -> break
			od;
			do
			:: nempty(scratch) ->
				scratch ? b; old_list[me] ! b
			:: empty(scratch) -> break
			od;
			b = 0;
			if
			:: nempty(old_list[me]) ->
				old_list[me] ? cur; d = bio[cur].disk
			:: empty(old_list[me]) -> cur = NO_BIO; d = 0
			fi
		};
		if
		:: cur == NO_BIO -> cur = 0; break
		:: else
		fi
	od
}

/* What the inlines above use, in every context that submits. */
#define SUBMIT_LOCALS \
	byte cur, d, k, c, s, s2, b, n, e, up, eset, turn; \
	byte owed; \
	bool ok, low, last

#ifdef MIXED
#define MINE		(BIT(me) | BIT(me + TASKS))
#else
#define MINE		BIT(me)
#endif

proctype task(byte me)
{
	SUBMIT_LOCALS;

	do
	::
		d_step {
			done = done & ~MINE;
			new_top(me, DISK_A);
			cur = me;
#ifdef MIXED
			old_list[me] ! cur;
			cur = me + TASKS;
			new_top(cur, DISK_B)
#endif
		};
		submit();
		(done & MINE) == MINE;
#ifndef FOREVER
		break
#endif
	od;
	tasks_left--
}

/* ---- rescuer.c: bset_rescue_work() on the set's workqueue ---- */

inline rescue_work(set)
{
	do
	::
		atomic {
			assert(!torn_down);
			if
			:: nempty(rescue_list[set]) ->
				rescue_list[set] ? cur;
#ifndef PUNT_TO_WANTED
				assert(SET_OF(cur) == (set))
#endif
			:: empty(rescue_list[set]) ->
				work_runs[set] = false; break
			fi
		};
		submit()
	od
}

inline start_work(set)
{
	d_step {
		work_queued[set] -> work_queued[set] = false;
		work_runs[set] = true
	}
}

#ifdef SHARED_RESCUER

proctype worker(byte me)
{
	SUBMIT_LOCALS;

end_idle:
	do
	:: start_work(SET_A); rescue_work(SET_A)
	:: start_work(SET_B); rescue_work(SET_B)
	od
}

#else

proctype worker(byte me)
{
	SUBMIT_LOCALS;

end_idle:
	do
	:: start_work(me - TASKS); rescue_work(me - TASKS)
	od
}

#endif

#ifndef SYNC

proctype bottom_disk()
{
	byte e, up, eset, owed;
	bool low, last;

end_idle:
	do
	:: atomic {
		at_bottom != 0 ->
		do			/* any one of them */
		:: at_bottom & BIT(e) -> break
		:: at_bottom >> (e + 1) -> e++
		od;
		at_bottom = at_bottom & ~BIT(e)
	   };
		endio()
	od
}

#endif

#define WHOLE(pool)	(reserve[pool] == RESERVE && from_slab[pool] == 0)
#define IDLE(set)	(!work_queued[set] && !work_runs[set])

init
{
	byte i;

	atomic {
		assert(NR_BIOS <= 8);	/* bit masks are bytes */
		for (i : 0 .. POOLS - 1) {
			reserve[i] = RESERVE
		}
		for (i : 0 .. TASKS - 1) {
			run task(i)
		}
		run worker(WORKER(SET_A));
#ifndef SHARED_RESCUER
		for (i : SET_B .. SETS - 1) {
			run worker(WORKER(i))
		}
#endif
#ifndef SYNC
		for (i : 1 .. COMPLETERS) {
			run bottom_disk()
		}
#endif
		i = 0
	}
#ifndef FOREVER
	tasks_left == 0;
	/* bset_exit() of each: wait for what is out, then destroy_workqueue() */
	for (i : 0 .. SETS - 1) {
		in_flight[i] == 0;
#ifndef NO_DRAIN
		IDLE(i)
#endif
	}
	i = 0;
	d_step {
		for (i : 0 .. SETS - 1) {
			assert(WHOLE(BIOS(i)) && empty(rescue_list[i]));
#ifdef ARRAYS
			assert(WHOLE(ARRAYS_OF(i)))
#endif
		}
		assert(at_bottom == 0 && done == BIT(FIRST_OF_A) - 1);
		for (i : 0 .. CONTEXTS - 1) {
			assert(empty(new_list[i]) && empty(old_list[i]))
		}
		for (i : 0 .. NR_BIOS - 1) {
			assert(!bio[i].used)
		}
		torn_down = true
	}
#endif
}

#ifdef FOREVER
/* No task is passed over for ever. */
ltl no_starving { [] <> (done & BIT(0)) }
#else
/* Every task's bio completes and, after that, the sets can be torn down. */
ltl all_done { <> torn_down }
#endif
