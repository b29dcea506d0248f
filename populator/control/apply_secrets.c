// SPDX-License-Identifier: Apache-2.0
/* control/apply_secrets.c - read what a source names, one object after the other. */
#include <stdio.h>

#include "base/json.h"
#include "control/apply.h"

static void read_next(struct dc_action_run *run);

static void missing(struct dc_action_run *run, const char *text)
{
    struct dc_secrets_memory *s = &run->entry->secrets;

    s->state = DC_SECRETS_MISSING;
    s->tries++;
    s->at_ms = dc_control_now_ms();
    (void)snprintf(s->problem, sizeof s->problem, "%s", text);
    dc_run_end(run, true);
}

static const char *kind_name(const struct dc_need *need)
{
    return need->kind == DC_NEEDS_CA ? "ConfigMap" : "Secret";
}

static void on_object(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_action_run *run = arg;
    struct dc_need needs[DC_MAX_NEEDS];
    struct dc_err err = {0};
    char text[512];

    run->call[0] = NULL;
    (void)dc_source_needs(run->spec, needs);
    const struct dc_need *need = &needs[run->step];
    if (reply->answer == DC_KUBE_UNKNOWN) {
        dc_run_refused(run, &reply->err);
        dc_run_end(run, false);
        return;
    }
    if (reply->answer != DC_KUBE_DONE) {
        (void)snprintf(text, sizeof text, "waiting for %s %s in namespace %s, which %s",
                       kind_name(need), need->name, run->entry->ns,
                       reply->answer == DC_KUBE_NOT_FOUND ? "does not exist"
                                                          : "may not be read");
        missing(run, text);
        return;
    }
    if (dc_credentials_take(&run->found, need, reply->body, &err) != 0) {
        missing(run, err.msg);
        return;
    }
    run->step++;
    read_next(run);
}

static void read_next(struct dc_action_run *run)
{
    struct dc_secrets_memory *s = &run->entry->secrets;
    struct dc_need needs[DC_MAX_NEEDS];
    size_t n = dc_source_needs(run->spec, needs);

    if (run->step == n) {
        dc_entry_forget_secrets(run->entry);
        s->have = run->found;
        s->state = DC_SECRETS_READY;
        run->found = (struct dc_credentials){0};
        dc_run_end(run, true);
        return;
    }
    const struct dc_need *need = &needs[run->step];
    const struct dc_kube_request request = {
        .verb = DC_KUBE_GET,
        .ref = {need->kind == DC_NEEDS_CA ? DC_KUBE_CONFIGMAP : DC_KUBE_SECRET, run->entry->ns,
                need->name, NULL},
    };
    dc_run_send(run, 0, &request, on_object);
}

void dc_run_read_secrets(struct dc_action_run *run)
{
    read_next(run);
}
