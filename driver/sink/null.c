// SPDX-License-Identifier: Apache-2.0
/* sink/null.c - takes everything and keeps nothing. */
#include "base/num.h"
#include "decant/cleanup.h"
#include "sink/sinks.h"

struct sink_null {
    struct dc_sink k;
    size_t slot_bytes;
    unsigned lent;
    void *mem; /* one buffer: nothing is ever read from it */
};

static struct sink_null *null_of(struct dc_sink *k)
{
    return (struct sink_null *)(void *)k;
}

static bool null_lend(struct dc_sink *k, struct dc_span *span)
{
    struct sink_null *n = null_of(k);

    if (n->lent > 0)
        return false;
    n->lent++;
    span->buf = n->mem;
    span->cap = n->slot_bytes;
    return true;
}

static void null_give_back(struct dc_sink *k, struct dc_span *span)
{
    (void)span;
    null_of(k)->lent--;
}

static int null_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err)
{
    (void)err;
    k->written += span->len;
    null_of(k)->lent--;
    return 0;
}

static int null_nothing(struct dc_sink *k, struct dc_err *err)
{
    (void)k;
    (void)err;
    return 0;
}

static enum dc_sync null_sync(struct dc_sink *k, struct dc_err *err)
{
    (void)k;
    (void)err;
    return DC_SYNC_DONE;
}

static void null_close(struct dc_sink *k)
{
    free(null_of(k)->mem);
    free(k);
}

static const struct dc_sink_ops null_ops = {
    .name = "null",
    .lend = null_lend,
    .put = null_put,
    .give_back = null_give_back,
    .submit = null_nothing,
    .reap = null_nothing,
    .sync = null_sync,
    .close = null_close,
};

int dc_sink_null_open(uint64_t size, const struct dc_sink_ways *ways, struct dc_sink **ret,
                      struct dc_err *err)
{
    dc_autofree struct sink_null *n = calloc(1, sizeof *n);

    if (!n)
        return dc_fail(err, DC_NO_MEMORY, 0, "null sink");
    n->k = (struct dc_sink){.ops = &null_ops, .size = size, .block = 512, .fd = -1};
    n->slot_bytes = ways->slot_bytes;
    n->mem = aligned_alloc(4096, ways->slot_bytes);
    if (!n->mem)
        return dc_fail(err, DC_NO_MEMORY, 0, "null sink");
    *ret = &dc_steal(n)->k;
    return 0;
}
