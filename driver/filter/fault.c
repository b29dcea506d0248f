// SPDX-License-Identifier: Apache-2.0
/* filter/fault.c - for tests: small fragments, stalls, and a failure at a chosen byte. */
#include "filter/fault.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"

struct fault {
    struct dc_stage st;
    struct dc_fault how;
    uint64_t off;
    unsigned spans;
    bool stalled;
};

static enum dc_pull fault_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct fault *f = (struct fault *)st;

    if (f->how.stall_every && !f->stalled && f->spans % f->how.stall_every == 0) {
        f->stalled = true;
        if (f->how.waker.wake)
            f->how.waker.wake(f->how.waker.arg);
        return DC_PULL_WAIT;
    }
    if (f->off >= f->how.fail_at) {
        (void)dc_fail(err, f->how.fail_as, 0, "injected at byte %" PRIu64, f->off);
        return DC_PULL_FAIL;
    }

    struct dc_span in = {.buf = span->buf, .cap = span->cap};
    if (f->how.fragment)
        in.cap = DC_MIN(in.cap, f->how.fragment);
    enum dc_pull got = dc_stage_pull(st->up, &in, err);
    if (got == DC_PULL_SPAN) {
        span->kind = in.kind;
        span->off = in.off;
        span->len = in.len;
        f->off = in.off + in.len;
        f->spans++;
        f->stalled = false;
    }
    return got;
}

static void fault_close(struct dc_stage *st)
{
    free(st);
}

static const struct dc_stage_ops fault_ops = {
    .name = "fault",
    .pull = fault_pull,
    .close = fault_close,
};

int dc_filter_fault_new(struct dc_stage *up, const struct dc_fault *fault,
                        struct dc_stage **ret, struct dc_err *err)
{
    struct fault *f = calloc(1, sizeof *f);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "fault filter");
    *f = (struct fault){.st = {.ops = &fault_ops, .up = up}, .how = *fault};
    *ret = &f->st;
    return 0;
}
