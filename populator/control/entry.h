// SPDX-License-Identifier: Apache-2.0
/*
 * control/entry.h - what the controller keeps in memory about one claim, and all of them.
 *
 * Nothing here is needed to be right: a new controller starts with empty entries and comes to
 * the same end from the objects in the cluster and what the agents tell.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "control/names.h"
#include "control/queue.h"
#include "control/source.h"
#include "plan/plan.h"

struct dc_entry;
struct dc_agent_call;
struct dc_action_run;
struct dc_status;

/* The three objects whose latest state may be in the answer to our own write. */
enum dc_own { DC_OWN_CLAIM, DC_OWN_PRIME, DC_OWN_VOLUME, DC_OWNS };

struct dc_probe_memory {
    enum dc_probe_state state;
    uint64_t virtual_bytes;
    char validator[256];
    char reason[64], message[512];
    bool retryable;
    unsigned tries;
    uint64_t at_ms;
};

struct dc_secrets_memory {
    enum dc_secrets_state state;
    struct dc_credentials have;
    char problem[512];
    unsigned tries;
    uint64_t at_ms;
};

/* The fill that was last asked for. Void when P or the generation is another one by now. */
struct dc_fill_memory {
    enum dc_view_state state;
    char prime_uid[DC_UID_SIZE];
    int64_t generation;
    uint64_t total_bytes, durable_bytes; /* of the volume; total 0: not known  */
    uint64_t served_bytes, pulled_bytes; /* of the source; served 0: not known */
    uint64_t rate;                       /* durable bytes a second, over the last seconds */
    uint64_t rate_bytes, rate_ms;
    char digest[160];
    char reason[64], message[512];
    bool retryable;
    unsigned lost;
    uint64_t at_ms;
    struct dc_agent_call *watch; /* the stream that keeps this fresh; NULL: none */
};

struct dc_entry {
    struct dc_queue_item item; /* first member */
    char uid[DC_UID_SIZE];
    char *ns, *name;        /* of U; NULL until it was seen                          */
    char *source_name;      /* of S, in ns                                           */
    json_t *own[DC_OWNS];   /* answers to our writes, until the caches have them     */
    char gone[DC_UID_SIZE]; /* UID of the last P that is known to be gone            */
    char *basis;            /* S and retry for which all below holds                 */
    unsigned restarts;
    uint64_t discarded_ms;
    struct dc_probe_memory probe;
    struct dc_secrets_memory secrets;
    struct dc_fill_memory fill;
    uint64_t settle_ms;        /* since when success waits to be shown; 0: it does not */
    struct dc_action_run *run; /* what is being done; NULL: nothing                   */
    struct dc_status *status;  /* what was told; NULL: nothing yet                    */
    struct dc_entry *next, *prev;
};

struct dc_entries {
    void *tree; /* by UID */
    struct dc_entry *first;
    size_t count;
};

/* Borrowed; NULL: none. */
struct dc_entry *dc_entry_find(const struct dc_entries *all, const char *uid);
/* Find or make. NULL: out of memory, or a UID that is none. */
struct dc_entry *dc_entry_get(struct dc_entries *all, const char *uid);
/* Not in the queue any more, without run, watch and status. */
void dc_entry_free(struct dc_entries *all, struct dc_entry *e);

/* Remember where U is and what it names. False: out of memory. */
bool dc_entry_learn(struct dc_entry *e, const char *ns, const char *name, const char *source);
/* Forget what was found out about S when it is not the S of `basis`. False: out of memory. */
bool dc_entry_rebase(struct dc_entry *e, const char *basis);
void dc_entry_forget_secrets(struct dc_entry *e);

/* Keep the answer to a write (NULL: nothing). */
void dc_entry_keep(struct dc_entry *e, enum dc_own which, json_t *object);
/* The cache has this object now (gone: it was deleted): drop what is older. */
void dc_entry_seen(struct dc_entry *e, enum dc_own which, const json_t *object, bool gone);
/* The newer of what a cache and our own write say; borrowed, NULL when it is not there. */
json_t *dc_entry_newest(const struct dc_entry *e, enum dc_own which, json_t *cached);

/* metadata.resourceVersion as a number: comparable since Kubernetes 1.35 (KEP-5504). */
uint64_t dc_object_version(const json_t *object);
