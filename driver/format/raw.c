// SPDX-License-Identifier: Apache-2.0
/* format/raw.c - a raw image: bytes in any pieces become whole blocks. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "format/format.h"

struct format_raw {
    struct dc_stage st;
    uint64_t pos;   /* bytes handed out                                               */
    char *carry;    /* a block begun in a pull that had to end with WAIT: the puller's */
    size_t carried; /* buffer was only lent                                           */
    size_t block;   /* bytes at carry                                                 */
};

/* Pull into `to` until `want` bytes are there. SPAN: they are, or the source has ended. */
static enum dc_pull raw_gather(struct format_raw *f, char *to, size_t want, size_t *have,
                               struct dc_err *err)
{
    while (*have < want) {
        struct dc_span piece = {.buf = to + *have, .cap = want - *have};
        enum dc_pull got = dc_stage_pull(f->st.up, &piece, err);

        if (got == DC_PULL_END)
            break;
        if (got != DC_PULL_SPAN)
            return got;
        if (piece.kind == DC_SPAN_ZERO) {
            /* Sources may know holes; a hole longer than the block is cut by its own stage. */
            assert(piece.len <= piece.cap);
            memset(piece.buf, 0, (size_t)piece.len);
        }
        *have += (size_t)piece.len;
    }
    return DC_PULL_SPAN;
}

/* Go on with the block in carry, then hand it over: one copy, however many pulls it took. */
static enum dc_pull raw_from_carry(struct format_raw *f, char *to, size_t want, size_t *have,
                                   struct dc_err *err)
{
    enum dc_pull got = raw_gather(f, f->carry, want, &f->carried, err);

    if (got != DC_PULL_SPAN)
        return got;
    memcpy(to, f->carry, f->carried);
    *have = f->carried;
    f->carried = 0;
    return DC_PULL_SPAN;
}

static enum dc_pull raw_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct format_raw *f = (struct format_raw *)st;
    size_t want = DC_MIN(span->cap, f->block), have = 0;
    enum dc_pull got;

    assert(f->carried <= want); /* a puller keeps to one size of buffer */
    if (f->carried > 0) {
        got = raw_from_carry(f, span->buf, want, &have, err);
    } else {
        got = raw_gather(f, span->buf, want, &have, err);
        if (got == DC_PULL_WAIT) {
            memcpy(f->carry, span->buf, have);
            f->carried = have;
        }
    }
    if (got != DC_PULL_SPAN)
        return got;
    if (have == 0)
        return DC_PULL_END;
    span->kind = DC_SPAN_DATA;
    span->off = f->pos;
    span->len = have;
    f->pos += have;
    return DC_PULL_SPAN;
}

static int raw_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct format_raw *f = (struct format_raw *)st;

    if (dc_stage_seek(st->up, off, err) != 0)
        return -1;
    f->pos = off;
    f->carried = 0;
    return 0;
}

static void raw_close(struct dc_stage *st)
{
    struct format_raw *f = (struct format_raw *)st;

    free(f->carry);
    free(f);
}

static const struct dc_stage_ops raw_ops = {
    .name = "raw",
    .pull = raw_pull,
    .seek = raw_seek,
    .close = raw_close,
};

int dc_format_raw_open(struct dc_stage *up, size_t block_bytes, struct dc_stage **ret,
                       struct dc_err *err)
{
    dc_autofree struct format_raw *f = calloc(1, sizeof *f);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "raw format");
    *f = (struct format_raw){.st = {.ops = &raw_ops, .up = up}, .block = block_bytes};
    f->carry = malloc(block_bytes);
    if (!f->carry)
        return dc_fail(err, DC_NO_MEMORY, 0, "raw format");
    *ret = &dc_steal(f)->st;
    return 0;
}
