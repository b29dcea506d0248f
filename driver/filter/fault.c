// SPDX-License-Identifier: Apache-2.0
/* filter/fault.c - fails, stalls and crumbles on request, for tests. */
#include "base/num.h"
#include "decant/cleanup.h"
#include "filter/filter.h"

struct filter_fault {
    struct dc_stage st;
    struct dc_filter_faults faults;
    uint64_t passed; /* bytes */
    unsigned pulls;
};

static enum dc_pull fault_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct filter_fault *f = (struct filter_fault *)st;
    struct dc_span less = *span;

    if (f->faults.wait_every > 0 && ++f->pulls % f->faults.wait_every == 0)
        return DC_PULL_WAIT;
    if (f->faults.fragment > 0)
        less.cap = DC_MIN(less.cap, f->faults.fragment);

    enum dc_pull got = dc_stage_pull(st->up, &less, err);
    if (got != DC_PULL_SPAN)
        return got;
    f->passed += less.len;
    if (f->faults.fail_at > 0 && f->passed >= f->faults.fail_at) {
        (void)dc_fail(err, f->faults.kind, 0, "a fault on request");
        return DC_PULL_FAIL;
    }
    span->kind = less.kind;
    span->off = less.off;
    span->len = less.len;
    return DC_PULL_SPAN;
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

int dc_filter_fault_open(struct dc_stage *up, const struct dc_filter_faults *faults,
                         struct dc_stage **ret, struct dc_err *err)
{
    struct filter_fault *f = calloc(1, sizeof *f);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "fault filter");
    f->st = (struct dc_stage){.ops = &fault_ops, .up = up};
    f->faults = *faults;
    *ret = &f->st;
    return 0;
}
