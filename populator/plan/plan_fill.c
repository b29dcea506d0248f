// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan_fill.c - P is Bound and V is its own: have an agent fill it.
 *
 * The node and the generation are on P before any agent hears of them, so that whoever comes
 * after a crash asks the same agent and never a second one. A fill stays on its node; another
 * try there has a higher generation, which ends the one before.
 */
#include "base/num.h"
#include "plan/steps.h"

/* Put node and generation on P first. */
static bool record(const char *node, int64_t generation, struct dc_action *a)
{
    a->node = node;
    a->generation = generation;
    return plan_do(a, DC_ACT_RECORD_FILL);
}

static bool choose_node(const struct dc_observed *o, struct dc_action *a)
{
    if (!plan_set(o->agents.fit_node)) {
        plan_tell(a, DC_PHASE_Filling, DC_EVENT_WARNING, "NoAgent",
                  "no ready decant-node agent runs on a node that can reach volume %s: check "
                  "the decant-node DaemonSet",
                  o->prime.volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    return record(o->agents.fit_node, o->prime.generation + 1, a);
}

static bool start(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (!o->agents.on_prime) {
        plan_tell(a, DC_PHASE_Filling, DC_EVENT_WARNING, "AgentLost",
                  "waiting for the decant-node agent on node %s, which fills volume %s: it is "
                  "not ready",
                  p->node, p->volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (o->view.lost > 0) {
        plan_tell(
            a, DC_PHASE_Filling, DC_EVENT_WARNING, "AgentUnreachable",
            "the decant-node agent on node %s does not answer; trying again by itself (%s)",
            p->node, o->view.message);
        if (plan_must_wait(o, o->view.at_ms, dc_plan_backoff_ms(o->view.lost, o->jitter), a))
            return true;
    }
    if (plan_secrets(o, DC_PHASE_Filling, a))
        return true;
    if (o->view.lost == 0)
        plan_tell(a, DC_PHASE_Filling, DC_EVENT_NORMAL, "Filling",
                  "filling volume %s on node %s", p->volume_name, p->node);
    a->node = p->node;
    a->generation = p->generation;
    return plan_do(a, DC_ACT_START_FILL);
}

static bool running(const struct dc_observed *o, struct dc_action *a)
{
    char done[DC_SIZE_TEXT], total[DC_SIZE_TEXT];

    if (o->view.total_bytes > 0)
        plan_tell(a, DC_PHASE_Filling, DC_EVENT_NONE, "Filling", "%s of %s are durable",
                  dc_size_text(o->view.durable_bytes, done),
                  dc_size_text(o->view.total_bytes, total));
    else
        plan_tell(a, DC_PHASE_Filling, DC_EVENT_NONE, "Filling", "filling volume %s on node %s",
                  o->prime.volume_name, o->prime.node);
    return plan_do(a, DC_ACT_REST);
}

/* The source is another one than was looked at: its size and all else must be asked anew. */
static bool source_changed(const struct dc_observed *o, struct dc_action *a)
{
    if (o->restarts + 1 >= DC_PLAN_MAX_TRIES)
        return plan_give_up(a, "SourceChanged",
                            "given up after %u tries: the source keeps changing while it is "
                            "read: %s",
                            DC_PLAN_MAX_TRIES, o->view.message);
    plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "SourceChanged",
              "the source changed during the fill; starting over: %s", o->view.message);
    return plan_discard(o, a);
}

static bool attempt_failed(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_view *f = &o->view;
    int64_t generation = o->prime.generation;

    if (f->changed)
        return source_changed(o, a);
    if (!f->retryable)
        return plan_give_up(a, f->reason,
                            "%s; put it right, then change %s %s or annotate the "
                            "claim with populator.cdi.kubevirt.io/retry to start over",
                            f->message, o->claim.source_kind, o->claim.source_name);
    if (generation >= DC_PLAN_MAX_TRIES)
        return plan_give_up(a, f->reason,
                            "given up after %d tries: %s; change %s %s or annotate "
                            "the claim with populator.cdi.kubevirt.io/retry to start over",
                            DC_PLAN_MAX_TRIES, f->message, o->claim.source_kind,
                            o->claim.source_name);
    plan_tell(a, DC_PHASE_Filling, DC_EVENT_WARNING, f->reason,
              "try %d of %d failed, trying again by itself: %s", (int)generation,
              DC_PLAN_MAX_TRIES, f->message);
    if (plan_must_wait(o, f->at_ms, dc_plan_backoff_ms((unsigned)generation, o->jitter), a))
        return true;
    return record(o->prime.node, generation + 1, a);
}

bool plan_fill(const struct dc_observed *o, struct dc_action *a)
{
    if (!o->prime.exists)
        return false;
    if (!plan_set(o->prime.node) || o->prime.generation < 1)
        return choose_node(o, a);

    switch (o->view.state) {
    case DC_VIEW_NONE:
        return start(o, a);
    case DC_VIEW_RUNNING:
        return running(o, a);
    case DC_VIEW_SUCCEEDED:
        plan_tell(a, DC_PHASE_Rebinding, DC_EVENT_NONE, "Filled", "filled and verified: %s",
                  o->view.digest);
        return plan_do(a, DC_ACT_RECORD_DONE);
    case DC_VIEW_FAILED:
        return attempt_failed(o, a);
    case DC_VIEW_CANCELLED:
        /* Cancelled for a reason that is gone again: only a new generation may write. */
        return record(o->prime.node, o->prime.generation + 1, a);
    }
    return false;
}
