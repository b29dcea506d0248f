// SPDX-License-Identifier: Apache-2.0
/* sink/null.c - a sink that keeps nothing: what a pipeline can do without a device. */
#include "sink/null.h"

#include <stdlib.h>

#include "base/num.h"

#define BUF_BYTES (1 * DC_MIB)

struct null_sink {
    struct dc_sink sink;
    bool lent;
    uint8_t buf[BUF_BYTES];
};

static bool null_lend(struct dc_sink *k, struct dc_span *span)
{
    struct null_sink *n = (struct null_sink *)k;

    if (n->lent)
        return false;
    n->lent = true;
    span->buf = n->buf;
    span->cap = sizeof n->buf;
    return true;
}

static void null_give_back(struct dc_sink *k, struct dc_span *span)
{
    (void)span;
    ((struct null_sink *)k)->lent = false;
}

static int null_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err)
{
    (void)err;
    k->written += span->len;
    null_give_back(k, span);
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

int dc_sink_null_new(uint64_t size, struct dc_sink **ret, struct dc_err *err)
{
    struct null_sink *n = calloc(1, sizeof *n);

    if (!n)
        return dc_fail(err, DC_NO_MEMORY, 0, "null sink");
    n->sink = (struct dc_sink){.ops = &null_ops, .size = size, .block = 1, .fd = -1};
    *ret = &n->sink;
    return 0;
}
