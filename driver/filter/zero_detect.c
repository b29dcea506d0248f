// SPDX-License-Identifier: Apache-2.0
/* filter/zero_detect.c - runs of zero bytes become ZERO spans. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "filter/filter.h"

struct filter_zero {
    struct dc_stage st;
    size_t granule;
    /*
     * What follows the first run of a mixed block. The buffer it came in was only lent, so it is
     * moved here; blocks of one kind, most of them, are never copied.
     */
    char *rest;
    size_t at, len; /* bytes of rest given, and held */
    uint64_t off;   /* of rest[at] in the volume     */
};

/* How many of the first bytes are of one kind, and of which. off is where p[0] lies. */
static size_t zero_run(const struct filter_zero *f, const char *p, size_t len, uint64_t off,
                       enum dc_span_kind *ret)
{
    size_t run = 0;

    while (run < len) {
        /* To the next multiple of the granule, or to the end of what there is. */
        size_t step = f->granule - (size_t)((off + run) & (f->granule - 1));
        step = DC_MIN(step, len - run);
        enum dc_span_kind kind = dc_all_zero(p + run, step) ? DC_SPAN_ZERO : DC_SPAN_DATA;

        if (run > 0 && kind != *ret)
            break;
        *ret = kind;
        run += step;
    }
    return run;
}

static enum dc_pull zero_from_rest(struct filter_zero *f, struct dc_span *span)
{
    size_t run = zero_run(f, f->rest + f->at, f->len - f->at, f->off, &span->kind);

    if (span->kind == DC_SPAN_DATA) {
        run = DC_MIN(run, span->cap);
        memcpy(span->buf, f->rest + f->at, run);
    }
    span->off = f->off;
    span->len = run;
    f->at += run;
    f->off += run;
    return DC_PULL_SPAN;
}

static enum dc_pull zero_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct filter_zero *f = (struct filter_zero *)st;

    if (f->at < f->len)
        return zero_from_rest(f, span);

    enum dc_pull got = dc_stage_pull(st->up, span, err);
    if (got != DC_PULL_SPAN || span->kind == DC_SPAN_ZERO)
        return got;

    size_t len = (size_t)span->len;
    size_t run = zero_run(f, span->buf, len, span->off, &span->kind);
    if (run < len) {
        f->at = 0;
        f->len = len - run;
        f->off = span->off + run;
        memcpy(f->rest, (char *)span->buf + run, f->len);
    }
    span->len = run;
    return DC_PULL_SPAN;
}

static int zero_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct filter_zero *f = (struct filter_zero *)st;

    f->at = f->len = 0;
    return dc_stage_seek(st->up, off, err);
}

static void zero_close(struct dc_stage *st)
{
    struct filter_zero *f = (struct filter_zero *)st;

    free(f->rest);
    free(f);
}

static const struct dc_stage_ops zero_ops = {
    .name = "zero-detect",
    .pull = zero_pull,
    .seek = zero_seek,
    .close = zero_close,
};

int dc_filter_zero_open(struct dc_stage *up, size_t granule, size_t block_bytes,
                        struct dc_stage **ret, struct dc_err *err)
{
    dc_autofree struct filter_zero *f = calloc(1, sizeof *f);

    assert(granule > 0 && (granule & (granule - 1)) == 0);
    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "zero detection");
    *f = (struct filter_zero){.st = {.ops = &zero_ops, .up = up}, .granule = granule};
    f->rest = malloc(block_bytes);
    if (!f->rest)
        return dc_fail(err, DC_NO_MEMORY, 0, "zero detection");
    *ret = &dc_steal(f)->st;
    return 0;
}
