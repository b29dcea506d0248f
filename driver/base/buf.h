// SPDX-License-Identifier: Apache-2.0
/* base/buf.h - a growing string that cannot be made without a maximum. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "decant/cleanup.h"

/* data is NUL-terminated whenever it is not NULL. Zero-initialise with DC_BUF(max). */
struct dc_buf {
    char *data; /* malloc'ed; NULL while empty */
    size_t len; /* bytes, without the NUL      */
    size_t max; /* bytes that it may ever hold */
    size_t cap;
    bool failed; /* out of memory or above max: all later adds are no-ops */
};

#define DC_BUF(max_bytes) ((struct dc_buf){.max = (max_bytes)})

/* Append; false (and failed stays set) when memory or the maximum ran out. */
bool dc_buf_add(struct dc_buf *b, const void *data, size_t len);
bool dc_buf_adds(struct dc_buf *b, const char *s);
bool dc_buf_addf(struct dc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Drop the first n bytes. */
void dc_buf_drop(struct dc_buf *b, size_t n);
/* Empty it, keep the memory. Clears failed. */
void dc_buf_reset(struct dc_buf *b);
void dc_buf_free(struct dc_buf *b);
/* The string, now the caller's to free(); NULL when failed or out of memory. */
char *dc_buf_steal(struct dc_buf *b);

#define dc_autobuf DC_AUTO(dc_buf_free)

/* printf into memory from malloc; NULL when out of memory. */
char *dc_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
