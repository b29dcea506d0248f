// SPDX-License-Identifier: Apache-2.0
/*
 * control/apply_rebind.c - give V to U, after a last live look at both.
 *
 * The caches may be behind: U must still be this U, not going and not bound to another volume, V
 * must still be P's. The patch itself holds only for the V that was seen here. That no VolumeAttachment names
 * V is taken from the watch: with drivers that need none (the only ones so far) nobody makes one
 * for a volume that only the hidden claim may use.
 */
#include <string.h>

#include "base/json.h"
#include "control/apply.h"
#include "control/prime.h"

static bool text_is(const json_t *object, const char *path, const char *value)
{
    return strcmp(dc_json_text_or_empty(object, path), value) == 0;
}

static void finish(struct dc_action_run *run)
{
    struct dc_err err = {0};
    json_t *body = NULL;

    if (--run->step > 0)
        return;
    if (run->stale) {
        dc_run_end(run, false); /* the plan looks again, at what the answers said */
        return;
    }
    if (dc_volume_rebind(run->volume, run->prime, run->claim, &body, &err) == 0) {
        dc_run_rebind(run, body);
        return;
    }
    dc_run_refused(run, &err);
    dc_run_end(run, false);
}

/* The answer to a live look at *object; false: it is not there, or another one of that name. */
static bool take(struct dc_action_run *run, const struct dc_kube_reply *reply,
                 enum dc_own which, json_t **object)
{
    if (reply->answer != DC_KUBE_DONE) {
        run->stale = true;
        if (reply->answer != DC_KUBE_NOT_FOUND)
            dc_run_refused(run, &reply->err);
        return false;
    }
    if (!text_is(reply->body, "metadata.uid", dc_json_text_or_empty(*object, "metadata.uid"))) {
        run->stale = true;
        return false;
    }
    dc_entry_keep(run->entry, which, reply->body);
    json_decref(*object);
    *object = json_incref(reply->body);
    return true;
}

/* U may name V already, by its owner's hand: only another volume is in the way. */
static bool is_free(const json_t *claim, const struct dc_action_run *run)
{
    const char *named = dc_json_text_or_empty(claim, "spec.volumeName");

    return !dc_json_str(claim, "metadata.deletionTimestamp") &&
           (!named[0] || text_is(run->volume, "metadata.name", named));
}

static void on_claim(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_action_run *run = arg;

    run->call[0] = NULL;
    if (take(run, reply, DC_OWN_CLAIM, &run->claim) && !is_free(run->claim, run))
        run->stale = true;
    finish(run);
}

static void on_volume(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_action_run *run = arg;
    const char *prime = dc_json_text_or_empty(run->prime, "metadata.uid");

    run->call[1] = NULL;
    if (take(run, reply, DC_OWN_VOLUME, &run->volume) &&
        (!text_is(run->volume, "spec.claimRef.uid", prime) ||
         dc_json_str(run->volume, "metadata.deletionTimestamp")))
        run->stale = true;
    finish(run);
}

static void get(struct dc_action_run *run, unsigned slot, struct dc_kube_ref ref,
                dc_kube_done_fn *done)
{
    const struct dc_kube_request request = {.verb = DC_KUBE_GET, .ref = ref};
    struct dc_err err = {0};

    if (dc_kube_start(run->control->kube, &request, done, run, &run->call[slot], &err) == 0)
        return;
    run->stale = true;
    finish(run);
}

void dc_run_check_and_rebind(struct dc_action_run *run)
{
    const struct dc_kube_ref claim = {DC_KUBE_PVC, run->entry->ns, run->entry->name, NULL};
    const struct dc_kube_ref volume = {DC_KUBE_PV, NULL,
                                       dc_json_str(run->volume, "metadata.name"), NULL};

    run->step = 3; /* this function holds the run too, until both are asked */
    get(run, 0, claim, on_claim);
    get(run, 1, volume, on_volume);
    finish(run);
}
