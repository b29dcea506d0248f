// SPDX-License-Identifier: Apache-2.0
/*
 * control/fills.c - what an agent tells about a fill, kept in the entry.
 *
 * A stream that breaks is no failure of the fill: StartFill finds it again. Only a fill that the
 * agent does not know any more (it was restarted) counts as a failed attempt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "control/control.h"

/* Over how long the rate is taken. */
#define RATE_MS 2000u

/* What a stream's callbacks need; freed with its last one or when it is cancelled. */
struct fill_watch {
    struct dc_control *control;
    struct dc_entry *entry;
};

void dc_fill_begin(struct dc_entry *e, const char *prime_uid, int64_t generation)
{
    struct dc_fill_memory *f = &e->fill;

    if (strcmp(f->prime_uid, prime_uid) == 0 && f->generation == generation)
        return;
    dc_fill_unwatch(e);
    *f = (struct dc_fill_memory){.generation = generation};
    (void)snprintf(f->prime_uid, sizeof f->prime_uid, "%s", prime_uid);
}

static void measure(struct dc_fill_memory *f, uint64_t now_ms)
{
    uint64_t passed = now_ms - f->rate_ms;

    if (f->rate_ms == 0 || f->durable_bytes < f->rate_bytes) {
        f->rate_ms = now_ms;
        f->rate_bytes = f->durable_bytes;
    } else if (passed >= RATE_MS) {
        f->rate = (f->durable_bytes - f->rate_bytes) * 1000 / passed;
        f->rate_ms = now_ms;
        f->rate_bytes = f->durable_bytes;
    }
}

static void take_failure(struct dc_fill_memory *f, const Decant__V1alpha1__FillError *error)
{
    const char *reason = error && error->reason[0] ? error->reason : "FillFailed";
    const char *message = error && error->message[0] ? error->message : "no reason was given";

    (void)snprintf(f->reason, sizeof f->reason, "%s", reason);
    (void)snprintf(f->message, sizeof f->message, "%s", message);
    f->retryable = error && error->retryable;
    f->at_ms = dc_control_now_ms();
}

void dc_fill_told(struct dc_control *c, struct dc_entry *e,
                  const Decant__V1alpha1__FillStatus *status)
{
    struct dc_fill_memory *f = &e->fill;

    if (status->generation != f->generation || strcmp(status->fill_id, f->prime_uid) != 0)
        return; /* of an attempt that is over */
    if (f->state == DC_VIEW_CANCELLED)
        return;
    f->lost = 0;
    f->total_bytes = status->image_bytes;
    f->durable_bytes = status->durable_bytes;
    f->served_bytes = status->total_bytes;
    f->pulled_bytes = status->pulled_bytes;
    measure(f, dc_control_now_ms());
    if (status->phase == DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED) {
        f->state = DC_VIEW_SUCCEEDED;
        (void)snprintf(f->digest, sizeof f->digest, "%s", status->digest);
    } else if (status->phase == DECANT__V1ALPHA1__FILL_PHASE__FAILED) {
        if (f->state != DC_VIEW_FAILED)
            take_failure(f, status->error);
        f->state = DC_VIEW_FAILED;
    } else {
        f->state = DC_VIEW_RUNNING;
    }
    dc_control_look(c, e);
}

static bool is_contact(enum dc_err_kind kind)
{
    return kind == DC_REMOTE || kind == DC_UNAVAILABLE || kind == DC_TIMEOUT ||
           kind == DC_CANCELLED;
}

void dc_fill_trouble(struct dc_entry *e, const struct dc_err *err)
{
    struct dc_fill_memory *f = &e->fill;

    f->at_ms = dc_control_now_ms();
    (void)snprintf(f->message, sizeof f->message, "%s", err->msg);
    if (is_contact(err->kind)) {
        f->state = DC_VIEW_NONE;
        f->lost++;
        return;
    }
    f->state = DC_VIEW_FAILED;
    f->retryable =
        dc_err_retryable(err->kind) || err->kind == DC_FENCED || err->kind == DC_EXISTS;
    (void)snprintf(f->reason, sizeof f->reason, "%s", dc_err_reason(err->kind));
}

static void agent_forgot(struct dc_fill_memory *f)
{
    f->state = DC_VIEW_FAILED;
    f->retryable = true;
    f->at_ms = dc_control_now_ms();
    (void)snprintf(f->reason, sizeof f->reason, "AgentRestarted");
    (void)snprintf(f->message, sizeof f->message,
                   "the decant-node agent was restarted during the fill, which begins again");
}

static void on_status(void *arg, const ProtobufCMessage *msg)
{
    struct fill_watch *w = arg;

    dc_fill_told(w->control, w->entry, (const Decant__V1alpha1__FillStatus *)msg);
}

static void on_end(void *arg, const struct dc_err *err)
{
    struct fill_watch *w = arg;
    struct dc_entry *e = w->entry;
    static const struct dc_err ended = {.kind = DC_UNAVAILABLE, .msg = "the stream has ended"};

    e->fill.watch = NULL;
    if (e->fill.state == DC_VIEW_RUNNING) {
        if (err->kind == DC_NOT_FOUND)
            agent_forgot(&e->fill);
        else
            dc_fill_trouble(e, err->kind == DC_OK ? &ended : err);
    }
    dc_control_look(w->control, e);
    free(w);
}

void dc_fill_watch(struct dc_control *c, struct dc_entry *e, const struct dc_agent_pod *pod)
{
    Decant__V1alpha1__WatchFillRequest req = DECANT__V1ALPHA1__WATCH_FILL_REQUEST__INIT;
    struct fill_watch *w = calloc(1, sizeof *w);
    struct dc_err err = {0};

    if (e->fill.watch || e->fill.state != DC_VIEW_RUNNING) {
        free(w);
        return;
    }
    const struct dc_agent_events events = {.message = on_status, .done = on_end, .arg = w};
    req.fill_id = e->fill.prime_uid;
    if (!w) {
        dc_fail(&err, DC_NO_MEMORY, 0, "watch of a fill");
    } else {
        *w = (struct fill_watch){c, e};
        if (dc_agents_call(c->agents, pod, "WatchFill", &req.base, 0, &events, &e->fill.watch,
                           &err) == 0)
            return;
    }
    free(w);
    err.kind = DC_UNAVAILABLE; /* to be tried again, whatever it was */
    dc_fill_trouble(e, &err);
}

void dc_fill_unwatch(struct dc_entry *e)
{
    if (!e->fill.watch)
        return;
    free(dc_agent_cancel(e->fill.watch));
    e->fill.watch = NULL;
}
