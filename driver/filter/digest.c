// SPDX-License-Identifier: Apache-2.0
/* filter/digest.c - the checksum of all bytes that pass. */
#include "filter/digest.h"

#include <assert.h>

#include "base/num.h"
#include "decant/cleanup.h"

struct digest {
    struct dc_stage st;
    struct dc_digest *sum;
};

/* A run of zeros is hashed as the zeros that it stands for. */
static int zeros_add(struct digest *d, uint64_t len, struct dc_err *err)
{
    static const uint8_t zeros[16 * DC_KIB];

    while (len > 0) {
        size_t n = (size_t)DC_MIN(len, sizeof zeros);

        if (dc_digest_add(d->sum, zeros, n, err) != 0)
            return -1;
        len -= n;
    }
    return 0;
}

static enum dc_pull digest_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct digest *d = (struct digest *)st;
    enum dc_pull got = dc_stage_pull(st->up, span, err);

    if (got != DC_PULL_SPAN)
        return got;
    int rc = span->kind == DC_SPAN_DATA ? dc_digest_add(d->sum, span->buf, span->len, err)
                                        : zeros_add(d, span->len, err);
    return rc == 0 ? DC_PULL_SPAN : DC_PULL_FAIL;
}

static void digest_close(struct dc_stage *st)
{
    struct digest *d = (struct digest *)st;

    dc_digest_free(d->sum);
    free(d);
}

/* No seek: a checksum that skipped bytes would be one of something else. */
static const struct dc_stage_ops digest_ops = {
    .name = "digest",
    .pull = digest_pull,
    .close = digest_close,
};

int dc_filter_digest_new(struct dc_stage *up, const char *algorithm, struct dc_stage **ret,
                         struct dc_err *err)
{
    dc_autofree struct digest *d = calloc(1, sizeof *d);
    if (!d)
        return dc_fail(err, DC_NO_MEMORY, 0, "digest filter");
    d->st = (struct dc_stage){.ops = &digest_ops, .up = up};
    if (dc_digest_new(algorithm, &d->sum, err) != 0)
        return -1;
    *ret = &dc_steal(d)->st;
    return 0;
}

int dc_filter_digest_finish(struct dc_stage *st, char ret[DC_DIGEST_TEXT], struct dc_err *err)
{
    assert(st->ops == &digest_ops && st->last == DC_PULL_END);
    return dc_digest_finish(((struct digest *)st)->sum, ret, err);
}
