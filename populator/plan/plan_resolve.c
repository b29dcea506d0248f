// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan_resolve.c - no P yet: everything that can be refused is refused here, before a
 * volume is made and before a byte is written, and everything that is waited for is told.
 */
#include "base/num.h"
#include "plan/steps.h"

#define RETRY_HINT \
    "; change %s %s or annotate the claim with populator.cdi.kubevirt.io/retry to try again"

/* What no change around the claim can mend: no finalizer for these. */
static bool wrong_claim(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_claim *u = &o->claim;

    if (!plan_same(u->source_kind, "Import")) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "Unsupported",
                  "dataSourceRef of kind %s is not supported yet; this version knows Import",
                  u->source_kind);
        return plan_do(a, DC_ACT_REST);
    }
    if (plan_set(u->source_ns) && !plan_same(u->source_ns, u->ns)) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "CrossNamespaceSource",
                  "dataSourceRef.namespace is %s: an Import is used from the claim's own "
                  "namespace only; make it in %s",
                  u->source_ns, u->ns);
        return plan_do(a, DC_ACT_REST);
    }
    if (u->selector) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "SelectorUnsupported",
                  "the claim has a selector, and volumes made for a claim cannot be selected: "
                  "make the claim again without it");
        return plan_do(a, DC_ACT_REST);
    }
    if (u->class_name && !plan_set(u->class_name)) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "NoDynamicProvisioning",
                  "storageClassName is \"\", which asks for no dynamic provisioning: make the "
                  "claim again with a storage class, or without the field for the default one");
        return plan_do(a, DC_ACT_REST);
    }
    return false;
}

static bool wrong_class(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_class *c = &o->class;

    if (!o->claim.class_name) {
        plan_tell(
            a, DC_PHASE_Pending, DC_EVENT_WARNING, "NoStorageClass",
            "the claim has no storageClassName and the cluster gave it no default: mark a "
            "storage class as the default, or make the claim again with one");
        return plan_do(a, DC_ACT_REST);
    }
    if (!c->exists) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "StorageClassNotFound",
                  "waiting for storage class %s, which does not exist", o->claim.class_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (!c->csi) {
        plan_tell(
            a, DC_PHASE_Pending, DC_EVENT_WARNING, "NotCSI",
            "storage class %s uses provisioner %s, for which there is no CSIDriver object: "
            "only CSI drivers can be filled; use another class, or install the driver",
            o->claim.class_name, c->provisioner);
        return plan_do(a, DC_ACT_REST);
    }
    if (!c->direct) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "DriverNotDirect",
                  "driver %s of storage class %s is not among those that Decant may call "
                  "(--direct-driver: %s), and filling through worker pods is not there yet",
                  c->provisioner, o->claim.class_name, o->any_direct);
        return plan_do(a, DC_ACT_REST);
    }
    if (c->attach_required) {
        plan_tell(
            a, DC_PHASE_Pending, DC_EVENT_WARNING, "AttachUnsupported",
            "driver %s needs its volumes attached (CSIDriver attachRequired), which Decant "
            "does not do yet; use a driver that does not",
            c->provisioner);
        return plan_do(a, DC_ACT_REST);
    }
    return false;
}

static bool wrong_source(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_claim *u = &o->claim;

    if (!o->source.exists) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "SourceObjectNotFound",
                  "waiting for %s %s in namespace %s, which does not exist", u->source_kind,
                  u->source_name, u->ns);
        return plan_do(a, DC_ACT_REST);
    }
    if (plan_set(o->source.refusal)) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "InvalidSource", "%s %s: %s",
                  u->source_kind, u->source_name, o->source.refusal);
        return plan_do(a, DC_ACT_REST);
    }
    return false;
}

/* The node for whose sake P is made ("": any), and from where to look at the source. */
static bool no_node(const struct dc_observed *o, struct dc_action *a)
{
    const char *selected = o->claim.selected_node;

    if (!plan_set(o->agents.any_node)) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "NoAgent",
                  "no decant-node agent is ready on any node: check the decant-node DaemonSet");
        return plan_do(a, DC_ACT_REST);
    }
    if (!o->class.wait_for_consumer) {
        a->node = o->agents.any_node;
        return false;
    }
    if (!plan_set(selected)) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_NORMAL, "WaitForFirstConsumer",
                  "waiting for a pod that uses the claim, as storage class %s asks",
                  o->claim.class_name);
        return plan_do(a, DC_ACT_REST);
    }
    if (!o->agents.on_selected) {
        plan_tell(a, DC_PHASE_Pending, DC_EVENT_WARNING, "NoAgent",
                  "no decant-node agent is ready on node %s, which the scheduler chose: check "
                  "the decant-node DaemonSet",
                  selected);
        return plan_do(a, DC_ACT_REST);
    }
    a->node = selected;
    return false;
}

static bool probe_failed(const struct dc_observed *o, struct dc_action *a)
{
    const struct dc_obs_probe *p = &o->probe;
    const char *kind = o->claim.source_kind, *name = o->claim.source_name;

    if (!p->retryable) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, p->reason, "%s" RETRY_HINT, p->message,
                  kind, name);
        return plan_do(a, DC_ACT_REST);
    }
    if (p->tries >= DC_PLAN_MAX_TRIES) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, p->reason,
                  "given up after %u tries: %s" RETRY_HINT, p->tries, p->message, kind, name);
        return plan_do(a, DC_ACT_REST);
    }
    plan_tell(a, DC_PHASE_Resolving, DC_EVENT_WARNING, p->reason,
              "try %u of %d failed, trying again by itself: %s", p->tries, DC_PLAN_MAX_TRIES,
              p->message);
    if (plan_must_wait(o, p->at_ms, dc_plan_backoff_ms(p->tries, o->jitter), a))
        return true;
    return plan_do(a, DC_ACT_PROBE);
}

static bool probe(const struct dc_observed *o, struct dc_action *a)
{
    switch (o->probe.state) {
    case DC_PROBE_OK:
        return false;
    case DC_PROBE_FAILED:
        return probe_failed(o, a);
    case DC_PROBE_NONE:
        break;
    }
    plan_tell(a, DC_PHASE_Resolving, DC_EVENT_NONE, "Probing", "looking at the source");
    return plan_do(a, DC_ACT_PROBE);
}

static bool too_small(const struct dc_observed *o, struct dc_action *a)
{
    uint64_t image = o->probe.virtual_bytes;
    uint64_t needed = dc_plan_needed_bytes(image, o->claim.block);
    uint64_t least = o->claim.block ? image : needed; /* a device needs no rounding */
    char has[DC_SIZE_TEXT], holds[DC_SIZE_TEXT], wants[DC_SIZE_TEXT];

    if (o->claim.request_bytes >= least)
        return false;
    plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "ClaimTooSmall",
              "the claim asks for %s, the image holds %s and needs %s%s: make the claim again "
              "with at least %lluMi",
              dc_size_text(o->claim.request_bytes, has), dc_size_text(image, holds),
              dc_size_text(needed, wants),
              o->claim.block ? "" : " with 6 % for the file system itself",
              (unsigned long long)(needed / DC_MIB));
    return plan_do(a, DC_ACT_REST);
}

/* Make P; not at once when earlier ones were lost. */
static bool create(const struct dc_observed *o, struct dc_action *a)
{
    if (o->restarts >= DC_PLAN_MAX_TRIES) {
        plan_tell(a, DC_PHASE_Failed, DC_EVENT_WARNING, "GivenUp",
                  "given up after %u volumes that were lost before they were filled" RETRY_HINT,
                  o->restarts, o->claim.source_kind, o->claim.source_name);
        return plan_do(a, DC_ACT_REST);
    }
    plan_tell(a, DC_PHASE_Provisioning, DC_EVENT_NONE, "Provisioning", "asking for a volume");
    if (o->restarts > 0 &&
        plan_must_wait(o, o->discarded_ms, dc_plan_backoff_ms(o->restarts, o->jitter), a))
        return true;
    if (!o->class.wait_for_consumer)
        a->node = "";
    return plan_do(a, DC_ACT_CREATE_PRIME);
}

/*
 * The cluster writes the provisioner's name on U as soon as a volume may be made. A write of ours
 * at that moment would make its own fail: a Warning on U, and the next try only seconds later.
 */
static bool finalizer(const struct dc_observed *o, struct dc_action *a)
{
    bool due = !o->class.wait_for_consumer || plan_set(o->claim.selected_node);

    if (o->claim.finalizer)
        return false;
    if (o->claim.announced || !due)
        return plan_do(a, DC_ACT_ADD_FINALIZER);
    plan_tell(a, DC_PHASE_Pending, DC_EVENT_NONE, "WaitForCluster",
              "waiting for kube-controller-manager to name the provisioner on the claim");
    return plan_do(a, DC_ACT_REST);
}

bool plan_resolve(const struct dc_observed *o, struct dc_action *a)
{
    if (wrong_claim(o, a) || wrong_class(o, a) || finalizer(o, a))
        return true;
    if (wrong_source(o, a) || no_node(o, a) || plan_secrets(o, DC_PHASE_Resolving, a))
        return true;
    if (probe(o, a) || too_small(o, a))
        return true;
    return create(o, a);
}
