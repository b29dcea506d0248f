// SPDX-License-Identifier: Apache-2.0
/* format/raw.c - a raw image: the bytes as they come are the volume. */
#include "format/raw.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"

struct raw {
    struct dc_stage st;
    uint64_t max;
};

static enum dc_pull raw_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct raw *r = (struct raw *)st;
    enum dc_pull got = dc_stage_pull(st->up, span, err);
    char text[DC_SIZE_TEXT];

    if (got != DC_PULL_SPAN)
        return got;
    if (span->off <= r->max && span->len <= r->max - span->off)
        return DC_PULL_SPAN;
    (void)dc_fail(err, DC_NO_SPACE, 0,
                  "the image is larger than the volume (%s, %" PRIu64
                  " bytes), and its server did not say so before; ask for a larger volume",
                  dc_size_text(r->max, text), r->max);
    return DC_PULL_FAIL;
}

static int raw_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    return dc_stage_seek(st->up, off, err);
}

static void raw_close(struct dc_stage *st)
{
    free(st);
}

static const struct dc_stage_ops raw_ops = {
    .name = "raw",
    .pull = raw_pull,
    .seek = raw_seek,
    .close = raw_close,
};

int dc_format_raw_new(struct dc_stage *up, uint64_t max_bytes, struct dc_stage **ret,
                      struct dc_err *err)
{
    struct raw *r = calloc(1, sizeof *r);

    if (!r)
        return dc_fail(err, DC_NO_MEMORY, 0, "raw format");
    *r = (struct raw){.st = {.ops = &raw_ops, .up = up}, .max = max_bytes};
    *ret = &r->st;
    return 0;
}
