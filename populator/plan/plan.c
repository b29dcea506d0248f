// SPDX-License-Identifier: Apache-2.0
/*
 * plan/plan.c - the order in which the phases are asked, and what they share.
 *
 * Deletion comes before every look at the source, the class or the node: a claim that is going
 * must go, whatever else is missing. A claim that is bound comes next, and a volume that already
 * belongs to U before anything that P might say.
 */
#include "plan/plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "plan/steps.h"

#define BACKOFF_FIRST_MS 500u
#define BACKOFF_MAX_MS   60000u

void dc_plan(const struct dc_observed *o, struct dc_action *ret)
{
    static bool (*const steps[])(const struct dc_observed *o, struct dc_action *a) = {
        plan_ending, plan_bound, plan_rebind, plan_prime, plan_fill, plan_resolve,
    };

    *ret = (struct dc_action){.kind = DC_ACT_REST, .node = "", .tell.reason = ""};
    bool decided = false;

    for (size_t i = 0; i < DC_LEN(steps) && !decided; i++)
        decided = steps[i](o, ret);
    assert(decided); /* plan_resolve takes all that is left */
}

const char *dc_action_name(enum dc_action_kind kind)
{
    static const char *const names[] = {
#define X(name, text) [DC_ACT_##name] = #name,
        DC_ACTIONS(X)
#undef X
    };

    return names[kind];
}

const char *dc_phase_name(enum dc_phase phase)
{
    static const char *const names[] = {[DC_PHASE_NONE] = "",
#define X(name) [DC_PHASE_##name] = #name,
                                        DC_PHASES(X)
#undef X
    };

    return names[phase];
}

uint64_t dc_plan_backoff_ms(unsigned n, uint8_t jitter)
{
    uint64_t ms = BACKOFF_FIRST_MS;

    for (unsigned i = 1; i < n && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    ms = DC_MIN(ms, BACKOFF_MAX_MS);
    return ms * 3 / 4 + ms / 2 * jitter / UINT8_MAX;
}

bool plan_do(struct dc_action *a, enum dc_action_kind kind)
{
    a->kind = kind;
    return true;
}

bool plan_must_wait(const struct dc_observed *o, uint64_t since_ms, uint64_t wait_ms,
                    struct dc_action *a)
{
    uint64_t passed = o->now_ms > since_ms ? o->now_ms - since_ms : 0;

    if (passed >= wait_ms)
        return false;
    a->kind = DC_ACT_REST;
    a->wait_ms = wait_ms - passed;
    return true;
}

void plan_tell(struct dc_action *a, enum dc_phase phase, enum dc_event_type event,
               const char *reason, const char *fmt, ...)
{
    va_list ap;

    a->tell.phase = phase;
    a->tell.event = event;
    a->tell.reason = reason;
    va_start(ap, fmt);
    if (vsnprintf(a->tell.message, sizeof a->tell.message, fmt, ap) < 0)
        a->tell.message[0] = '\0';
    va_end(ap);
}

bool plan_secrets(const struct dc_observed *o, enum dc_phase phase, struct dc_action *a)
{
    const struct dc_obs_secrets *s = &o->secrets;

    switch (s->state) {
    case DC_SECRETS_READY:
        return false;
    case DC_SECRETS_UNREAD:
        return plan_do(a, DC_ACT_READ_SECRETS);
    case DC_SECRETS_MISSING:
        break;
    }
    plan_tell(a, phase, DC_EVENT_WARNING, "SecretNotFound", "%s; looking again by itself",
              s->problem);
    if (plan_must_wait(o, s->at_ms, dc_plan_backoff_ms(s->tries, o->jitter), a))
        return true;
    return plan_do(a, DC_ACT_READ_SECRETS);
}
