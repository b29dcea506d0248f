// SPDX-License-Identifier: Apache-2.0
/* base/stage.c - the one place that calls into a stage. */
#include "decant/stage.h"

#include <assert.h>

/* What a stage may answer, and what its answer must look like. */
static void answer_check(const struct dc_stage *st, const struct dc_span *span, const void *buf,
                         size_t cap, const struct dc_err *err)
{
    assert((st->last == DC_PULL_FAIL) == (err->kind != DC_OK));
    if (st->last != DC_PULL_SPAN)
        return;
    assert(span->len > 0 && span->buf == buf && span->cap == cap);
    assert(span->kind == DC_SPAN_ZERO || span->len <= span->cap);
}

enum dc_pull dc_stage_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    const void *buf = span->buf;
    size_t cap = span->cap;

    assert(st->last != DC_PULL_FAIL && err->kind == DC_OK && cap > 0);
    if (st->last == DC_PULL_END)
        return DC_PULL_END;

    st->last = st->ops->pull(st, span, err);
    st->calls++;
    answer_check(st, span, buf, cap, err);

    if (st->last == DC_PULL_FAIL)
        (void)dc_wrap(err, "%s", st->ops->name);
    if (st->last == DC_PULL_SPAN)
        *(span->kind == DC_SPAN_DATA ? &st->data : &st->zeros) += span->len;
    return st->last;
}

bool dc_stage_can_seek(const struct dc_stage *st)
{
    for (; st; st = st->up) {
        if (!st->ops->seek)
            return false;
    }
    return true;
}

int dc_stage_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    assert(st->last != DC_PULL_FAIL);
    if (!st->ops->seek)
        return dc_fail(err, DC_UNSUPPORTED, 0, "%s cannot seek", st->ops->name);
    if (st->ops->seek(st, off, err) != 0)
        return dc_wrap(err, "%s", st->ops->name);
    st->last = DC_PULL_WAIT;
    return 0;
}

void dc_stage_close(struct dc_stage *st)
{
    while (st) {
        struct dc_stage *up = st->up;
        st->ops->close(st);
        st = up;
    }
}
