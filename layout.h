/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a bio is laid out and set up
 *
 * The only file that knows what stands where in a struct bio: which fields a
 * new bio has to have and with which values, where its array goes when it is
 * put, what a clone takes over.  What depends on a struct bio_set is in face.c.
 */
#ifndef BSET_LAYOUT_H
#define BSET_LAYOUT_H

#include <linux/bio.h>
#include <linux/blk-crypto.h>

#include "cache.h"
#include "compat.h"

/*
 * Vecs that live behind the bio itself.  bio_put() frees an array only above
 * this number, so it is part of the ABI although the kernel keeps it private
 * (BIO_INLINE_VECS).
 */
#define BSET_INLINE_VECS 4

/*
 * Kinds of bios, by their arrays.  The sizes are the kernel's, because its
 * bio_put() has to find out where an array goes.
 */
enum bset_kind {
	BSET_INLINE, /* 0…4 vecs, behind the bio */
	BSET_16, /* 5…16, an array of the kernel's biovec slab */
	BSET_64, /* 17…64, likewise */
	BSET_256, /* 65…256, an array of ours */
	BSET_NR_KINDS /* none of these: 128, an array of the kernel's */
};

/* What lies over a free bio, see struct bset_obj. */
static_assert(offsetof(struct bio, bi_next) == offsetof(struct bset_obj, next));
static_assert(offsetof(struct bio, BSET_BIO_DEV) ==
	      offsetof(struct bset_obj, no_bdev));
/*
 * What a cached bio keeps lies behind what the cache overwrites, but for the
 * place of its array, which 7.0 moved to the front.
 */
static_assert(offsetof(struct bio, bi_max_vecs) >= sizeof(struct bset_obj));
static_assert(offsetof(struct bio, bi_io_vec) >= sizeof(struct bset_obj));
static_assert(offsetof(struct bio, bi_io_vec) % sizeof(long) == 0);

/* The bio without the vecs behind it; bi_inline_vecs is gone since 6.18. */
#if BSET_HAVE_BI_INLINE_VECS
#define BSET_BIO_SIZE offsetof(struct bio, bi_inline_vecs)
#else
#define BSET_BIO_SIZE sizeof(struct bio)
#endif

static inline struct bio_vec *bset_inline_vecs(struct bio *bio)
{
	return (void *)bio + BSET_BIO_SIZE;
}

/*
 * Which kind holds @nr_vecs, which the caller has seen to be 0…256.  The mask
 * changes nothing, but tells the compiler so much: a kernel that checks the
 * bounds of arrays (CONFIG_UBSAN_BOUNDS) then does not in bset_alloc(), which
 * saves 10 of 129 instructions of it and bset_put() on Linux 7.2.
 */
static inline unsigned long bset_kind(unsigned int nr_vecs)
{
	if (nr_vecs <= BSET_INLINE_VECS)
		return BSET_INLINE;
	/* Each kind is four times the one before: 4, 16, 64, 256. */
	return __fls(nr_vecs - 1) / 2 & 3;
}

/* The entries of a kind's array; what bi_max_vecs is for it. */
static inline unsigned int bset_kind_vecs(unsigned long kind)
{
	return BSET_INLINE_VECS << 2 * kind;
}

/*
 * Where the array of a bio goes.  Since 5.12 bi_max_vecs says it; before, the
 * top bits of bi_flags do, and bi_max_vecs is what was asked for.
 */
static inline unsigned long bset_array_kind(const struct bio *bio)
{
#if BSET_HAVE_BVEC_POOL_IDX
	switch (BVEC_POOL_IDX(bio)) {
	case 0:
		return BSET_INLINE;
	case 3:
		return BSET_16;
	case 4:
		return BSET_64;
	case 6:
		return BSET_256;
	default:
		return BSET_NR_KINDS;
	}
#else
	const unsigned int max = bio->bi_max_vecs;

	if (likely(max <= BSET_INLINE_VECS))
		return BSET_INLINE;
	if (max == BIO_MAX_VECS)
		return BSET_256;
	if (max == 16)
		return BSET_16;
	return max == 64 ? BSET_64 : BSET_NR_KINDS;
#endif
}

/* What bi_flags of a fresh bio is: before 5.12 it says where the array goes. */
static inline unsigned short bset_array_flags(unsigned long kind)
{
#if BSET_HAVE_BVEC_POOL_IDX
	static const unsigned char idx[] = { 0, 3, 4, 6 };

	return idx[kind] << BVEC_POOL_OFFSET;
#else
	return 0;
#endif
}

/* @bio has an array of @kind at bi_io_vec, or none yet (BSET_INLINE). */
static inline void bset_set_array_kind(struct bio *bio, unsigned long kind)
{
	bio->bi_max_vecs = kind == BSET_INLINE ? 0 : bset_kind_vecs(kind);
#if BSET_HAVE_BVEC_POOL_IDX
	bio->bi_flags = bset_array_flags(kind);
#endif
}

/*
 * For a bio that comes from a cache with its array.  Before 5.12 bi_max_vecs of
 * one that the kernel had set up is what was asked for then.
 */
static inline void bset_renew_array(struct bio *bio, unsigned long kind)
{
#if BSET_HAVE_BVEC_POOL_IDX
	if (kind != BSET_INLINE)
		bio->bi_max_vecs = bset_kind_vecs(kind);
#endif
}

/* A bio of 0…4 vecs: as the kernel does it, none or all of the inline ones. */
static inline void bset_set_inline_vecs(struct bio *bio, unsigned int nr_vecs)
{
	bio->bi_io_vec = nr_vecs ? bset_inline_vecs(bio) : NULL;
	bio->bi_max_vecs = nr_vecs ? BSET_INLINE_VECS : 0;
}

/*
 * Zeroes what bio_reset() zeroes, but for the device and the array, which
 * bio_reset() of 7.0 keeps as well.  Plain stores in a row: a rep stos costs 40
 * instructions more than they do in all, and a loop 45.
 */
static inline void bset_zero_reset_bytes(struct bio *bio)
{
	const size_t words = BIO_RESET_BYTES / sizeof(unsigned long);
	const size_t dev = offsetof(struct bio, BSET_BIO_DEV) / sizeof(long);
	const size_t vecs = offsetof(struct bio, bi_io_vec) / sizeof(long);
	unsigned long *p = (unsigned long *)bio;
	size_t i;

#pragma GCC unroll 40
	for (i = 0; i < words; i++)
		if (i != dev && i != vecs)
			WRITE_ONCE(p[i], 0);
	bio->bi_vcnt = 0; /* shares a word with bi_max_vecs */
}

/*
 * bio_set_dev() and not a store, because of the cgroup; out of line, because the
 * frame for the call costs the others 5 instructions.
 */
static noinline struct bio *bset_bio_set_dev(struct bio *bio,
					     struct block_device *bdev)
{
	bio_set_dev(bio, bdev);
	return bio;
}

/* All fields but bi_pool and those of the array, by storing them. */
static inline struct bio *bset_bio_init_quick(struct bio *bio,
					      struct block_device *bdev,
					      bset_opf_t opf,
					      unsigned long kind)
{
	bset_zero_reset_bytes(bio);
	bio->BSET_BIO_DEV = NULL;
#if BSET_HAVE_BVEC_POOL_IDX
	bio->bi_flags = bset_array_flags(kind);
#endif
	bio->bi_opf = opf;
#if BSET_HAVE_BI_COOKIE /* 5.16 */
	bio->bi_cookie = BLK_QC_T_NONE;
#endif
	atomic_set(&bio->__bi_remaining, 1);
	atomic_set(&bio->__bi_cnt, 1);
	return bdev ? bset_bio_set_dev(bio, bdev) : bio;
}

/* bio_init() takes the device and the operation since 5.18. */
static inline void bset_bio_init_kernel(struct bio *bio,
					struct block_device *bdev,
					struct bio_vec *vecs,
					unsigned short max_vecs, bset_opf_t opf)
{
#if BSET_HAVE_BIO_INIT_5
	bio_init(bio, bdev, vecs, max_vecs, opf);
#else
	bio_init(bio, vecs, max_vecs);
	if (bdev)
		bio_set_dev(bio, bdev);
	bio->bi_opf = opf;
#endif
}

/* Whether anything hangs on @bio that bio_uninit() would release. */
static inline bool bset_bio_has_extras(const struct bio *bio)
{
	bool extras = false;

#ifdef CONFIG_BLK_CGROUP
	extras |= !!bio->bi_blkg;
#endif
#ifdef CONFIG_BLK_DEV_INTEGRITY
	extras |= !!bio->bi_integrity;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	extras |= !!bio->bi_crypt_context;
#endif
	return extras;
}

/* Whether @bio has data that a clone of it needs a copy of. */
static inline bool bset_bio_has_payload(struct bio *bio)
{
	bool payload = bio_integrity(bio);

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	payload |= !!bio->bi_crypt_context;
#endif
	return payload;
}

/* The cgroup of a clone is its source's, or else the task's. */
static inline void bset_clone_blkg(struct bio *bio, struct bio *src)
{
#ifdef CONFIG_BLK_CGROUP
	if (src->bi_blkg)
		bio_clone_blkg_association(bio, src);
	else
		bio_associate_blkg(bio);
#endif
}

/*
 * What a clone shares with its source, the array included.  Before 5.18 the
 * kernel exports that, and a clone without @bdev is for its source's device.
 */
static inline void bset_clone_fields(struct bio *bio, struct bio *src,
				     struct block_device *bdev)
{
#if BSET_HAVE_BIO_CLONE_FAST_EXPORTED
	__bio_clone_fast(bio, src);
	if (bdev)
		bio_set_dev(bio, bdev);
#else
	bio_set_flag(bio, BIO_CLONED);
	bio->bi_ioprio = src->bi_ioprio;
#if BSET_HAVE_BI_WRITE_HINT /* back in 6.9 */
	bio->bi_write_hint = src->bi_write_hint;
#endif
#if BSET_HAVE_BI_WRITE_STREAM /* 6.16 */
	bio->bi_write_stream = src->bi_write_stream;
#endif
#if BSET_HAVE_BI_BVEC_GAP_BIT /* 6.19 */
	bio->bi_bvec_gap_bit = src->bi_bvec_gap_bit;
#endif
	bio->bi_iter = src->bi_iter;
	bio->bi_io_vec = src->bi_io_vec;
	if (bdev) {
		bio->bi_bdev = bdev;
		if (bdev == src->bi_bdev && bio_flagged(src, BIO_REMAPPED))
			bio_set_flag(bio, BIO_REMAPPED);
		bset_clone_blkg(bio, src);
	}
#endif
}

/* Before 5.18 a clone has the time of its making. */
static inline void bset_clear_time(struct bio *bio)
{
#if BSET_HAVE_BIO_CLONE_FAST_EXPORTED && defined(CONFIG_BLK_CGROUP)
	bio->bi_issue.value = 0;
#endif
}

/* The device of @src, for a clone that is to have the same. */
static inline struct block_device *bset_clone_dev(struct bio *src)
{
#if BSET_HAVE_BI_BDEV
	return src->bi_bdev;
#else
	return NULL;
#endif
}

/*
 * Makes @front, a clone of @bio, the first @sectors of it, and @bio what is left.
 */
static inline void bset_split_fields(struct bio *front, struct bio *bio,
				     int sectors)
{
	front->bi_iter.bi_size = sectors << SECTOR_SHIFT;
	if (bio_integrity(front))
		bio_integrity_trim(front);
	bio_advance(bio, front->bi_iter.bi_size);
#if BSET_HAVE_BI_BVEC_GAP_BIT
	/* It was found out for the front; for the rest it still has to be. */
	bio->bi_bvec_gap_bit = 0;
#endif
}

/*
 * Integrity data.  bio_integrity_clone() is exported before 5.18 only.  Until
 * 6.16 the payload comes from a pool that is found through bi_pool, which
 * bio_init_clone() leaves NULL: so it is made by hand, by the exported
 * bio_integrity_alloc().  Since 6.17 there are no such pools.
 *
 * Since 6.11 a clone shares the vecs of its source, and its bip_vcnt is 0; before,
 * it has a copy of them.  That has to be done as the kernel does it, because
 * sources are made by it as well: bip_vcnt of a source is good for nothing where
 * vecs are shared.  Which it is, is tried when the module is loaded.
 */
extern bool bset_shares_integrity;

#if BSET_HAVE_INTEGRITY_POOLS && !BSET_HAVE_BIO_CLONE_FAST_EXPORTED
#ifndef BIP_CLONE_FLAGS /* named in 6.13 */
#define BIP_CLONE_FLAGS (~BIP_BLOCK_INTEGRITY)
#endif
static inline int bset_clone_integrity(struct bio *bio, struct bio *src,
				       gfp_t gfp)
{
	struct bio_integrity_payload *from = bio_integrity(src), *bip;
	const unsigned int nr = bset_shares_integrity ? 0 : from->bip_vcnt;

	bip = bio_integrity_alloc(bio, gfp, nr);
	if (IS_ERR(bip))
		return PTR_ERR(bip);
	if (bset_shares_integrity)
		bip->bip_vec = from->bip_vec;
	else
		memcpy(bip->bip_vec, from->bip_vec,
		       nr * sizeof(struct bio_vec));
	bip->bip_vcnt = nr;
	bip->bip_iter = from->bip_iter;
	bip->bip_flags = from->bip_flags & BIP_CLONE_FLAGS;
#if BSET_HAVE_BIP_APP_TAG /* 6.13 */
	bip->app_tag = from->app_tag;
#endif
	return 0;
}

/* Finds out whether vecs are shared.  @src is fresh, @clone anything. */
static inline int bset_try_integrity(struct bio *src, struct bio *clone)
{
	struct bio_integrity_payload *bip;
	int ret;

	bip = bio_integrity_alloc(src, GFP_KERNEL, 1);
	if (IS_ERR(bip))
		return PTR_ERR(bip);
	bip->bip_vcnt = 1;
	ret = bio_init_clone(NULL, clone, src, GFP_KERNEL);
	if (!ret) {
		bset_shares_integrity = bio_integrity(clone)->bip_vec ==
					bip->bip_vec;
		bio_uninit(clone);
	}
	bio_uninit(src);
	return ret;
}
#else
static inline int bset_try_integrity(struct bio *src, struct bio *clone)
{
	return 0;
}
#endif

/*
 * Everything of @src but its array's ownership, its integrity and encryption
 * data included.  @bio is fresh and has its bi_pool.  Returns 0 or -ENOMEM;
 * @bio is fit to be put in both cases.
 */
static inline int bset_clone_with_payload(struct bio *bio, struct bio *src,
					  struct block_device *bdev, gfp_t gfp)
{
#if BSET_HAVE_BIO_CLONE_FAST_EXPORTED
	int ret;

	bset_clone_fields(bio, src, bdev);
	ret = bio_crypt_clone(bio, src, gfp);
	if (!ret && bio_integrity(src))
		ret = bio_integrity_clone(bio, src, gfp);
	return ret;
#else
	struct bio_set *bs = bio->bi_pool;
	int ret;

#if BSET_HAVE_INTEGRITY_POOLS
	/* All but the integrity data, the encryption data included */
	struct bio plain = *src;

	plain.bi_opf &= ~REQ_INTEGRITY;
	ret = bio_init_clone(bdev, bio, &plain, gfp);
#else
	ret = bio_init_clone(bdev, bio, src, gfp);
#endif
	bio->bi_pool = bs;
	bio->bi_opf &= ~REQ_ALLOC_CACHE;
#if BSET_HAVE_INTEGRITY_POOLS
	if (!ret && bio_integrity(src))
		ret = bset_clone_integrity(bio, src, gfp);
#endif
	return ret;
#endif
}

/* An atomic write (6.11) cannot be split. */
#if BSET_HAVE_REQ_ATOMIC
#define BSET_REQ_ATOMIC REQ_ATOMIC
#else
#define BSET_REQ_ATOMIC ((bset_opf_t)0)
#endif

#endif /* BSET_LAYOUT_H */
