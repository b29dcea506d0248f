// SPDX-License-Identifier: Apache-2.0
/* control/apply_fill.c - actions that an agent does: look, fill, cancel, forget. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "control/apply.h"
#include "control/volume.h"

#define PROBE_MS 30000u
#define START_MS 15000u
/* Unpublish and unstage may take two minutes each at a driver that is slow. */
#define CANCEL_MS  300000u
#define RELEASE_MS 5000u

/* Call the agent on node; false: it could not be called, *err says why, and nothing is pending. */
static bool call(struct dc_action_run *run, const char *node, const char *method,
                 const ProtobufCMessage *req, uint32_t timeout_ms,
                 const struct dc_agent_events *events, struct dc_err *err)
{
    struct dc_control *c = run->control;
    struct dc_agent_pod pod;

    if (!dc_agent_pod_on(c->caches.pods, node, &pod)) {
        dc_fail(err, DC_UNAVAILABLE, 0, "no decant-node agent is ready on node %s", node);
        return false;
    }
    return dc_agents_call(c->agents, &pod, method, req, timeout_ms, events, &run->agent_call,
                          err) == 0;
}

/* --- Probe --- */

static void probe_failed(struct dc_action_run *run, const char *reason, const char *message,
                         bool retryable)
{
    struct dc_probe_memory *p = &run->entry->probe;

    p->state = DC_PROBE_FAILED;
    p->tries++;
    p->retryable = retryable;
    p->at_ms = dc_control_now_ms();
    (void)snprintf(p->reason, sizeof p->reason, "%s", reason);
    (void)snprintf(p->message, sizeof p->message, "%s", message);
}

static void on_probed(void *arg, const ProtobufCMessage *msg)
{
    const Decant__V1alpha1__ProbeSourceResponse *r =
        (const Decant__V1alpha1__ProbeSourceResponse *)msg;
    struct dc_action_run *run = arg;
    struct dc_probe_memory *p = &run->entry->probe;

    if (r->refusal) {
        probe_failed(run, r->refusal->reason[0] ? r->refusal->reason : "SourceRefused",
                     r->refusal->message, r->refusal->retryable);
        return;
    }
    *p = (struct dc_probe_memory){.state = DC_PROBE_OK, .virtual_bytes = r->virtual_bytes};
    (void)snprintf(p->validator, sizeof p->validator, "%s", r->validator);
}

static void on_probe_done(void *arg, const struct dc_err *err)
{
    struct dc_action_run *run = arg;

    run->agent_call = NULL;
    if (err->kind != DC_OK)
        probe_failed(run, dc_err_reason(err->kind), err->msg, dc_err_retryable(err->kind));
    dc_run_end(run, true);
}

void dc_run_probe(struct dc_action_run *run, const char *node)
{
    Decant__V1alpha1__ProbeSourceRequest req = DECANT__V1ALPHA1__PROBE_SOURCE_REQUEST__INIT;
    const struct dc_agent_events events = {on_probed, on_probe_done, run};
    struct dc_source_message source = {0};
    struct dc_err err = {0};

    dc_source_message(run->spec, &run->entry->secrets.have, &source);
    req.source = &source.source;
    req.content_type = DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT;
    if (!call(run, node, "ProbeSource", &req.base, PROBE_MS, &events, &err))
        on_probe_done(run, &err);
}

/* --- Start --- */

static void on_started(void *arg, const ProtobufCMessage *msg)
{
    struct dc_action_run *run = arg;

    dc_fill_told(run->control, run->entry, (const Decant__V1alpha1__FillStatus *)msg);
}

static void on_start_done(void *arg, const struct dc_err *err)
{
    struct dc_action_run *run = arg;
    struct dc_entry *e = run->entry;
    struct dc_agent_pod pod;

    run->agent_call = NULL;
    dc_entry_forget_secrets(e);
    if (err->kind != DC_OK)
        dc_fill_trouble(e, err);
    else if (dc_agent_pod_on(run->control->caches.pods, run->node, &pod))
        dc_fill_watch(run->control, e, &pod);
    dc_run_end(run, true);
}

static void start(struct dc_action_run *run, const struct dc_sight *s,
                  const struct dc_volume_message *volume)
{
    Decant__V1alpha1__StartFillRequest req = DECANT__V1ALPHA1__START_FILL_REQUEST__INIT;
    const struct dc_agent_events events = {on_started, on_start_done, run};
    struct dc_source_message source = {0};
    struct dc_err err = {0};
    char claim[512];

    (void)snprintf(claim, sizeof claim, "%s/%s", run->entry->ns, run->entry->name);
    dc_source_message(run->spec, &run->entry->secrets.have, &source);
    req.fill_id = run->entry->fill.prime_uid;
    req.generation = run->generation;
    req.claim = claim;
    req.volume = (Decant__V1alpha1__Volume *)(uintptr_t)&volume->volume;
    req.source = &source.source;
    req.content_type = DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT;
    req.checksum = (char *)(uintptr_t)dc_json_text_or_empty(run->spec, "checksum");
    req.validator = (char *)(uintptr_t)dc_json_text_or_empty(s->used, "validator");
    if (!call(run, run->node, "StartFill", &req.base, START_MS, &events, &err))
        on_start_done(run, &err);
}

void dc_run_start_fill(struct dc_action_run *run, const struct dc_sight *s, const char *node)
{
    struct dc_volume_message volume;
    struct dc_err err = {0};

    dc_fill_begin(run->entry, s->seen.prime.uid, run->generation);
    (void)snprintf(run->node, sizeof run->node, "%s", node);
    if (!run->spec)
        dc_fail(&err, DC_CORRUPT, 0, "hidden claim %s has no readable note of its source",
                dc_json_text_or_empty(run->prime, "metadata.name"));
    else if (dc_volume_message(run->volume, run->claim, &volume, &err) == 0) {
        start(run, s, &volume);
        dc_volume_message_done(&volume);
        return;
    }
    on_start_done(run, &err);
}

/* --- Cancel --- */

static void on_cancel_done(void *arg, const struct dc_err *err)
{
    struct dc_action_run *run = arg;
    struct dc_entry *e = run->entry;

    run->agent_call = NULL;
    if (err->kind == DC_OK) {
        dc_fill_unwatch(e);
        e->fill.state = DC_VIEW_CANCELLED;
        e->fill.lost = 0;
    } else {
        struct dc_err contact = *err;

        contact.kind = DC_UNAVAILABLE; /* only the agent's word that it has let go will do */
        dc_fill_trouble(e, &contact);
    }
    dc_run_end(run, true);
}

void dc_run_cancel_fill(struct dc_action_run *run, const char *node)
{
    Decant__V1alpha1__CancelFillRequest req = DECANT__V1ALPHA1__CANCEL_FILL_REQUEST__INIT;
    const struct dc_agent_events events = {.done = on_cancel_done, .arg = run};
    struct dc_err err = {0};

    dc_fill_begin(run->entry, dc_json_text_or_empty(run->prime, "metadata.uid"),
                  run->generation);
    req.fill_id = run->entry->fill.prime_uid;
    req.generation = run->generation;
    if (!call(run, node, "CancelFill", &req.base, CANCEL_MS, &events, &err))
        on_cancel_done(run, &err);
}

/* --- Release --- */

void dc_run_release_fill(struct dc_action_run *run)
{
    Decant__V1alpha1__ReleaseFillRequest req = DECANT__V1ALPHA1__RELEASE_FILL_REQUEST__INIT;
    const char *node = dc_json_annotation(run->prime, DC_NOTE_NODE);
    const struct dc_agent_events nobody = {0};
    struct dc_control *c = run->control;
    struct dc_err ignored = {0};
    struct dc_agent_pod pod;

    if (!node || !dc_json_str(run->prime, "spec.volumeName") ||
        !dc_agent_pod_on(c->caches.pods, node, &pod))
        return;
    req.fill_id = (char *)(uintptr_t)dc_json_text_or_empty(run->prime, "metadata.uid");
    /* Best effort: an agent also forgets by itself. */
    (void)dc_agents_call(c->agents, &pod, "ReleaseFill", &req.base, RELEASE_MS, &nobody, NULL,
                         &ignored);
}
