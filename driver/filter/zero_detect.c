// SPDX-License-Identifier: Apache-2.0
/*
 * filter/zero_detect.c - turn zeros in the data into ZERO spans.
 *
 * Blocks are read straight into the lent buffer, one behind the other, for as long as they are
 * of one kind. The block that ends such a run has been read already: it is kept (held) for the
 * next pull. Only that block, and blocks that came in fragments, are copied.
 */
#include "filter/zero_detect.h"

#include <assert.h>
#include <string.h>

#include "decant/cleanup.h"

#define RUN_MAX (1 * DC_GIB) /* of zeros in one span, so that progress is seen */

struct zero_detect {
    struct dc_stage st;
    uint64_t off;        /* of the next span                                           */
    uint64_t zeros;      /* upstream said so many zeros come next                      */
    bool held;           /* a whole block was read too far                             */
    struct dc_span next; /* held: it; DATA: in stash                               */
    size_t have;         /* not held: bytes of an unfinished block in stash            */
    uint8_t stash[DC_ZERO_BLOCK];
};

/* Move at most a block's rest of upstream's announced zeros into the stash. */
static void stash_zeros(struct zero_detect *z)
{
    size_t n = (size_t)DC_MIN(z->zeros, sizeof z->stash - z->have);

    memset(z->stash + z->have, 0, n);
    z->have += n;
    z->zeros -= n;
}

/* The stash is a whole block, or the last one: hand it over at buf. */
static void stash_take(struct zero_detect *z, uint8_t *buf, struct dc_span *ret)
{
    bool zero = dc_all_zero(z->stash, z->have);

    if (!zero)
        memcpy(buf, z->stash, z->have);
    *ret = (struct dc_span){.kind = zero ? DC_SPAN_ZERO : DC_SPAN_DATA, .len = z->have};
    z->have = 0;
}

/* One pull from upstream. WAIT also means: something came, but no whole block yet. */
static enum dc_pull block_pull(struct zero_detect *z, uint8_t *buf, struct dc_span *ret,
                               struct dc_err *err)
{
    struct dc_span in = {.buf = z->have ? z->stash + z->have : buf,
                         .cap = DC_ZERO_BLOCK - z->have};
    enum dc_pull got = dc_stage_pull(z->st.up, &in, err);

    if (got != DC_PULL_SPAN)
        return got;
    if (in.kind == DC_SPAN_ZERO) {
        z->zeros = in.len;
        *ret = (struct dc_span){0};
    } else if (z->have == 0 && in.len == DC_ZERO_BLOCK) {
        bool zero = dc_all_zero(buf, in.len);
        *ret = (struct dc_span){.kind = zero ? DC_SPAN_ZERO : DC_SPAN_DATA, .len = in.len};
    } else {
        if (z->have == 0)
            memcpy(z->stash, buf, in.len);
        z->have += in.len;
        *ret = (struct dc_span){0};
    }
    return DC_PULL_SPAN;
}

/* The next block (or run of announced zeros), its bytes at buf when it is DATA. */
static enum dc_pull block_next(struct zero_detect *z, uint8_t *buf, struct dc_span *ret,
                               struct dc_err *err)
{
    for (;;) {
        if (z->have == 0 && z->zeros >= DC_ZERO_BLOCK) {
            uint64_t len = dc_align_down(DC_MIN(z->zeros, RUN_MAX), DC_ZERO_BLOCK);

            z->zeros -= len;
            *ret = (struct dc_span){.kind = DC_SPAN_ZERO, .len = len};
            return DC_PULL_SPAN;
        }
        stash_zeros(z);
        if (z->have == sizeof z->stash) {
            stash_take(z, buf, ret);
            return DC_PULL_SPAN;
        }
        enum dc_pull got = block_pull(z, buf, ret, err);
        if (got == DC_PULL_END && z->have > 0) {
            stash_take(z, buf, ret);
            return DC_PULL_SPAN;
        }
        if (got != DC_PULL_SPAN || ret->len > 0)
            return got;
    }
}

/* The block does not belong to this run: keep it for the next pull. buf is lent for this one. */
static void block_hold(struct zero_detect *z, const uint8_t *buf, const struct dc_span *block)
{
    z->held = true;
    z->next = *block;
    if (block->kind == DC_SPAN_DATA)
        memcpy(z->stash, buf, block->len);
}

static void block_unhold(struct zero_detect *z, struct dc_span *span)
{
    z->held = false;
    span->kind = z->next.kind;
    span->len = z->next.len;
    if (span->kind == DC_SPAN_DATA)
        memcpy(span->buf, z->stash, span->len);
}

static enum dc_pull zero_detect_pull(struct dc_stage *st, struct dc_span *span,
                                     struct dc_err *err)
{
    struct zero_detect *z = (struct zero_detect *)st;
    uint8_t *buf = span->buf;
    enum dc_pull got = DC_PULL_SPAN;

    assert(span->cap >= DC_ZERO_BLOCK);
    span->off = z->off;
    span->len = 0;
    if (z->held)
        block_unhold(z, span);

    while (got == DC_PULL_SPAN) {
        bool data = span->len > 0 && span->kind == DC_SPAN_DATA;
        size_t used = data ? (size_t)span->len : 0;
        struct dc_span block = {0};

        if (span->cap - used < DC_ZERO_BLOCK || span->len >= RUN_MAX)
            break;
        got = block_next(z, buf + used, &block, err);
        if (got != DC_PULL_SPAN)
            break;
        if (span->len > 0 && block.kind != span->kind) {
            block_hold(z, buf + used, &block);
            break;
        }
        span->kind = block.kind;
        span->len += block.len;
    }
    if (got == DC_PULL_FAIL || span->len == 0)
        return got;
    z->off += span->len;
    return DC_PULL_SPAN;
}

static void zero_detect_close(struct dc_stage *st)
{
    free(st);
}

static int zero_detect_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct zero_detect *z = (struct zero_detect *)st;

    if (dc_stage_seek(st->up, off, err) != 0)
        return -1;
    z->off = off;
    z->zeros = 0;
    z->have = 0;
    z->held = false;
    return 0;
}

static const struct dc_stage_ops zero_detect_ops = {
    .name = "zero-detect",
    .pull = zero_detect_pull,
    .seek = zero_detect_seek,
    .close = zero_detect_close,
};

int dc_filter_zero_detect_new(struct dc_stage *up, struct dc_stage **ret, struct dc_err *err)
{
    struct zero_detect *z = calloc(1, sizeof *z);

    if (!z)
        return dc_fail(err, DC_NO_MEMORY, 0, "zero-detect filter");
    z->st = (struct dc_stage){.ops = &zero_detect_ops, .up = up};
    *ret = &z->st;
    return 0;
}
