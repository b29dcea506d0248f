// SPDX-License-Identifier: Apache-2.0
/*
 * plan/steps.h - the steps of the plan, one file a phase. Each answers true when it has decided
 * *a; they are asked in this order, so each may rely on what those before have ruled out.
 */
#pragma once
#include <string.h>

#include "plan/plan.h"

static inline bool plan_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static inline bool plan_set(const char *s)
{
    return s[0] != '\0';
}

bool plan_ending(const struct dc_observed *o, struct dc_action *a);  /* U is going or gone  */
bool plan_bound(const struct dc_observed *o, struct dc_action *a);   /* U has a volume      */
bool plan_rebind(const struct dc_observed *o, struct dc_action *a);  /* P is filled         */
bool plan_prime(const struct dc_observed *o, struct dc_action *a);   /* P until it is Bound */
bool plan_fill(const struct dc_observed *o, struct dc_action *a);    /* P is Bound          */
bool plan_resolve(const struct dc_observed *o, struct dc_action *a); /* no P yet            */

/*
 * One more action towards a world without P, its fill and its V (V only where it is still P's
 * and was provisioned). False: nothing is left to discard. Keeps a->tell unless it must wait.
 */
bool plan_discard(const struct dc_observed *o, struct dc_action *a);

/* Secrets that are not at hand: read them, or tell and wait. False: they are. */
bool plan_secrets(const struct dc_observed *o, enum dc_phase phase, struct dc_action *a);

bool plan_do(struct dc_action *a, enum dc_action_kind kind);
/* True, resting, while wait_ms have not yet passed since since_ms. */
bool plan_must_wait(const struct dc_observed *o, uint64_t since_ms, uint64_t wait_ms,
                    struct dc_action *a);

void plan_tell(struct dc_action *a, enum dc_phase phase, enum dc_event_type event,
               const char *reason, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* End an attempt for good, written on P. */
#define plan_give_up(a, reason, ...)                                           \
    (plan_tell((a), DC_PHASE_Failed, DC_EVENT_WARNING, (reason), __VA_ARGS__), \
     plan_do((a), DC_ACT_RECORD_FAILED))
