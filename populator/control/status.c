// SPDX-License-Identifier: Apache-2.0
/*
 * control/status.c - see status.h.
 *
 *     tell -> (make the Population once) -> patch its status -> a second later, if more was told
 *
 * A Population of that name that belongs to an older claim is deleted and made again.
 */
#include "control/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "decant/log.h"

#define WRITE_EVERY_MS 1000u
#define RETRY_MS       5000u

struct dc_status {
    struct dc_statuses *all;
    struct dc_loop_timer timer;
    struct dc_kube_call *call; /* at most one at a time                        */
    struct dc_status *next, *prev;
    char *ns, *name, *uid; /* of U, and of the Population                  */
    json_t *wanted;        /* the status as told; NULL: nothing            */
    json_t *sent;          /* the status as last written; NULL: nothing    */
    bool made;             /* the Population is there                      */
    bool ending;           /* free when all is written                     */
    char event_reason[64], event_message[640];
    char last_error[640];
    enum dc_phase phase;
    char since[DC_RFC3339_SIZE];
};

struct dc_statuses {
    struct dc_statuses_spec spec;
    struct dc_status *first;
};

static void write_next(struct dc_status *st);

int dc_statuses_new(const struct dc_statuses_spec *spec, struct dc_statuses **ret,
                    struct dc_err *err)
{
    struct dc_statuses *all = calloc(1, sizeof *all);

    if (!all)
        return dc_fail(err, DC_NO_MEMORY, 0, "statuses");
    all->spec = *spec;
    *ret = all;
    return 0;
}

static void status_free(struct dc_status *st)
{
    dc_kube_cancel(st->call);
    dc_loop_timer_disarm(st->all->spec.loop, &st->timer);
    if (st->prev)
        st->prev->next = st->next;
    else
        st->all->first = st->next;
    if (st->next)
        st->next->prev = st->prev;
    json_decref(st->wanted);
    json_decref(st->sent);
    free(st->ns);
    free(st->name);
    free(st->uid);
    free(st);
}

void dc_statuses_free(struct dc_statuses *all)
{
    if (!all)
        return;
    while (all->first)
        status_free(all->first);
    free(all);
}

static bool written(const struct dc_status *st)
{
    return !st->wanted || (st->sent && json_equal(st->wanted, st->sent));
}

/* What is to follow an answer: the next write, a pause, or the end. */
static void go_on(struct dc_status *st, uint64_t wait_ms)
{
    st->call = NULL;
    if (written(st))
        st->all->spec.settled(st->all->spec.arg, st->uid);
    if (st->ending && written(st)) {
        status_free(st);
        return;
    }
    if (st->phase == DC_PHASE_Succeeded && wait_ms == WRITE_EVERY_MS && !written(st))
        wait_ms = 0;
    dc_loop_timer_arm(st->all->spec.loop, &st->timer, wait_ms);
}

static void trouble(struct dc_status *st, const struct dc_err *err)
{
    dc_log_err(DC_LOG_WARN, "control", "ignoring: a Population could not be written", err,
               (const struct dc_field[]){{"claim", st->name}, {"ns", st->ns}, {NULL, NULL}});
    if (st->ending) {
        status_free(st); /* display only: not worth staying for */
        return;
    }
    go_on(st, RETRY_MS);
}

static void send(struct dc_status *st, const struct dc_kube_request *request,
                 dc_kube_done_fn *done)
{
    struct dc_err err = {0};

    if (dc_kube_start(st->all->spec.kube, request, done, st, &st->call, &err) != 0)
        trouble(st, &err);
}

static struct dc_kube_ref population(const struct dc_status *st, const char *subresource)
{
    return (struct dc_kube_ref){DC_KUBE_POPULATION, st->ns, st->name, subresource};
}

static const char *owner_uid(const json_t *object)
{
    const json_t *owners = dc_json_at(object, "metadata.ownerReferences");

    return dc_json_text_or_empty(json_array_get(owners, 0), "uid");
}

static void on_deleted(void *arg, const struct dc_kube_reply *reply)
{
    (void)reply; /* whatever it was, making it again will tell */
    go_on(arg, WRITE_EVERY_MS);
}

static void delete_older(struct dc_status *st, const json_t *older)
{
    const struct dc_kube_request request = {
        .verb = DC_KUBE_DELETE,
        .ref = population(st, NULL),
        .uid = dc_json_text_or_empty(older, "metadata.uid"),
    };

    st->made = false;
    send(st, &request, on_deleted);
}

static void on_patched(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_status *st = arg;

    if (reply->answer == DC_KUBE_NOT_FOUND) {
        st->made = false;
        json_decref(st->sent);
        st->sent = NULL;
        go_on(st, WRITE_EVERY_MS);
        return;
    }
    if (reply->answer != DC_KUBE_DONE) {
        json_decref(st->sent);
        st->sent = NULL;
        trouble(st, &reply->err);
        return;
    }
    if (strcmp(owner_uid(reply->body), st->uid) != 0) {
        delete_older(st, reply->body);
        return;
    }
    go_on(st, WRITE_EVERY_MS);
}

static void patch(struct dc_status *st)
{
    dc_autojson json_t *body = json_pack("{sO}", "status", st->wanted);
    const struct dc_kube_request request = {
        .verb = DC_KUBE_MERGE_PATCH,
        .ref = population(st, "status"),
        .body = body,
    };

    json_decref(st->sent);
    st->sent = json_incref(st->wanted);
    send(st, &request, on_patched);
}

static void on_made(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_status *st = arg;

    st->call = NULL;
    if (reply->answer != DC_KUBE_DONE && reply->answer != DC_KUBE_EXISTS) {
        trouble(st, &reply->err);
        return;
    }
    st->made = true;
    patch(st);
}

static void make(struct dc_status *st)
{
    dc_autojson json_t *body = json_pack(
        "{ss ss s{ss ss s[{ss ss ss ss}]}}", "apiVersion", DC_KUBE_GROUP "/v1alpha1", "kind",
        "Population", "metadata", "name", st->name, "namespace", st->ns, "ownerReferences",
        "apiVersion", "v1", "kind", "PersistentVolumeClaim", "name", st->name, "uid", st->uid);
    const struct dc_kube_request request = {
        .verb = DC_KUBE_CREATE,
        .ref = {.kind = DC_KUBE_POPULATION, .ns = st->ns},
        .body = body,
    };

    send(st, &request, on_made);
}

static void write_next(struct dc_status *st)
{
    if (st->call || st->timer.armed || written(st))
        return;
    if (st->made)
        patch(st);
    else
        make(st);
}

static void on_time(struct dc_loop_timer *t)
{
    struct dc_status *st = dc_container_of(t, struct dc_status, timer);

    if (st->ending && written(st))
        status_free(st);
    else
        write_next(st);
}

static struct dc_status *status_new(struct dc_statuses *all, const struct dc_entry *e)
{
    struct dc_status *st = calloc(1, sizeof *st);

    if (!st)
        return NULL;
    *st = (struct dc_status){.all = all, .timer.fire = on_time, .next = all->first};
    if (st->next)
        st->next->prev = st;
    all->first = st;
    st->ns = strdup(e->ns);
    st->name = strdup(e->name);
    st->uid = strdup(e->uid);
    if (!st->ns || !st->name || !st->uid) {
        status_free(st);
        return NULL;
    }
    return st;
}

static void tell_event(struct dc_status *st, const json_t *claim, const struct dc_telling *tell)
{
    struct dc_err err = {0};

    if (tell->event == DC_EVENT_NONE || !claim)
        return;
    if (strcmp(st->event_reason, tell->reason) == 0 &&
        strcmp(st->event_message, tell->message) == 0)
        return;
    (void)snprintf(st->event_reason, sizeof st->event_reason, "%s", tell->reason);
    (void)snprintf(st->event_message, sizeof st->event_message, "%s", tell->message);
    if (dc_kube_event(st->all->spec.events, claim,
                      tell->event == DC_EVENT_WARNING ? DC_KUBE_WARNING : DC_KUBE_NORMAL,
                      tell->reason, tell->message, &err) != 0)
        dc_log_err(DC_LOG_WARN, "control", "ignoring: an Event could not be written", &err,
                   (const struct dc_field[]){{"claim", st->name}, {NULL, NULL}});
}

void dc_status_tell(struct dc_statuses *all, struct dc_entry *e, const json_t *claim,
                    const struct dc_telling *tell, const struct dc_status_facts *facts)
{
    if (tell->phase == DC_PHASE_NONE || !e->ns)
        return;
    if (!e->status)
        e->status = status_new(all, e);
    struct dc_status *st = e->status;
    if (!st)
        return; /* out of memory: told when something comes again */

    if (tell->event == DC_EVENT_WARNING)
        (void)snprintf(st->last_error, sizeof st->last_error, "%s", tell->message);
    if (tell->phase == DC_PHASE_Succeeded)
        st->last_error[0] = '\0';
    if ((st->phase == DC_PHASE_Succeeded) != (tell->phase == DC_PHASE_Succeeded) ||
        !st->since[0])
        dc_clock_rfc3339(dc_clock_wall_ms(), false, st->since);
    st->phase = tell->phase;
    tell_event(st, claim, tell);

    json_t *wanted = dc_status_make(&(struct dc_status_fields){
        .tell = tell,
        .fill = &e->fill,
        .facts = *facts,
        .last_error = st->last_error,
        .since = st->since,
    });
    if (!wanted)
        return;
    /* What was told before and not yet written stays, where nothing newer is known. */
    if (st->wanted)
        (void)json_object_update_missing(wanted, st->wanted);
    json_decref(st->wanted);
    st->wanted = wanted;
    if (st->phase == DC_PHASE_Succeeded && !st->call)
        dc_loop_timer_disarm(st->all->spec.loop,
                             &st->timer); /* the last word waits for nothing */
    write_next(st);
}

bool dc_status_settled(const struct dc_entry *e)
{
    return !e->status || (!e->status->call && written(e->status));
}

void dc_status_end(struct dc_entry *e, bool claim_gone)
{
    struct dc_status *st = e->status;

    e->status = NULL;
    if (!st)
        return;
    st->ending = true;
    if (claim_gone || (!st->call && written(st)))
        status_free(st);
}
