// SPDX-License-Identifier: Apache-2.0
/* filter/peek.c - hold the first bytes for those who must know them before the rest. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "filter/filter.h"

struct filter_peek {
    struct dc_stage st;
    size_t want, have, given; /* bytes of head: asked for, held, let pass */
    bool ended;
    char head[];
};

enum dc_pull dc_filter_peek_head(struct dc_stage *st, const void **ret_head, size_t *ret_len,
                                 struct dc_err *err)
{
    struct filter_peek *f = (struct filter_peek *)st;

    while (!f->ended && f->have < f->want) {
        struct dc_span piece = {.buf = f->head + f->have, .cap = f->want - f->have};
        enum dc_pull got = dc_stage_pull(st->up, &piece, err);

        if (got == DC_PULL_WAIT || got == DC_PULL_FAIL)
            return got;
        if (got == DC_PULL_END) {
            f->ended = true;
            break;
        }
        assert(piece.kind == DC_SPAN_DATA);
        f->have += (size_t)piece.len;
    }
    *ret_head = f->head;
    *ret_len = f->have;
    return DC_PULL_SPAN;
}

static enum dc_pull peek_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct filter_peek *f = (struct filter_peek *)st;
    size_t left = f->have - f->given;

    if (left == 0)
        return dc_stage_pull(st->up, span, err); /* its offsets are ours */

    span->kind = DC_SPAN_DATA;
    span->off = f->given;
    span->len = DC_MIN(left, span->cap);
    memcpy(span->buf, f->head + f->given, (size_t)span->len);
    f->given += (size_t)span->len;
    return DC_PULL_SPAN;
}

static int peek_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct filter_peek *f = (struct filter_peek *)st;

    f->given = f->have; /* the head is not used again: the source brings it anew */
    return dc_stage_seek(st->up, off, err);
}

static void peek_close(struct dc_stage *st)
{
    free(st);
}

static const struct dc_stage_ops peek_ops = {
    .name = "peek",
    .pull = peek_pull,
    .seek = peek_seek,
    .close = peek_close,
};

int dc_filter_peek_open(struct dc_stage *up, size_t want, struct dc_stage **ret,
                        struct dc_err *err)
{
    struct filter_peek *f = calloc(1, sizeof *f + want);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "head of the source");
    f->st = (struct dc_stage){.ops = &peek_ops, .up = up};
    f->want = want;
    *ret = &f->st;
    return 0;
}
