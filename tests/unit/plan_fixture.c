// SPDX-License-Identifier: Apache-2.0
/* unit/plan_fixture.c - see plan_fixture.h. */
#include "plan_fixture.h"

/* U with everything that it needs, and no P. */
void at_resolve(struct dc_observed *o)
{
    *o = (struct dc_observed){
        .now_ms = AT_MS,
        .jitter = 128,
        .any_direct = "csi.example",
        .claim = {.exists = true,
                  .finalizer = true,
                  .announced = true,
                  .block = true,
                  .ns = "ns",
                  .name = "disk",
                  .uid = "u-1",
                  .volume_name = "",
                  .source_kind = "Import",
                  .source_name = "image",
                  .source_ns = "",
                  .class_name = "fast",
                  .selected_node = "",
                  .retry = "",
                  .request_bytes = 64 * DC_MIB},
        .class = {.exists = true, .csi = true, .direct = true, .provisioner = "csi.example"},
        .source = {.exists = true, .uid = "s-1", .generation = 1, .refusal = ""},
        .secrets = {.state = DC_SECRETS_READY, .problem = ""},
        .probe = {.state = DC_PROBE_OK,
                  .virtual_bytes = 64 * DC_MIB,
                  .reason = "",
                  .message = ""},
        .prime = {.uid = "",
                  .volume_name = "",
                  .selected_node = "",
                  .node = "",
                  .source_uid = "",
                  .retry = "",
                  .populated = "",
                  .failed_reason = "",
                  .failed_message = "no such file"},
        .volume = {.claim_uid = ""},
        .agents = {.any_node = "node-1", .fit_node = ""},
        .view = {.digest = "", .reason = "", .message = ""},
    };
}

/* The same with a class that waits for a pod, which has been given node-1. */
void at_consumer(struct dc_observed *o)
{
    at_resolve(o);
    o->class.wait_for_consumer = true;
    o->claim.selected_node = "node-1";
    o->agents.on_selected = true;
}

void at_pending(struct dc_observed *o)
{
    at_resolve(o);
    o->prime.exists = o->prime.ours = o->prime.finalizer = true;
    o->prime.uid = "p-1";
    o->prime.attempt = 1;
    o->prime.source_uid = "s-1";
    o->prime.source_generation = 1;
}

/* P of a class that waits: made for node-1. */
void at_pending_node(struct dc_observed *o)
{
    at_consumer(o);
    o->prime.exists = o->prime.ours = o->prime.finalizer = true;
    o->prime.uid = "p-1";
    o->prime.attempt = 1;
    o->prime.source_uid = "s-1";
    o->prime.source_generation = 1;
    o->prime.selected_node = o->prime.node = "node-1";
    o->prime.generation = 1;
    o->agents.on_prime = true;
}

void at_bound(struct dc_observed *o)
{
    at_pending(o);
    o->prime.phase = DC_PRIME_BOUND;
    o->prime.volume_name = "v-1";
    o->volume = (struct dc_obs_volume){.exists = true,
                                       .provisioned = true,
                                       .block = true,
                                       .claim_uid = "p-1",
                                       .capacity_bytes = 64 * DC_MIB};
    o->agents.fit_node = "node-1";
}

/* The node is chosen and recorded. */
void at_fill(struct dc_observed *o)
{
    at_bound(o);
    o->prime.node = "node-1";
    o->prime.generation = 1;
    o->agents.on_prime = true;
}

void at_running(struct dc_observed *o)
{
    at_fill(o);
    o->view.state = DC_VIEW_RUNNING;
    o->view.total_bytes = 64 * DC_MIB;
    o->view.durable_bytes = 16 * DC_MIB;
}

void at_failed(struct dc_observed *o)
{
    at_fill(o);
    o->view.state = DC_VIEW_FAILED;
    o->view.reason = "SourceUnreachable";
    o->view.message = "connection refused";
    o->view.retryable = true;
    o->view.at_ms = AT_MS;
}

void at_succeeded(struct dc_observed *o)
{
    at_running(o);
    o->view.state = DC_VIEW_SUCCEEDED;
    o->view.digest = "sha256:ab";
}

/* P carries the completion marker. */
void at_populated(struct dc_observed *o)
{
    at_fill(o);
    o->prime.populated = "sha256:ab";
}

void at_rebound(struct dc_observed *o)
{
    at_populated(o);
    o->volume.claim_uid = "u-1";
    o->volume.populated = true;
}

/* U is bound to V; P is still there. */
void at_done(struct dc_observed *o)
{
    at_rebound(o);
    o->claim.volume_name = "v-1";
    o->claim.bind_completed = true;
}

void plan_table(const struct plan_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct plan_case *c = &cases[i];
        struct dc_observed o;
        struct dc_action a;

        c->station(&o);
        c->change(&o);
        dc_plan(&o, &a);
        if (a.kind != c->action || a.tell.phase != c->phase ||
            strcmp(a.tell.reason, c->reason) != 0)
            fail_msg("%s: %s, %s, %s (%s); expected %s, %s, %s", c->name,
                     dc_action_name(a.kind), dc_phase_name(a.tell.phase), a.tell.reason,
                     a.tell.message, dc_action_name(c->action), dc_phase_name(c->phase),
                     c->reason);
        /* Whoever is told a phase is told a reason and, but for the obvious, in words. */
        assert_true((a.tell.phase == DC_PHASE_NONE) == (a.tell.reason[0] == '\0'));
        assert_true(a.tell.event == DC_EVENT_NONE || a.tell.message[0] != '\0');
    }
}
