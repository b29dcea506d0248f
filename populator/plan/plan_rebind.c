// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan_rebind.c - from a filled P to a bound U, and what is left to do after that.
 *
 * V's claimRef decides before anything that P says: once it names U, only the cluster's volume
 * controller acts. That controller marks P Lost when it looks at P again, for which taking our
 * finalizer off P gives it the occasion; only then is P deleted.
 */
#include "plan/steps.h"

/* V names U, and U is bound to it: done, but for tidying up. */
static bool tidy_up(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (p->finalizer)
        return plan_do(a, DC_ACT_RELEASE_PRIME);
    if (p->phase == DC_PRIME_LOST && !p->deleting)
        return plan_do(a, DC_ACT_DELETE_PRIME);
    return plan_do(a, DC_ACT_REST);
}

static void tell_populated(const struct dc_observed *o, struct dc_action *a)
{
    plan_tell(a, DC_PHASE_Succeeded, DC_EVENT_NORMAL, "Populated",
              "volume %s holds the data of %s %s and is bound to the claim",
              o->claim.volume_name, o->claim.source_kind, o->claim.source_name);
}

static void tell_bound_elsewhere(const struct dc_observed *o, struct dc_action *a)
{
    plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "ClaimBoundElsewhere",
              "the claim was bound to volume %s, which was not filled from %s %s: delete the "
              "claim and make it again; look for an Available volume of the same class, or a "
              "provisioner that ignores dataSourceRef",
              o->claim.volume_name, o->claim.source_kind, o->claim.source_name);
}

static void tell_lost(const struct dc_observed *o, struct dc_action *a)
{
    plan_tell(
        a, DC_PHASE_Failed, DC_EVENT_WARNING, "ClaimLost",
        "the claim has lost its volume %s, and what is in it: delete the claim and make it "
        "again",
        o->claim.volume_name);
}

/* U is bound to another volume than P's, or Lost: nothing is filled for it any more. */
static bool give_way(const struct dc_observed *o, struct dc_action *a)
{
    bool ours =
        o->volume.exists && o->volume.populated && plan_same(o->volume.claim_uid, o->claim.uid);

    if (o->claim.lost)
        tell_lost(o, a);
    else if (ours)
        tell_populated(o, a);
    else
        tell_bound_elsewhere(o, a);
    return plan_discard(o, a) || plan_do(a, DC_ACT_DROP_FINALIZER);
}

bool plan_bound(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_claim *u = &o->claim;
    const struct dc_obs_volume *v = &o->volume;
    bool prime = o->prime.exists && o->prime.ours;

    if (!plan_set(u->volume_name) && !u->lost)
        return false;
    if (!prime && !u->finalizer)
        return plan_do(a, DC_ACT_FORGET); /* bound before we saw it, or all is done */
    if (!prime || u->lost || !plan_same(o->prime.volume_name, u->volume_name))
        return give_way(o, a);
    if (v->exists && !plan_same(v->claim_uid, u->uid))
        return false; /* only U says so, and its owner may write that */
    if (!v->exists || !u->bind_completed) {
        plan_tell(a, DC_PHASE_Rebinding, DC_EVENT_NONE, "Rebinding",
                  "waiting for the cluster to finish binding volume %s", u->volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    tell_populated(o, a);
    return tidy_up(o, a);
}

/* P carries the completion marker and V is still its own. */
static bool rebind(const struct dc_observed *o, struct dc_action *a)
{
    const char *volume = o->prime.volume_name;

    if (o->volume.attached) {
        plan_tell(a, DC_PHASE_Rebinding, DC_EVENT_NONE, "WaitingForDetach",
                  "filled; waiting until the VolumeAttachment of volume %s is gone", volume);
        return plan_do(a, DC_ACT_REST);
    }
    plan_tell(a, DC_PHASE_Rebinding, DC_EVENT_NONE, "Rebinding",
              "filled and verified (%s); giving volume %s to the claim", o->prime.populated,
              volume);
    return plan_do(a, DC_ACT_REBIND);
}

bool plan_rebind(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;
    const struct dc_obs_volume *v = &o->volume;

    if (!p->exists || !p->ours || !v->exists)
        return false;
    if (plan_same(v->claim_uid, o->claim.uid)) {
        plan_tell(a, DC_PHASE_Rebinding, DC_EVENT_NONE, "Rebinding",
                  "volume %s is the claim's; waiting for the cluster to bind them",
                  p->volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (!plan_set(p->populated) || v->deleting)
        return false;
    if (plan_same(v->claim_uid, p->uid))
        return rebind(o, a);
    return false; /* somebody else's: plan_prime tells */
}
