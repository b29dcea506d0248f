// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan.h - from what is known about a claim to the one thing to do next, and what to tell.
 *
 * A pure function: no clock, no I/O, no log, no memory. Everything that could go wrong between
 * two steps (a crash, a stale snapshot, a reordered event) is met by planning again.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "plan/observed.h"

#define DC_PLAN_MAX_TRIES 8 /* of a probe, of a fill on one P, and of P's of one U */

/* What to do. Every write carries preconditions (UID, resourceVersion, claimRef). */
#define DC_ACTIONS(X)                                                                    \
    X(REST, "nothing, until something changes or wait_ms has passed")                    \
    X(FORGET, "nothing, ever: drop what is kept in memory about U")                      \
    X(ADD_FINALIZER, "our finalizer on U")                                               \
    X(READ_SECRETS, "read what the source names from U's namespace")                     \
    X(PROBE, "look at the source's head from node")                                      \
    X(CREATE_PRIME, "make P, whole; for node when that is not empty")                    \
    X(STRIP_NODE, "take the selected node off U: the provisioner wants another one")     \
    X(RECORD_FILL, "write node and generation on P, before any fill with them begins")   \
    X(START_FILL, "tell the agent on node to fill, or find that it does; then watch it") \
    X(RECORD_DONE, "the completion marker on P")                                         \
    X(RECORD_FAILED, "reason and message on P: ended for good")                          \
    X(REBIND, "give V to U")                                                             \
    X(CANCEL_FILL, "have the agent on node stop and let go of V")                        \
    X(RECLAIM_DELETE, "V's reclaim policy to Delete: it dies with P")                    \
    X(DELETE_PRIME, "delete P")                                                          \
    X(RELEASE_PRIME, "our finalizer off P")                                              \
    X(DROP_FINALIZER, "our finalizer off U")

enum dc_action_kind {
#define X(name, text) DC_ACT_##name,
    DC_ACTIONS(X)
#undef X
        DC_ACT_COUNT
};

/* Of the Population. NONE: say nothing. */
#define DC_PHASES(X) \
    X(Pending) X(Resolving) X(Provisioning) X(Filling) X(Rebinding) X(Succeeded) X(Failed)

enum dc_phase {
    DC_PHASE_NONE,
#define X(name) DC_PHASE_##name,
    DC_PHASES(X)
#undef X
};

enum dc_event_type { DC_EVENT_NONE, DC_EVENT_NORMAL, DC_EVENT_WARNING };

/* For U's owner: goes to the Population's condition and, with an event type, to an Event on U. */
struct dc_telling {
    enum dc_phase phase;
    enum dc_event_type event;
    const char *reason; /* CamelCase; static, or borrowed from the snapshot */
    char message[640];
};

struct dc_action {
    enum dc_action_kind kind;
    uint64_t wait_ms;   /* REST: plan again after so long; 0: only when something changes  */
    const char *node;   /* borrowed from the snapshot; "" where the action needs none      */
    int64_t generation; /* RECORD_FILL, START_FILL, CANCEL_FILL: fencing number            */
    bool discards;      /* DELETE_PRIME: something went wrong and P will be made anew      */
    struct dc_telling tell;
};

/* *ret borrows from o. Any thread. */
void dc_plan(const struct dc_observed *o, struct dc_action *ret);

const char *dc_action_name(enum dc_action_kind kind); /* "CREATE_PRIME" */
const char *dc_phase_name(enum dc_phase phase);       /* "Filling"; NONE: "" */

/*
 * The claim size that an image of virtual_bytes needs: whole MiB, for a file system with 6 % on
 * top for its own structures (as CDI's default overhead). UINT64_MAX when it cannot be told.
 */
uint64_t dc_plan_needed_bytes(uint64_t virtual_bytes, bool block);

/* The wait before try n + 1, n >= 1: 0.5 s doubled each time up to 60 s, 25 % either way. */
uint64_t dc_plan_backoff_ms(unsigned n, uint8_t jitter);
