// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan_cleanup.c - taking down: a claim that is deleted or gone, a P that is discarded.
 *
 * Order: the fill first (no volume is pulled from under a writer), then V's reclaim policy, then
 * P, then our finalizer on P, and U's finalizer only when P is really gone.
 */
#include "plan/steps.h"

/* V still belongs to P, so it dies with it. */
static bool names_prime(const struct dc_observed *o)
{
    return o->volume.exists && plan_same(o->volume.claim_uid, o->prime.uid);
}

/* A fill can only have begun on a volume, and ends by itself or by a confirmed cancel. */
static bool may_be_writing(const struct dc_observed *o)
{
    const struct dc_obs_prime *p = &o->prime;
    enum dc_view_state state = o->view.state;

    if (!plan_set(p->volume_name) || !plan_set(p->node) || plan_set(p->populated))
        return false;
    return state == DC_VIEW_NONE || state == DC_VIEW_RUNNING;
}

static bool cancel_fill(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (o->agents.prime_node_gone)
        return false; /* nothing writes on a node that does not exist */
    if (!o->agents.on_prime) {
        plan_tell(a, a->tell.phase, DC_EVENT_WARNING, "AgentLost",
                  "waiting for the decant-node agent on node %s to let go of volume %s: bring "
                  "it back, or delete the Node object if that machine is gone for good",
                  p->node, p->volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (o->view.lost > 0 &&
        plan_must_wait(o, o->view.at_ms, dc_plan_backoff_ms(o->view.lost, o->jitter), a))
        return true;
    a->node = p->node;
    a->generation = p->generation;
    return plan_do(a, DC_ACT_CANCEL_FILL);
}

bool plan_discard(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (!p->exists || !p->ours)
        return false;
    if (may_be_writing(o) && cancel_fill(o, a))
        return true;
    if (names_prime(o) && o->volume.provisioned && o->volume.retain)
        return plan_do(a, DC_ACT_RECLAIM_DELETE);
    if (!p->deleting) {
        a->discards = true;
        return plan_do(a, DC_ACT_DELETE_PRIME);
    }
    if (p->finalizer)
        return plan_do(a, DC_ACT_RELEASE_PRIME);
    return plan_do(a, DC_ACT_REST); /* until it is gone */
}

bool plan_ending(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_claim *u = &o->claim;

    if (u->exists && !u->deleting)
        return false;
    plan_tell(a, DC_PHASE_Failed, DC_EVENT_NONE, "ClaimDeleted",
              "the claim is deleted; its fill is stopped and discarded");
    if (plan_discard(o, a))
        return true;
    return plan_do(a, u->exists && u->finalizer ? DC_ACT_DROP_FINALIZER : DC_ACT_FORGET);
}
