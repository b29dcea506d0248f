// SPDX-License-Identifier: Apache-2.0
/* plan/plan_prime.c - P exists and is not yet filled: until it is Bound, or has to go. */
#include <inttypes.h>

#include "base/num.h"
#include "plan/steps.h"

/* Discard P for a reason that is no failure, so that the next P need not wait. */
static bool start_over(const struct dc_observed *o, struct dc_action *a)
{
    bool more = plan_discard(o, a);

    a->discards = false;
    return more;
}

/* The provisioner or the scheduler wants another node than the one that P was made for. */
static bool other_node(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;
    const char *wanted = o->claim.selected_node;

    if (!plan_set(p->node))
        return false; /* Immediate binding: no node before there is a volume */
    if (!plan_set(p->selected_node) && plan_same(wanted, p->node)) {
        plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NORMAL, "NodeRejected",
                  "no volume could be made for node %s; asking the scheduler for another one",
                  p->node);
        return plan_do(a, DC_ACT_STRIP_NODE);
    }
    if (!plan_set(p->selected_node) && !plan_set(wanted)) {
        plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NONE, "WaitForScheduler",
                  "no volume could be made for node %s; waiting for the scheduler to choose "
                  "another one",
                  p->node);
        return plan_do(a, DC_ACT_REST);
    }
    if (!plan_set(wanted) || plan_same(wanted, p->node))
        return false;
    plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NORMAL, "NodeChanged",
              "the scheduler chose node %s instead of %s; asking for a volume there", wanted,
              p->node);
    return start_over(o, a);
}

static bool pending(const struct dc_observed *o, struct dc_action *a)
{
    if (other_node(o, a))
        return true;
    plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NORMAL, "Provisioning",
              "waiting for %s to make a volume (hidden claim prime-%s)",
              plan_set(o->class.provisioner) ? o->class.provisioner : "the storage driver",
              o->claim.uid);
    return plan_do(a, DC_ACT_REST);
}

/* A failed fill is taken up again only for a reason: another source, or a person's word. */
static bool asked_again(const struct dc_observed *o)
{
    const struct dc_obs_prime *p = &o->prime;
    const struct dc_obs_source *s = &o->source;

    if (!plan_same(o->claim.retry, p->retry))
        return true;
    return s->exists &&
           (!plan_same(s->uid, p->source_uid) || s->generation != p->source_generation);
}

static bool failed(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (asked_again(o)) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_NORMAL, "StartingOver",
                  "starting over, as the source was changed or a retry was asked for");
        return start_over(o, a);
    }
    plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, p->failed_reason, "%s", p->failed_message);
    return plan_do(a, DC_ACT_REST);
}

/* V as it was made, before a byte is written to it. */
static bool unfit(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_volume *v = &o->volume;
    char has[DC_SIZE_TEXT], wants[DC_SIZE_TEXT];

    if (v->capacity_bytes < o->claim.request_bytes)
        return plan_give_up(a, "VolumeTooSmall",
                            "the driver made volume %s with %s where the claim asks for %s: it "
                            "could never be bound; ask for a size that the driver can make",
                            o->prime.volume_name, dc_size_text(v->capacity_bytes, has),
                            dc_size_text(o->claim.request_bytes, wants));
    if (v->block != o->claim.block)
        return plan_give_up(
            a, "VolumeModeMismatch",
            "the driver made volume %s with another volumeMode than the claim's",
            o->prime.volume_name);
    return false;
}

static bool bound(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;
    const struct dc_obs_volume *v = &o->volume;

    if (!v->exists) {
        plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NONE, "Provisioning",
                  "waiting for volume %s to appear", p->volume_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (v->deleting) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "VolumeDeleted",
                  "somebody deleted volume %s during the fill; starting over with another one",
                  p->volume_name);
        return plan_discard(o, a);
    }
    if (!plan_same(v->claim_uid, p->uid)) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "VolumeTaken",
                  "volume %s was given to another claim (uid %s) during the fill; delete the "
                  "claim and make it again",
                  p->volume_name, plan_set(v->claim_uid) ? v->claim_uid : "none");
        return plan_do(a, DC_ACT_REST);
    }
    return unfit(o, a);
}

bool plan_prime(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_prime *p = &o->prime;

    if (!p->exists)
        return false;
    if (!p->ours) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "HiddenClaimForeign",
                  "a claim named prime-%s exists in the hidden namespace but was not made for "
                  "this claim; an administrator has to delete it",
                  o->claim.uid);
        return plan_do(a, DC_ACT_REST);
    }
    if (p->deleting) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_NORMAL, "StartingOver",
                  "the hidden claim is being deleted; starting over when it is gone");
        return plan_discard(o, a);
    }
    if (p->phase == DC_PRIME_LOST) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "VolumeLost",
                  "volume %s is gone before it was filled; starting over with another one",
                  p->volume_name);
        return plan_discard(o, a);
    }
    if (plan_set(p->failed_reason))
        return failed(o, a);
    return p->phase == DC_PRIME_PENDING ? pending(o, a) : bound(o, a);
}
