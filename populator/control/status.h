// SPDX-License-Identifier: Apache-2.0
/*
 * control/status.h - what a claim's owner is told: its Population, and Events on the claim.
 *
 * Display only: best effort, never read back, waited for only at the end and not for long. A
 * Population is written at most once a second, but its success at once; what is told in between
 * is merged.
 */
#pragma once
#include <stdint.h>

#include "base/json.h"
#include "control/entry.h"
#include "decant/err.h"
#include "kube/client.h"
#include "kube/event.h"
#include "net/loop.h"
#include "plan/plan.h"

struct dc_statuses;
struct dc_status;

struct dc_statuses_spec {
    struct dc_loop *loop;
    struct dc_kube *kube;
    struct dc_kube_events *events;
    /* All that was told about the claim with this UID has been written. */
    void (*settled)(void *arg, const char *uid);
    void *arg;
};

int dc_statuses_new(const struct dc_statuses_spec *spec, struct dc_statuses **ret,
                    struct dc_err *err);
void dc_statuses_free(struct dc_statuses *all); /* NULL is allowed */

/* What is known beside the telling; "" and 0: not yet. */
struct dc_status_facts {
    const char *node, *digest;
    int64_t attempt;
};

/*
 * Tell about U. e->status is made when there is none yet. An Event is written when reason or
 * message differ from the last one's. attempt 0: none has begun.
 */
void dc_status_tell(struct dc_statuses *all, struct dc_entry *e, const json_t *claim,
                    const struct dc_telling *tell, const struct dc_status_facts *facts);

/* Whether all that was told has been written, or nothing was told. */
bool dc_status_settled(const struct dc_entry *e);

/* No more will be told: what is pending is still written, unless U is gone. Clears e->status. */
void dc_status_end(struct dc_entry *e, bool claim_gone);

/* The Population's status for people; a new reference, NULL: out of memory. */
struct dc_status_fields {
    const struct dc_telling *tell;
    const struct dc_fill_memory *fill;
    struct dc_status_facts facts;
    const char *last_error;
    const char *since; /* RFC 3339, of the condition */
};
json_t *dc_status_make(const struct dc_status_fields *f);
