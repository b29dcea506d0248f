// SPDX-License-Identifier: Apache-2.0
/* fill/probe.c - what a source is, from its first bytes and nothing more. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/fill.h"
#include "fill/pipeline.h"
#include "format/format.h"
#include "net/loop.h"

struct dc_probe {
    struct dc_loop *loop;
    struct dc_probe_events ev;
    struct dc_loop_timer kick;
    struct pipeline pipe;
    struct dc_err err;
};

static void probe_free(struct dc_probe *p)
{
    dc_loop_timer_disarm(p->loop, &p->kick);
    pipeline_close(&p->pipe);
    free(p);
}

static void probe_end(struct dc_probe *p, const struct dc_source_info *info)
{
    struct dc_probe_events ev = p->ev;
    struct dc_err err = p->err;

    probe_free(p);
    ev.done(ev.arg, info, &err);
}

static void probe_run(struct dc_loop_timer *t)
{
    struct dc_probe *p = dc_container_of(t, struct dc_probe, kick);
    struct dc_source_info info = {0};

    if (p->err.kind == DC_OK && pipeline_head(&p->pipe, &info, &p->err) == DC_PULL_WAIT)
        return;
    probe_end(p, &info);
}

static void probe_wake(void *arg)
{
    struct dc_probe *p = arg;

    dc_loop_timer_arm(p->loop, &p->kick, 0);
}

int dc_probe_start(struct dc_loop *loop, const struct dc_source_spec *spec,
                   const struct dc_probe_events *events, struct dc_probe **ret,
                   struct dc_err *err)
{
    struct dc_probe *p = calloc(1, sizeof *p);
    struct dc_source_ways ways;

    assert(events->done);
    if (!p)
        return dc_fail(err, DC_NO_MEMORY, 0, "probe");
    *p = (struct dc_probe){.loop = loop, .ev = *events, .kick.fire = probe_run};
    dc_source_ways_default(&ways);
    ways.head_bytes = DC_MAGIC_BYTES;
    ways.buffer_bytes = 64 * DC_KIB;
    if (pipeline_open(loop, spec, &ways, (struct dc_waker){probe_wake, p}, false, NULL,
                      &p->pipe, &p->err) != 0 &&
        p->err.kind == DC_BAD_INPUT) {
        *err = p->err;
        probe_free(p);
        return -1;
    }
    dc_loop_timer_arm(loop, &p->kick, 0);
    *ret = p;
    return 0;
}

void dc_probe_cancel(struct dc_probe *probe)
{
    probe_free(probe);
}
