// SPDX-License-Identifier: Apache-2.0
/* filter/digest.c - a checksum of everything that passes. */
#include <assert.h>

#include "decant/cleanup.h"
#include "filter/filter.h"
#include "filter/hasher.h"

struct filter_digest {
    struct dc_stage st;
    struct hasher *hasher;
};

static enum dc_pull digest_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct filter_digest *f = (struct filter_digest *)st;
    enum dc_pull got = dc_stage_pull(st->up, span, err);

    if (got != DC_PULL_SPAN)
        return got;
    assert(span->kind == DC_SPAN_DATA); /* it stands below the source: bytes as served */
    hasher_add(f->hasher, span->buf, (size_t)span->len);
    return DC_PULL_SPAN;
}

static void digest_close(struct dc_stage *st)
{
    struct filter_digest *f = (struct filter_digest *)st;

    hasher_free(f->hasher);
    free(f);
}

static const struct dc_stage_ops digest_ops = {
    .name = "digest",
    .pull = digest_pull,
    .close = digest_close,
};

int dc_filter_digest_open(struct dc_stage *up, const char *algorithm, size_t ring_bytes,
                          struct dc_stage **ret, struct dc_err *err)
{
    dc_autofree struct filter_digest *f = calloc(1, sizeof *f);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "digest");
    f->st = (struct dc_stage){.ops = &digest_ops, .up = up};
    if (hasher_new(algorithm, ring_bytes, &f->hasher, err) != 0)
        return -1;
    *ret = &dc_steal(f)->st;
    return 0;
}

int dc_filter_digest_text(struct dc_stage *st, char *ret, struct dc_err *err)
{
    struct filter_digest *f = (struct filter_digest *)st;

    assert(st->ops == &digest_ops && st->last == DC_PULL_END);
    return hasher_finish(f->hasher, ret, err);
}
