// SPDX-License-Identifier: Apache-2.0
/*
 * control/apply.c - actions that are one request to the API server.
 *
 * Every write carries the identity of what was planned on, so that a stale snapshot costs a
 * round trip and never an object. The answer to a write is kept until the watch has caught up.
 */
#include "control/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/prime.h"
#include "decant/log.h"
#include "kube/patch.h"

void dc_run_end(struct dc_action_run *run, bool ok)
{
    struct dc_control *c = run->control;
    struct dc_entry *e = run->entry;

    dc_run_free(run);
    if (ok)
        dc_control_progress(c, e);
    else
        dc_control_failed(c, e);
}

void dc_run_free(struct dc_action_run *run)
{
    run->entry->run = NULL;
    for (size_t i = 0; i < sizeof run->call / sizeof *run->call; i++)
        dc_kube_cancel(run->call[i]);
    if (run->agent_call)
        (void)dc_agent_cancel(run->agent_call); /* its arg is this run */
    json_decref(run->claim);
    json_decref(run->prime);
    json_decref(run->volume);
    json_decref(run->spec);
    dc_credentials_done(&run->found);
    free(run);
}

/* What the plan told stays; beside it the owner must hear why nothing moves. */
void dc_run_refused(struct dc_action_run *run, const struct dc_err *err)
{
    const struct dc_status_facts facts = {.node = "", .digest = ""};
    struct dc_telling tell = {
        .phase = run->phase == DC_PHASE_NONE ? DC_PHASE_Pending : run->phase,
        .event = DC_EVENT_WARNING,
        .reason = run->kind == DC_ACT_CREATE_PRIME ? "HiddenClaimRefused" : "ApiRefused",
    };
    const struct dc_field fields[] = {{"claim", run->entry->name},
                                      {"ns", run->entry->ns},
                                      {"action", dc_action_name(run->kind)},
                                      {NULL, NULL}};

    dc_log_err(DC_LOG_WARN, "control", "an action failed and is tried again", err, fields);
    if (err->kind != DC_DENIED && err->kind != DC_BAD_INPUT)
        return; /* short-lived: nothing for the owner to do */
    (void)snprintf(tell.message, sizeof tell.message, "trying again by itself: %.500s",
                   err->msg);
    dc_status_tell(run->control->statuses, run->entry, run->claim, &tell, &facts);
}

static void keep(struct dc_action_run *run, const struct dc_kube_reply *reply)
{
    static const enum dc_own own[DC_ACT_COUNT] = {
        [DC_ACT_ADD_FINALIZER] = DC_OWN_CLAIM,   [DC_ACT_STRIP_NODE] = DC_OWN_CLAIM,
        [DC_ACT_DROP_FINALIZER] = DC_OWN_CLAIM,  [DC_ACT_CREATE_PRIME] = DC_OWN_PRIME,
        [DC_ACT_RECORD_FILL] = DC_OWN_PRIME,     [DC_ACT_RECORD_DONE] = DC_OWN_PRIME,
        [DC_ACT_RECORD_FAILED] = DC_OWN_PRIME,   [DC_ACT_RELEASE_PRIME] = DC_OWN_PRIME,
        [DC_ACT_DELETE_PRIME] = DC_OWN_PRIME,    [DC_ACT_REBIND] = DC_OWN_VOLUME,
        [DC_ACT_RECLAIM_DELETE] = DC_OWN_VOLUME,
    };
    const char *kind = dc_json_text_or_empty(reply->body, "kind");

    if (strcmp(kind, "Status") != 0)
        dc_entry_keep(run->entry, own[run->kind], reply->body);
}

/* P is gone for good, or will be when the watch says so: do not look at its last state again. */
static void note_gone(struct dc_action_run *run, const struct dc_kube_reply *reply)
{
    struct dc_entry *e = run->entry;
    const char *uid = dc_json_text_or_empty(run->prime, "metadata.uid");
    bool held = reply->answer == DC_KUBE_DONE &&
                json_array_size(dc_json_at(reply->body, "metadata.finalizers")) > 0;
    bool ended = run->kind == DC_ACT_DELETE_PRIME ||
                 dc_json_str(reply->body, "metadata.deletionTimestamp");

    if (held || (!ended && reply->answer != DC_KUBE_NOT_FOUND))
        return;
    (void)snprintf(e->gone, sizeof e->gone, "%s", uid);
}

/* Someone made P before us: a controller that died before it heard the answer. */
static void on_existing(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_action_run *run = arg;

    run->call[0] = NULL;
    if (reply->answer == DC_KUBE_DONE)
        dc_entry_keep(run->entry, DC_OWN_PRIME, reply->body);
    else if (reply->answer != DC_KUBE_NOT_FOUND)
        dc_run_refused(run, &reply->err);
    dc_run_end(run, reply->answer == DC_KUBE_DONE);
}

static void look_at_existing(struct dc_action_run *run)
{
    const char *ns = run->control->config->volumes_ns;
    char name[DC_PRIME_NAME_SIZE];
    const struct dc_kube_request request = {
        .verb = DC_KUBE_GET,
        .ref = {DC_KUBE_PVC, ns, dc_prime_name(run->entry->uid, name), NULL},
    };

    dc_run_send(run, 0, &request, on_existing);
}

static void on_written(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_action_run *run = arg;
    bool deletes = run->kind == DC_ACT_DELETE_PRIME || run->kind == DC_ACT_RELEASE_PRIME;

    run->call[0] = NULL;
    if (reply->answer == DC_KUBE_EXISTS && run->kind == DC_ACT_CREATE_PRIME) {
        look_at_existing(run);
        return;
    }
    if (deletes && (reply->answer == DC_KUBE_DONE || reply->answer == DC_KUBE_NOT_FOUND))
        note_gone(run, reply);
    if (reply->answer == DC_KUBE_DONE) {
        keep(run, reply);
        if (run->kind ==
            DC_ACT_DELETE_PRIME) /* the next P is made for the source as it is then */
            run->entry->probe = (struct dc_probe_memory){0};
        if (run->discards) {
            run->entry->restarts++;
            run->entry->discarded_ms = dc_control_now_ms();
        }
        dc_run_end(run, true);
        return;
    }
    if (deletes && reply->answer == DC_KUBE_NOT_FOUND) {
        dc_run_end(run, true);
        return;
    }
    if (run->kind == DC_ACT_DROP_FINALIZER && reply->answer == DC_KUBE_NOT_FOUND) {
        struct dc_entry *e = run->entry;
        struct dc_control *c = run->control;

        dc_run_free(run);
        dc_control_await(c, e);
        return;
    }
    dc_run_refused(run, &reply->err);
    dc_run_end(run, false);
}

void dc_run_send(struct dc_action_run *run, unsigned slot,
                 const struct dc_kube_request *request, dc_kube_done_fn *done)
{
    struct dc_err err = {0};

    if (dc_kube_start(run->control->kube, request, done, run, &run->call[slot], &err) == 0)
        return;
    dc_run_refused(run, &err);
    dc_run_end(run, false);
}

/* Send a JSON Patch of object; body is stolen. */
static void send_patch(struct dc_action_run *run, enum dc_kube_kind kind, const json_t *object,
                       json_t *body)
{
    dc_autojson json_t *ops = body;
    const struct dc_kube_request request = {
        .verb = DC_KUBE_JSON_PATCH,
        .ref = {kind, dc_json_str(object, "metadata.namespace"),
                dc_json_str(object, "metadata.name"), NULL},
        .body = ops,
    };

    dc_run_send(run, 0, &request, on_written);
}

void dc_run_rebind(struct dc_action_run *run, json_t *body)
{
    send_patch(run, DC_KUBE_PV, run->volume, body);
}

/* The finalizer lists of U and P. */
static int finalizer_patch(const json_t *object, const char *finalizer, bool on, json_t **ret,
                           struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();

    if (on)
        (void)dc_kube_patch_finalizer_add(&patch, object, finalizer);
    else
        (void)dc_kube_patch_finalizer_remove(&patch, object, finalizer);
    if (dc_kube_patch_check(&patch, err) != 0)
        return -1;
    *ret = dc_steal(patch.ops);
    return 0;
}

static int make_patch(const struct dc_action_run *run, const struct dc_action *a, json_t **ret,
                      struct dc_err *err)
{
    const struct dc_fill_memory *f = &run->entry->fill;

    switch ((int)a->kind) {
    case DC_ACT_ADD_FINALIZER:
        return finalizer_patch(run->claim, DC_CLAIM_FINALIZER, true, ret, err);
    case DC_ACT_DROP_FINALIZER:
        return finalizer_patch(run->claim, DC_CLAIM_FINALIZER, false, ret, err);
    case DC_ACT_STRIP_NODE:
        return dc_claim_strip_node(
            run->claim, dc_json_annotation(run->claim, DC_NOTE_SELECTED_NODE), ret, err);
    case DC_ACT_RELEASE_PRIME:
        return finalizer_patch(run->prime, DC_PRIME_FINALIZER, false, ret, err);
    case DC_ACT_RECORD_FILL:
        return dc_prime_record_fill(run->prime, a->node, a->generation, ret, err);
    case DC_ACT_RECORD_DONE:
        return dc_prime_record_done(run->prime, f->digest, ret, err);
    case DC_ACT_RECORD_FAILED:
        return dc_prime_record_failed(run->prime, a->tell.reason, a->tell.message, ret, err);
    case DC_ACT_RECLAIM_DELETE:
        return dc_volume_reclaim(run->volume, run->prime, ret, err);
    default:
        return dc_fail(err, DC_INTERNAL, 0, "action %s is no patch", dc_action_name(a->kind));
    }
}

static void patch(struct dc_action_run *run, enum dc_kube_kind kind, const json_t *object,
                  const struct dc_action *a)
{
    struct dc_err err = {0};
    json_t *body = NULL;

    if (make_patch(run, a, &body, &err) == 0) {
        send_patch(run, kind, object, body);
        return;
    }
    dc_run_refused(run, &err);
    dc_run_end(run, false);
}

static void create_prime(struct dc_action_run *run, const struct dc_sight *s,
                         const struct dc_action *a)
{
    const struct dc_prime_spec spec = {
        .claim = s->claim,
        .source = s->source,
        .volumes_ns = run->control->config->volumes_ns,
        .node = a->node,
        .validator = run->entry->probe.validator,
        .attempt = run->entry->restarts + 1,
    };
    struct dc_err err = {0};
    dc_autojson json_t *prime = NULL;

    if (dc_prime_make(&spec, &prime, &err) != 0) {
        dc_run_refused(run, &err);
        dc_run_end(run, false);
        return;
    }
    const struct dc_kube_request request = {
        .verb = DC_KUBE_CREATE,
        .ref = {.kind = DC_KUBE_PVC, .ns = spec.volumes_ns},
        .body = prime,
    };
    dc_run_send(run, 0, &request, on_written);
}

static void delete_prime(struct dc_action_run *run)
{
    const struct dc_kube_request request = {
        .verb = DC_KUBE_DELETE,
        .ref = {DC_KUBE_PVC, run->control->config->volumes_ns,
                dc_json_str(run->prime, "metadata.name"), NULL},
        .uid = dc_json_str(run->prime, "metadata.uid"),
    };

    dc_run_send(run, 0, &request, on_written);
}

static struct dc_action_run *run_new(struct dc_control *c, struct dc_entry *e,
                                     const struct dc_sight *s, const struct dc_action *a)
{
    struct dc_action_run *run = calloc(1, sizeof *run);

    if (!run)
        return NULL;
    *run = (struct dc_action_run){
        .control = c,
        .entry = e,
        .kind = a->kind,
        .phase = a->tell.phase,
        .generation = a->generation,
        .discards = a->discards,
        .claim = json_incref(s->claim),
        .prime = json_incref(s->prime),
        .volume = json_incref(s->volume),
        .spec = json_incref((json_t *)(uintptr_t)dc_sight_source_spec(s)),
    };
    e->run = run;
    return run;
}

void dc_apply(struct dc_control *c, struct dc_entry *e, const struct dc_sight *sight,
              const struct dc_action *a)
{
    struct dc_action_run *run = run_new(c, e, sight, a);

    if (!run) {
        dc_control_failed(c, e);
        return;
    }
    switch (a->kind) {
    case DC_ACT_ADD_FINALIZER:
    case DC_ACT_DROP_FINALIZER:
    case DC_ACT_STRIP_NODE:
        patch(run, DC_KUBE_PVC, run->claim, a);
        break;
    case DC_ACT_RELEASE_PRIME:
        dc_run_release_fill(run);
        patch(run, DC_KUBE_PVC, run->prime, a);
        break;
    case DC_ACT_RECORD_FILL:
    case DC_ACT_RECORD_DONE:
    case DC_ACT_RECORD_FAILED:
        dc_entry_forget_secrets(e); /* an attempt is over, or has not begun */
        patch(run, DC_KUBE_PVC, run->prime, a);
        break;
    case DC_ACT_RECLAIM_DELETE:
        patch(run, DC_KUBE_PV, run->volume, a);
        break;
    case DC_ACT_CREATE_PRIME:
        create_prime(run, sight, a);
        break;
    case DC_ACT_DELETE_PRIME:
        delete_prime(run);
        break;
    case DC_ACT_REBIND:
        dc_run_check_and_rebind(run);
        break;
    case DC_ACT_READ_SECRETS:
        dc_run_read_secrets(run);
        break;
    case DC_ACT_PROBE:
        dc_run_probe(run, a->node);
        break;
    case DC_ACT_START_FILL:
        dc_run_start_fill(run, sight, a->node);
        break;
    case DC_ACT_CANCEL_FILL:
        dc_run_cancel_fill(run, a->node);
        break;
    case DC_ACT_REST:
    case DC_ACT_FORGET:
    case DC_ACT_COUNT:
        dc_run_end(run, true);
        break;
    }
}

void dc_apply_abandon(struct dc_entry *e)
{
    if (e->run)
        dc_run_free(e->run);
}

void dc_apply_interrupt(struct dc_control *c, struct dc_entry *e)
{
    if (!e->run || (e->run->kind != DC_ACT_PROBE && e->run->kind != DC_ACT_READ_SECRETS))
        return;
    dc_run_free(e->run);
    dc_control_progress(c, e);
}
