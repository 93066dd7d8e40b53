// SPDX-License-Identifier: GPL-2.0
/*
 * variants.c - the ways to get a bio that are compared
 */
#include <linux/slab.h>

#include "bench.h"

/* Inlined with constant functions, so what is called is called directly. */
static __always_inline void run_pairs(const struct job *job,
				      struct bio *(*get)(struct bio_set *,
							 unsigned int),
				      void (*put)(struct bio *))
{
	struct bio_set *bs = job->bs;
	unsigned int vecs = job->vecs, n = job->n;
	struct bio *bio;

	while (n--) {
		OPTIMIZER_HIDE_VAR(vecs);
		bio = get(bs, vecs);
		OPTIMIZER_HIDE_VAR(bio);
		put(bio);
	}
}

static __always_inline void run_get(const struct job *job,
				    struct bio *(*get)(struct bio_set *,
						       unsigned int))
{
	struct bio_set *bs = job->bs;
	unsigned int i, vecs = job->vecs, n = job->n;

	for (i = 0; i < n; i++) {
		OPTIMIZER_HIDE_VAR(vecs);
		job->batch[i] = get(bs, vecs);
	}
}

static __always_inline void run_put(const struct job *job,
				    void (*put)(struct bio *))
{
	unsigned int i, n = job->n;
	struct bio *bio;

	for (i = 0; i < n; i++) {
		bio = job->batch[i];
		OPTIMIZER_HIDE_VAR(bio);
		put(bio);
	}
}

#define DEFINE_VARIANT(_name, _label, _sets, _irq_ok)             \
	static noinline void _name##_pairs(const struct job *job) \
	{                                                         \
		run_pairs(job, _name##_get, _name##_put);         \
	}                                                         \
	static noinline void _name##_batch(const struct job *job) \
	{                                                         \
		run_get(job, _name##_get);                        \
	}                                                         \
	static noinline void _name##_back(const struct job *job)  \
	{                                                         \
		run_put(job, _name##_put);                        \
	}                                                         \
	const struct variant v_##_name = {                        \
		.name = _label,                                   \
		.sets = _sets,                                    \
		.irq_ok = _irq_ok,                                \
		.pairs = _name##_pairs,                           \
		.get = _name##_batch,                             \
		.put = _name##_back,                              \
	}

static __always_inline struct bio *empty_get(struct bio_set *bs,
					     unsigned int vecs)
{
	return NULL;
}

static __always_inline void empty_put(struct bio *bio)
{
}

DEFINE_VARIANT(empty, "empty", NULL, true);

/* What no implementation avoids */
static struct bio init_bio;

static __always_inline struct bio *init_get(struct bio_set *bs,
					    unsigned int vecs)
{
	kernel_bio_init(&init_bio, NULL, vecs, REQ_OP_WRITE);
	return &init_bio;
}

static __always_inline void init_put(struct bio *bio)
{
	bio_uninit(bio);
}

DEFINE_VARIANT(init, "bio_init()", NULL, true);

/*
 * The slab alone: one object that has room for the bio and the array, nothing
 * set up.  The sizes are those of the kernel's arrays.
 */
static const unsigned int slab_vecs[] = { 4, 16, 64, 128, 256 };
static struct kmem_cache *slabs[ARRAY_SIZE(slab_vecs)];
static struct kmem_cache *slab_now;

static __always_inline struct bio *slab_get(struct bio_set *bs,
					    unsigned int vecs)
{
	return kmem_cache_alloc(slab_now, GFP_NOIO);
}

static __always_inline void slab_put(struct bio *bio)
{
	kmem_cache_free(slab_now, bio);
}

DEFINE_VARIANT(slab, "slab alone", NULL, true);

static __always_inline struct bio *kmalloc_get(struct bio_set *bs,
					       unsigned int vecs)
{
	return kernel_bio_kmalloc(vecs, REQ_OP_WRITE, GFP_NOIO);
}

static __always_inline void kmalloc_put(struct bio *bio)
{
	kernel_bio_kfree(bio);
}

DEFINE_VARIANT(kmalloc, "bio_kmalloc()", NULL, true);

static __always_inline struct bio *kernel_get(struct bio_set *bs,
					      unsigned int vecs)
{
	return kernel_bio_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, bs);
}

static __always_inline void kernel_put(struct bio *bio)
{
	bio_put(bio);
}

DEFINE_VARIANT(kernel, "kernel", bench_kernels, true);

/* The kernel warns when such a bio is put in an interrupt. */
static __always_inline struct bio *percpu_get(struct bio_set *bs,
					      unsigned int vecs)
{
	return kernel_bio_alloc(NULL, vecs, REQ_OP_WRITE | REQ_ALLOC_CACHE,
				GFP_NOIO, bs);
}

static __always_inline void percpu_put(struct bio *bio)
{
	bio_put(bio);
}

DEFINE_VARIANT(percpu, "kernel, per-CPU cache", bench_percpu, false);

static __always_inline struct bio *ours_get(struct bio_set *bs,
					    unsigned int vecs)
{
	return bset_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, bs);
}

static __always_inline void ours_put(struct bio *bio)
{
	bset_put(bio);
}

DEFINE_VARIANT(ours, "ours", bench_ours, true);

static __always_inline struct bio *ours_4_6_get(struct bio_set *bs,
						unsigned int vecs)
{
	return bset_alloc_4_6(GFP_NOIO, vecs, bs);
}

static __always_inline void ours_4_6_put(struct bio *bio)
{
	bset_put(bio);
}

DEFINE_VARIANT(ours_4_6, "ours, form of 4.6", bench_ours, true);

static __always_inline struct bio *ours_kput_get(struct bio_set *bs,
						 unsigned int vecs)
{
	return bset_alloc(NULL, vecs, REQ_OP_WRITE, GFP_NOIO, bs);
}

static __always_inline void ours_kput_put(struct bio *bio)
{
	bio_put(bio);
}

DEFINE_VARIANT(ours_kput, "ours, kernel's put", bench_ours, true);

void bench_slab_select(unsigned int vecs)
{
	unsigned int i = 0;

	while (vecs > slab_vecs[i])
		i++;
	slab_now = slabs[i];
}

int bench_slabs_init(void)
{
	char name[32];
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(slabs); i++) {
		snprintf(name, sizeof(name), "bench-%u", slab_vecs[i]);
		size = FRONT_PAD + sizeof(struct bio) +
		       slab_vecs[i] * sizeof(struct bio_vec);
		slabs[i] = kmem_cache_create(name, size, 0, SLAB_HWCACHE_ALIGN,
					     NULL);
		if (!slabs[i])
			return -ENOMEM;
	}
	return 0;
}

void bench_slabs_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slabs); i++)
		kmem_cache_destroy(slabs[i]);
}
