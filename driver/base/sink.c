// SPDX-License-Identifier: Apache-2.0
/* base/sink.c - the one place that calls into a sink. */
#include "decant/sink.h"

#include <assert.h>

bool dc_sink_lend(struct dc_sink *k, struct dc_span *span)
{
    bool lent = k->ops->lend(k, span);

    assert(!lent || (span->buf && span->cap > 0));
    return lent;
}

int dc_sink_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err)
{
    assert(span->len > 0 && (span->kind == DC_SPAN_ZERO || span->len <= span->cap));
    if (span->off > k->size || span->len > k->size - span->off) {
        k->ops->give_back(k, span);
        return dc_fail(err, DC_NO_SPACE, 0,
                       "the image does not fit: %llu bytes at %llu, and the volume has %llu",
                       (unsigned long long)span->len, (unsigned long long)span->off,
                       (unsigned long long)k->size);
    }
    assert(span->off % k->block == 0);
    uint64_t len = span->len;
    if (k->ops->put(k, span, err) != 0)
        return dc_wrap(err, "%s", k->ops->name);
    k->submitted += len;
    return 0;
}

void dc_sink_give_back(struct dc_sink *k, struct dc_span *span)
{
    k->ops->give_back(k, span);
}

int dc_sink_submit(struct dc_sink *k, struct dc_err *err)
{
    return k->ops->submit(k, err) == 0 ? 0 : dc_wrap(err, "%s", k->ops->name);
}

int dc_sink_reap(struct dc_sink *k, struct dc_err *err)
{
    return k->ops->reap(k, err) == 0 ? 0 : dc_wrap(err, "%s", k->ops->name);
}

enum dc_sync dc_sink_sync(struct dc_sink *k, struct dc_err *err)
{
    assert(k->in_flight == 0);
    enum dc_sync got = k->ops->sync(k, err);

    assert((got == DC_SYNC_FAIL) == (err->kind != DC_OK));
    if (got == DC_SYNC_FAIL)
        (void)dc_wrap(err, "%s", k->ops->name);
    if (got == DC_SYNC_DONE)
        k->durable = k->written;
    return got;
}

void dc_sink_close(struct dc_sink *k)
{
    if (k)
        k->ops->close(k);
}
