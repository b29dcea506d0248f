// SPDX-License-Identifier: Apache-2.0
/*
 * unit/plan_world.h - one claim in a small model of a cluster.
 *
 * The model has what is there (api), what the controller's caches show of it (seen), one agent
 * and the controller's memory of it (view). A step is one action of the plan, one thing that the
 * cluster does, one fault, or one cache that catches up.
 */
#pragma once
#include "plan_fixture.h"

enum owner { NOBODY, PRIME, USER };
struct claim_state {
    uint8_t exists, deleting, finalizer, bound;
};
struct prime_state {
    uint8_t exists, epoch, deleting, finalizer, phase, node, generation, populated, failed;
};
struct volume_state {
    uint8_t exists, epoch, owner, complete;
};
struct fill_state {
    uint8_t epoch, generation, state;
};
struct objects {
    struct claim_state u;
    struct prime_state p;
    struct volume_state v;
};
/* Bytes only: compared and hashed as such. */
struct world {
    struct objects api, seen;
    struct fill_state agent, view;
    uint8_t writes;                                       /* of U             */
    uint8_t fails, restarts, prime_losses, volume_losses; /* faults still left */
};

#define WORLD_STEPS 16
/* The first of them are what happens by itself, in the order of a run without faults. */
#define WORLD_FAIR_STEPS 10

/* False: this step cannot happen now, and *w is untouched. Asserts I2 and I3 where P is written. */
bool world_step(struct world *w, size_t step);
