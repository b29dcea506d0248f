// SPDX-License-Identifier: Apache-2.0
/* control/apply.h - one action under way, between the files that do actions. */
#pragma once
#include "control/control.h"

/* Objects are those that were planned on, kept alive. Ends with dc_run_end(). */
struct dc_action_run {
    struct dc_control *control;
    struct dc_entry *entry;
    enum dc_action_kind kind;
    enum dc_phase phase;
    int64_t generation;
    bool discards;
    json_t *claim, *prime, *volume; /* owned; NULL where there is none */
    json_t *spec;                   /* of S; owned                     */
    struct dc_kube_call *call[2];
    struct dc_agent_call *agent_call;
    char node[256]; /* START_FILL */
    unsigned step;  /* READ_SECRETS: which need; REBIND: answers still to come */
    bool stale;     /* REBIND: something is not as planned */
    struct dc_credentials found;
};

/* Free it and look at the entry again: at once, or after a back-off. */
void dc_run_end(struct dc_action_run *run, bool ok);
void dc_run_free(struct dc_action_run *run);
/* Log why it failed, and tell the claim's owner where that is worth it. */
void dc_run_refused(struct dc_action_run *run, const struct dc_err *err);
/* Start a request; when it cannot be started the run has ended. */
void dc_run_send(struct dc_action_run *run, unsigned slot,
                 const struct dc_kube_request *request, dc_kube_done_fn *done);

/* apply_rebind.c */
void dc_run_check_and_rebind(struct dc_action_run *run);
void dc_run_rebind(struct dc_action_run *run, json_t *body); /* apply.c; steals body */
/* apply_secrets.c */
void dc_run_read_secrets(struct dc_action_run *run);
/* apply_fill.c: with the agent on a node */
void dc_run_probe(struct dc_action_run *run, const char *node);
void dc_run_start_fill(struct dc_action_run *run, const struct dc_sight *s, const char *node);
void dc_run_cancel_fill(struct dc_action_run *run, const char *node);
/* Let the agent forget an ended fill; not waited for. */
void dc_run_release_fill(struct dc_action_run *run);
