/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests and the benchmark need beside samples/compat.h: timers, disks
 * without devices below, and the kernel's own functions for bios in the form
 * that they have since 5.18
 */
#ifndef BSET_TESTCOMPAT_H
#define BSET_TESTCOMPAT_H

#include <linux/blk-crypto.h>
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "bset_features.h"

#if BSET_HAVE_BLK_INTEGRITY_H /* 5.16 */
#include <linux/blk-integrity.h>
#endif
#if BSET_HAVE_BIO_INTEGRITY_H /* 6.11 */
#include <linux/bio-integrity.h>
#endif

#include "bioset.h"
#include "samples/compat.h"

/* 6.13: the name of a symbol namespace is a string. */
#if BSET_HAVE_SYMBOL_NS_STRING
#define TEST_IMPORT_INTERNAL() MODULE_IMPORT_NS("BIOSET_INTERNAL")
#else
#define TEST_IMPORT_INTERNAL() MODULE_IMPORT_NS(BIOSET_INTERNAL)
#endif

/*
 * Whether the kernel's bio_alloc_bioset() takes bios from a set's slab without
 * asking the set (7.1, 7.2): then what it allocates is not counted.
 */
extern bool bset_kernel_takes;

/* Whether @bio is of the set @bs, whoever allocated it. */
#define TEST_IS_OF(bio, bs) \
	((bio)->bi_pool->bio_pool.pool_data == (bs)->bio_pool.pool_data)

/*
 * There the kernel asks the set when the slab has nothing, and then for callers
 * that may sleep only.  The slab can be made to have nothing for the next
 * allocation of this task.
 */
#define TEST_KERNEL_CAN_ASK (!bset_kernel_takes || IS_ENABLED(CONFIG_FAILSLAB))

static inline void test_kernel_has_to_ask(void)
{
#ifdef CONFIG_FAILSLAB
	if (bset_kernel_takes)
		WRITE_ONCE(current->fail_nth, 1);
#endif
}

/*
 * Fault injection: the Nth allocation of this task fails.  A kernel without it
 * fails none.
 */
static inline void test_fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

/* How many allocations it is until then; 0 when the failure has happened. */
static inline unsigned int test_fail_nth_left(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return READ_ONCE(current->fail_nth);
#else
	return 1;
#endif
}

/* This task is one of those that an injector's task-filter lets through. */
static inline void test_faults_hit_me(void)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = 1;
#endif
}

/* Locks sleep, and interrupts run in threads. */
#define TEST_PREEMPT_RT IS_ENABLED(CONFIG_PREEMPT_RT)

#define TEST_TRACEPOINTS IS_ENABLED(CONFIG_TRACEPOINTS)

/*
 * Bios out at once.  With KCSAN a list of 10,000 takes a quarter of an hour, for
 * it looks up a symbol for each function of their stacks; with KASAN a minute.
 */
#define TEST_MANY_BIOS \
	(IS_ENABLED(CONFIG_KCSAN) || IS_ENABLED(CONFIG_KASAN) ? 500 : 10000)

#define TEST_CPU_HOTPLUG IS_ENABLED(CONFIG_HOTPLUG_CPU)

/* 5.18: before, there is nothing that the bit could do to a bio of ours. */
#if !BSET_HAVE_REQ_ALLOC_CACHE
#define REQ_ALLOC_CACHE 0
#endif
#define TEST_KERNEL_HAS_CACHE BSET_HAVE_REQ_ALLOC_CACHE

/* Until 5.18 the last put of a bio of no set frees it, as one of bio_kmalloc(). */
#define TEST_PUT_FREES_UNPOOLED (!BSET_HAVE_BIO_KMALLOC_NR_FIRST)

/* 5.16 */
#ifndef REQ_POLLED
#define REQ_POLLED 0
#endif

/* 5.15; sets of ours take the flag everywhere. */
#if !BSET_HAVE_BIO_SET_CACHE
#define BIOSET_PERCPU_CACHE BIT(2)
#endif

/* 5.12 renamed it. */
#if !BSET_HAVE_BIO_MAX_VECS
#define BIO_MAX_VECS BIO_MAX_PAGES
#endif

/* 5.11 */
#if !BSET_HAVE_IN_HARDIRQ
#define in_hardirq() in_irq()
#endif

#if !BSET_HAVE_INIT_CSD
#define INIT_CSD(csd, fn, arg) \
	(*(csd) = (call_single_data_t){ .func = (fn), .info = (arg) })
#endif

/* 5.17: nobody looks for partitions; before, nobody is asked to. */
#if !BSET_HAVE_GENHD_NO_PART
#define GENHD_FL_NO_PART GENHD_FL_NO_PART_SCAN
#endif

/* 6.17: what is not unbound says that it is per-CPU. */
#if !BSET_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

/* 5.12: who reads the log is a kmsg_dump_iter; before, an active dumper. */
#if BSET_HAVE_KMSG_DUMP_ITER
typedef struct kmsg_dump_iter test_log_reader;
#define TEST_LOG_READER \
	{               \
	}
#else
typedef struct kmsg_dumper test_log_reader;
#define TEST_LOG_READER        \
	{                      \
		.active = true \
	}
#endif

/* Some kernels without hotplug declare neither (5.10). */
static inline int test_remove_cpu(unsigned int cpu)
{
#ifdef CONFIG_HOTPLUG_CPU
	return remove_cpu(cpu);
#else
	return -EPERM;
#endif
}

static inline int test_add_cpu(unsigned int cpu)
{
#ifdef CONFIG_HOTPLUG_CPU
	return add_cpu(cpu);
#else
	return -EPERM;
#endif
}

/* 6.13: the function is given at once. */
static inline void
test_hrtimer_init(struct hrtimer *timer,
		  enum hrtimer_restart (*fn)(struct hrtimer *timer),
		  enum hrtimer_mode mode)
{
#if BSET_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#endif
}

/*
 * A tracepoint that @fn is called for before its first probe, and refused by;
 * 6.13 put that beside it.
 */
#if BSET_HAVE_TRACEPOINT_EXT
#define TEST_TRACEPOINT(_name, fn)                                      \
	static struct tracepoint_ext _name##_ext = { .regfunc = (fn) }; \
	static struct tracepoint _name = { .name = #_name, .ext = &_name##_ext }
#else
#define TEST_TRACEPOINT(_name, fn) \
	static struct tracepoint _name = { .name = #_name, .regfunc = (fn) }
#endif

/* 6.2 renamed it, 6.15 took the old name away. */
static inline void test_timer_stop(struct timer_list *timer)
{
#if BSET_HAVE_TIMER_DELETE_SYNC
	timer_delete_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

/*
 * A disk whose bios go to a method of ours, and the block_device that they
 * name.  Until 5.10 a disk has none before it is opened; what bio_set_dev()
 * reads of it is made up here.
 */
struct test_gd {
	struct gendisk *gd;
	struct block_device *bdev;
};

static inline void test_gd_free(struct test_gd *t)
{
	compat_disk_put(t->gd);
#if !BSET_HAVE_GENDISK_PART0_BDEV
	kfree(t->bdev);
#endif
	t->gd = NULL;
	t->bdev = NULL;
}

/* Returns whether there was memory; test_gd_free() is right in both cases. */
static inline bool test_gd_alloc(struct test_gd *t)
{
	t->gd = compat_disk_alloc();
	t->bdev = NULL;
	if (!t->gd)
		return false;
#if BSET_HAVE_GENDISK_PART0_BDEV
	t->bdev = t->gd->part0;
#else
	t->bdev = kzalloc(sizeof(*t->bdev), GFP_KERNEL);
	if (t->bdev)
		t->bdev->bd_disk = t->gd;
#endif
	return t->bdev;
}

/* A disk gets its number here, and so does the block_device that is made up. */
static inline int test_gd_add(struct test_gd *t)
{
	int ret = compat_disk_add(t->gd);

#if !BSET_HAVE_GENDISK_PART0_BDEV
	t->bdev->bd_dev = disk_devt(t->gd);
#endif
	return ret;
}

/* Whether @bio is for @bdev; NULL: for none. */
static inline bool test_bio_is_for(const struct bio *bio,
				   const struct block_device *bdev)
{
#if BSET_HAVE_BI_BDEV
	return READ_ONCE(bio->bi_bdev) == bdev;
#else
	return READ_ONCE(bio->bi_disk) == (bdev ? bdev->bd_disk : NULL);
#endif
}

/* 5.16: before, a bio has no cookie. */
static inline blk_qc_t test_cookie(const struct bio *bio)
{
#if BSET_HAVE_BI_COOKIE
	return bio->bi_cookie;
#else
	return BLK_QC_T_NONE;
#endif
}

/*
 * Looks whether a read of one page is done; returns whether it was.  Before 5.16
 * a request is polled for, not a bio.
 */
#define TEST_CAN_POLL BSET_HAVE_BI_COOKIE

static inline bool test_poll(struct bio *bio)
{
#if BSET_HAVE_BI_COOKIE
	return bio_poll(bio, NULL, 0) > 0;
#else
	return false;
#endif
}

/* What bi_flags says of a bio itself, not of where its array goes (see below). */
static inline unsigned short test_flags(const struct bio *bio)
{
#if BSET_HAVE_BVEC_POOL_IDX
	return bio->bi_flags & ~(~0U << BVEC_POOL_OFFSET);
#else
	return bio->bi_flags;
#endif
}

/*
 * Writes over what bio_reset() resets, but for what says where the array is
 * (since 7.0 bi_io_vec is there) and where it goes (before 5.12 in bi_flags).
 */
static inline void test_scribble(struct bio *bio)
{
	struct bio_vec *vecs = bio->bi_io_vec;
#if BSET_HAVE_BVEC_POOL_IDX
	const unsigned short where = 0xffff & ~0U << BVEC_POOL_OFFSET;
#else
	const unsigned short where = 0;
#endif
	const unsigned short flags = bio->bi_flags & where;

	memset(bio, 0x5a, BIO_RESET_BYTES);
	bio->bi_io_vec = vecs;
	/* What a put would act upon is left out. */
	bio->bi_flags = (0x5a5a & ~where & ~(1U << BIO_REFFED)) | flags;
	bio->bi_opf &= ~REQ_ALLOC_CACHE;
}

/* Whether a bio that has a device has its cgroup, where there are such. */
static inline bool test_has_group(const struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	return bio->bi_blkg;
#else
	return true;
#endif
}

/* Forgets what hangs on a bio, after test_scribble(): nothing is released. */
static inline void test_forget_extras(struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	bio->bi_blkg = NULL;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	bio->bi_crypt_context = NULL;
#endif
#ifdef CONFIG_BLK_DEV_INTEGRITY
	bio->bi_integrity = NULL;
	bio->bi_opf &= ~REQ_INTEGRITY;
#endif
}

/* Until 6.16 a set has pools for integrity data, made on demand. */
static inline int test_integrity_create(struct bio_set *bs, int pool_size)
{
#if BSET_HAVE_BIOSET_INTEGRITY_CREATE
	return bioset_integrity_create(bs, pool_size);
#else
	return 0;
#endif
}

/* The pool that a set's integrity data comes from, or NULL. */
static inline mempool_t *test_integrity_pool(struct bio_set *bs)
{
#if BSET_HAVE_INTEGRITY_POOLS
	return &bs->bio_integrity_pool;
#else
	return NULL;
#endif
}

/* Gives a clone the device of its source: by the name of before 5.18. */
static inline struct block_device *test_dev_of(const struct bio *bio)
{
#if BSET_HAVE_BI_BDEV
	return bio->bi_bdev;
#else
	return NULL; /* a clone without a device keeps the source's */
#endif
}

/*
 * The kernel's own functions; in parentheses, since bioset.h has macros of the
 * same names.  5.18 made the device and the operation arguments of theirs.
 */
static inline struct bio *kernel_bio_alloc(struct block_device *bdev,
					   unsigned short nr_vecs,
					   bset_opf_t opf, gfp_t gfp,
					   struct bio_set *bs)
{
#if BSET_HAVE_BIO_ALLOC_5
	return (bio_alloc_bioset)(bdev, nr_vecs, opf, gfp, bs);
#else
	struct bio *bio = (bio_alloc_bioset)(gfp, nr_vecs, bs);

	if (!bio)
		return NULL;
	if (bdev)
		bio_set_dev(bio, bdev);
	bio->bi_opf = opf;
	return bio;
#endif
}

static inline struct bio *kernel_bio_clone(struct block_device *bdev,
					   struct bio *src, gfp_t gfp,
					   struct bio_set *bs)
{
	return (bio_alloc_clone)(bdev, src, gfp, bs);
}

static inline void kernel_bio_init(struct bio *bio, struct bio_vec *table,
				   unsigned short max_vecs, bset_opf_t opf)
{
#if BSET_HAVE_BIO_INIT_5
	bio_init(bio, NULL, table, max_vecs, opf);
#else
	bio_init(bio, table, max_vecs);
	bio->bi_opf = opf;
#endif
}

/* 6.18: vecs behind a bio are no member of it any more. */
static inline struct bio_vec *kernel_bio_inline_vecs(struct bio *bio)
{
#if BSET_HAVE_BI_INLINE_VECS
	return bio->bi_inline_vecs;
#else
	return bio_inline_vecs(bio);
#endif
}

/*
 * bio_kmalloc() and what its users have to do beside it.  Until 5.18 that was
 * nothing: it called bio_init(), and bio_put() the rest.
 */
static __always_inline struct bio *kernel_bio_kmalloc(unsigned int vecs,
						      bset_opf_t opf, gfp_t gfp)
{
	struct bio *bio;

#if BSET_HAVE_BIO_KMALLOC_NR_FIRST
	bio = bio_kmalloc(vecs, gfp);
	kernel_bio_init(bio, kernel_bio_inline_vecs(bio), vecs, opf);
#else
	bio = bio_kmalloc(gfp, vecs);
	bio->bi_opf = opf;
#endif
	return bio;
}

static __always_inline void kernel_bio_kfree(struct bio *bio)
{
#if BSET_HAVE_BIO_KMALLOC_NR_FIRST
	bio_uninit(bio);
	kfree(bio);
#else
	(bio_put)(bio);
#endif
}

static inline void kernel_bio_reset(struct bio *bio, bset_opf_t opf)
{
#if BSET_HAVE_BIO_RESET_3
	bio_reset(bio, NULL, opf);
#else
	bio_reset(bio);
	bio->bi_opf = opf;
#endif
}

/* For fs_bio_set; bio_alloc() has its device and operation since 5.18. */
static inline struct bio *kernel_bio_alloc_fs(struct block_device *bdev,
					      unsigned short nr_vecs,
					      bset_opf_t opf)
{
	return kernel_bio_alloc(bdev, nr_vecs, opf, GFP_KERNEL, &fs_bio_set);
}

/* 6.9: limits change together; 6.11: polling is one of them. */
static inline void test_disk_may_poll(struct gendisk *disk)
{
#if BSET_HAVE_BLK_FEAT
	struct queue_limits limits = queue_limits_start_update(disk->queue);

	limits.features |= BLK_FEAT_POLL;
	WARN_ON(queue_limits_commit_update(disk->queue, &limits));
#else
	blk_queue_flag_set(QUEUE_FLAG_POLL, disk->queue);
#endif
}

/* 6.11: a write cache, and writes that go past it, are features. */
static inline void test_disk_has_cache(struct gendisk *disk)
{
#if BSET_HAVE_BLK_FEAT
	struct queue_limits limits = queue_limits_start_update(disk->queue);

	limits.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	WARN_ON(queue_limits_commit_update(disk->queue, &limits));
#else
	blk_queue_write_cache(disk->queue, true, true);
#endif
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* Until 6.10 a disk was told afterwards; 6.17 has another word for the size. */
static inline void test_disk_has_integrity(struct gendisk *disk,
					   unsigned int bytes)
{
#if BSET_HAVE_BLK_INTEGRITY_REGISTER
	struct blk_integrity profile = { .tuple_size = bytes };

	blk_integrity_register(disk, &profile);
#else
	struct queue_limits limits = queue_limits_start_update(disk->queue);

#if BSET_HAVE_INTEGRITY_METADATA_SIZE
	limits.integrity.metadata_size = bytes;
#else
	limits.integrity.tuple_size = bytes;
#endif
	WARN_ON(queue_limits_commit_update(disk->queue, &limits));
#endif
}
#endif

/*
 * Encryption by the block layer: a bio has a context, which names a key and a
 * number of the first block.
 */
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
#define TEST_CAN_ENCRYPT true

static inline struct bio_crypt_ctx *test_crypt(const struct bio *bio)
{
	return bio->bi_crypt_context;
}

static inline void test_set_crypt(struct bio *bio, struct bio_crypt_ctx *ctx)
{
	bio->bi_crypt_context = ctx;
}
#else
#define TEST_CAN_ENCRYPT false

static inline struct bio_crypt_ctx *test_crypt(const struct bio *bio)
{
	return NULL;
}

static inline void test_set_crypt(struct bio *bio, struct bio_crypt_ctx *ctx)
{
}
#endif

/*
 * Gives @bio a context like @ctx.  What does that is exported by 7.2, but not by
 * 6.12.  A clone that the kernel makes has a context of its own.  No kernel clones
 * integrity data as well.
 */
static inline void test_encrypt(struct bio *bio, struct bio_crypt_ctx *ctx)
{
	const bset_opf_t opf = bio->bi_opf;
	struct bio *clone;

	test_set_crypt(bio, ctx);
	bio->bi_opf &= ~REQ_INTEGRITY;
	clone = kernel_bio_clone(NULL, bio, GFP_KERNEL, &fs_bio_set);
	bio->bi_opf = opf;
	test_set_crypt(bio, test_crypt(clone));
	test_set_crypt(clone, NULL);
	(bio_put)(clone);
}

/* For sectors.  The halves of a key of XTS have to differ. */
static inline void test_make_key(struct blk_crypto_key *key)
{
#if BSET_HAVE_CRYPTO_KEY_TYPE
	u8 *bytes = key->bytes;
#else
	u8 *bytes = key->raw;
#endif
	unsigned int i;

	memset(key, 0, sizeof(*key));
	key->crypto_cfg.crypto_mode = BLK_ENCRYPTION_MODE_AES_256_XTS;
	key->crypto_cfg.data_unit_size = SECTOR_SIZE;
	key->crypto_cfg.dun_bytes = 8;
#if BSET_HAVE_CRYPTO_KEY_TYPE
	key->crypto_cfg.key_type = BLK_CRYPTO_KEY_TYPE_RAW;
#endif
	key->data_unit_size_bits = SECTOR_SHIFT;
	key->size = 64;
	for (i = 0; i < key->size; i++)
		bytes[i] = i;
}

/* In 6.12 each submit_bio() encrypts what the disk cannot; in 7.2 this one. */
static inline void test_submit_encrypted(struct bio *bio)
{
#if BSET_HAVE_CRYPTO_SUBMIT_BIO
	blk_crypto_submit_bio(bio);
#else
	submit_bio(bio);
#endif
}

#endif /* BSET_TESTCOMPAT_H */
