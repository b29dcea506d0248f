// SPDX-License-Identifier: Apache-2.0
/*
 * unit/plan_fixture.h - snapshots of a claim at each station of its way, and tables of what the
 * plan makes of them with one thing changed.
 *
 *     X(name, station, action, phase, reason, change to *o)
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "plan/plan.h"

#define AT_MS 1000000u /* the present of all snapshots */

void at_resolve(struct dc_observed *o); /* U with everything that it needs, and no P */
void at_consumer(struct dc_observed *
                     o); /* the same, where the class waits for a pod, which was given node-1 */
void at_pending(struct dc_observed *o);      /* P exists */
void at_pending_node(struct dc_observed *o); /* P made for node-1 */
void at_bound(struct dc_observed *o);        /* P is Bound to V */
void at_fill(struct dc_observed *o);         /* node and generation are on P */
void at_running(struct dc_observed *o);
void at_failed(struct dc_observed *o);
void at_succeeded(struct dc_observed *o);
void at_populated(struct dc_observed *o); /* P carries the completion marker */
void at_rebound(struct dc_observed *o);   /* V names U */
void at_done(struct dc_observed *o);      /* U is bound to V; P is still there */

struct plan_case {
    const char *name;
    void (*station)(struct dc_observed *o);
    void (*change)(struct dc_observed *o);
    enum dc_action_kind action;
    enum dc_phase phase;
    const char *reason;
};

#define PLAN_CHANGE(name, station, action, phase, reason, change) \
    static void change_##name(struct dc_observed *o)              \
    {                                                             \
        (void)o;                                                  \
        change;                                                   \
    }
#define PLAN_ROW(name, station, action, phase, reason, change) \
    {#name, at_##station, change_##name, DC_ACT_##action, DC_PHASE_##phase, reason},

/* Run all rows; the name of one that fails is printed. */
void plan_table(const struct plan_case *cases, size_t n);
