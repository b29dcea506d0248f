// SPDX-License-Identifier: Apache-2.0
/* source/memory.c - bytes from memory, in pieces and with pauses, for tests. */
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "net/loop.h"
#include "source/source.h"

struct source_memory {
    struct dc_source src;
    struct dc_source_memory m;
    struct dc_loop *loop;
    struct dc_waker waker;
    struct dc_loop_timer timer;
    uint64_t pos;
    unsigned pulls;
};

static void memory_wake(struct dc_loop_timer *t)
{
    struct source_memory *s = dc_container_of(t, struct source_memory, timer);

    s->waker.wake(s->waker.arg);
}

static enum dc_pull memory_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct source_memory *s = (struct source_memory *)st;

    (void)err;
    if (s->m.wait_every > 0 && ++s->pulls % s->m.wait_every == 0) {
        if (s->loop)
            dc_loop_timer_arm(s->loop, &s->timer, 0);
        return DC_PULL_WAIT;
    }
    size_t n = DC_MIN(span->cap, s->m.len - s->pos);
    if (s->m.fragment > 0)
        n = DC_MIN(n, s->m.fragment);
    if (n == 0)
        return DC_PULL_END;
    memcpy(span->buf, (const char *)s->m.data + s->pos, n);
    span->kind = DC_SPAN_DATA;
    span->off = s->pos;
    span->len = n;
    s->pos += n;
    s->src.pulled += n;
    return DC_PULL_SPAN;
}

static int memory_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct source_memory *s = (struct source_memory *)st;

    if (off > s->m.len)
        return dc_fail(err, DC_BAD_INPUT, 0, "seek behind the end");
    s->pos = off;
    return 0;
}

static void memory_close(struct dc_stage *st)
{
    struct source_memory *s = (struct source_memory *)st;

    if (s->loop)
        dc_loop_timer_disarm(s->loop, &s->timer);
    free(s);
}

static const struct dc_stage_ops memory_ops = {
    .name = "memory",
    .pull = memory_pull,
    .seek = memory_seek,
    .close = memory_close,
};

int dc_source_memory_open(struct dc_loop *loop, const struct dc_source_memory *m,
                          struct dc_waker waker, struct dc_source **ret, struct dc_err *err)
{
    struct source_memory *s = calloc(1, sizeof *s);

    if (!s)
        return dc_fail(err, DC_NO_MEMORY, 0, "memory source");
    *s = (struct source_memory){.src.st.ops = &memory_ops,
                                .m = *m,
                                .loop = loop,
                                .waker = waker,
                                .timer.fire = memory_wake};
    s->src.known = true;
    s->src.info = (struct dc_source_info){.served_bytes = m->len, .seekable = true};
    *ret = &s->src;
    return 0;
}
