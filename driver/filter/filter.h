// SPDX-License-Identifier: Apache-2.0
/*
 * filter/filter.h - stages that look at what flows by, or change its shape.
 *
 * Each _open() stands on `up` and does not own it: dc_stage_close() of the top closes all. When
 * it fails, up is untouched.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"
#include "decant/stage.h"

/* --- digest: a checksum of everything that passes. DATA only. --- */

/*
 * algorithm as in dc_digest_new(). Computed on a thread of its own, from a copy of ring_bytes at
 * most: SHA-256 costs more than all the rest of a fill.
 */
int dc_filter_digest_open(struct dc_stage *up, const char *algorithm, size_t ring_bytes,
                          struct dc_stage **ret, struct dc_err *err);
/* "sha256:HEX", once its last pull has answered END. ret has DC_DIGEST_TEXT bytes. */
int dc_filter_digest_text(struct dc_stage *st, char *ret, struct dc_err *err);

/* --- peek: hold the first bytes, then let them pass as if nothing had been. --- */

/* At most want bytes, fewer when the source is shorter. */
int dc_filter_peek_open(struct dc_stage *up, size_t want, struct dc_stage **ret,
                        struct dc_err *err);
/* Before the first pull. SPAN: *ret_head is theirs until close; may be called again. */
enum dc_pull dc_filter_peek_head(struct dc_stage *st, const void **ret_head, size_t *ret_len,
                                 struct dc_err *err);

/* --- zero detect: runs of zero bytes become ZERO spans. --- */

/*
 * Looks at granules (bytes, a power of two) counted from 0. Spans from up begin at multiples of
 * the granule and are at most block_bytes long.
 */
int dc_filter_zero_open(struct dc_stage *up, size_t granule, size_t block_bytes,
                        struct dc_stage **ret, struct dc_err *err);

/* --- fault: what tests need to go wrong. --- */

struct dc_filter_faults {
    uint64_t fail_at;      /* bytes: the pull that would pass this one fails; 0: none */
    enum dc_err_kind kind; /* with this                                               */
    unsigned wait_every;   /* every so-many-th pull answers WAIT; 0: none             */
    size_t fragment;       /* bytes a pull at most; 0: no limit                       */
};
/* Wakes nobody after its WAIT: the test pulls again. */
int dc_filter_fault_open(struct dc_stage *up, const struct dc_filter_faults *faults,
                         struct dc_stage **ret, struct dc_err *err);
