/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probes ask about
 *
 * Only headers that every supported kernel has: must_pass.c includes this, so
 * one that is missing is an error and not an answer.
 */
#ifndef BSET_PROBE_H
#define BSET_PROBE_H

#include <linux/module.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/hrtimer.h>
#include <linux/mempool.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/block.h>
#if __has_include("linux/bio-integrity.h") /* 6.11, before in bio.h */
#include <linux/bio-integrity.h>
#endif
#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#endif

#endif /* BSET_PROBE_H */
