// SPDX-License-Identifier: Apache-2.0
/* base/num.h - foreign numbers: checked arithmetic, alignment, big-endian loads. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DC_KIB 1024ull
#define DC_MIB (1024 * DC_KIB)
#define DC_GIB (1024 * DC_MIB)

/* Arguments are evaluated twice: no calls in them. */
#define DC_MIN(a, b)  ((a) < (b) ? (a) : (b))
#define DC_MAX(a, b)  ((a) > (b) ? (a) : (b))
#define DC_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that embeds *ptr as its member. */
#define dc_container_of(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* a + b and a * b; false on overflow, and *ret is untouched. */
static inline bool dc_add(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *ret = r;
    return true;
}

static inline bool dc_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *ret = r;
    return true;
}

/* To a multiple of align, a power of two. Up must not overflow: the caller has checked. */
static inline uint64_t dc_align_down(uint64_t n, uint64_t align)
{
    return n & ~(align - 1);
}

static inline uint64_t dc_align_up(uint64_t n, uint64_t align)
{
    return dc_align_down(n + align - 1, align);
}

static inline uint32_t dc_be32(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t dc_be64(const void *p)
{
    return (uint64_t)dc_be32(p) << 32 | dc_be32((const uint8_t *)p + 4);
}

/* True when all len bytes are zero. */
bool dc_all_zero(const void *p, size_t len);

/* Decimal without sign or trailing text; false for anything else or overflow. */
bool dc_parse_u64(const char *s, uint64_t *ret);

/*
 * A Kubernetes resource quantity in bytes ("10Gi", "1.5G", "100", "1e3"), rounded up to a
 * whole byte. False when it is none, negative, or above 2^63 - 1.
 * Kubernetes API reference, "Quantity", v1.36.
 */
bool dc_parse_quantity(const char *s, uint64_t *ret);

#define DC_SIZE_TEXT 32
/* "1.5 GiB" for people. */
const char *dc_size_text(uint64_t bytes, char ret[DC_SIZE_TEXT]);
