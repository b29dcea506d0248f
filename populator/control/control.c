// SPDX-License-Identifier: Apache-2.0
/* control/control.c - see control.h. */
#include "control/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "decant/log.h"

/* Looked at in one go before answers are read again. */
#define BATCH 256
/* Longer than any watch is behind that works. */
#define AWAIT_MS 1000
/* How long the finalizer of a filled claim waits for its Population. */
#define SETTLE_MS 2000

uint64_t dc_control_now_ms(void)
{
    return dc_clock_ns() / DC_NS_PER_MS;
}

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. Spreads retries, nothing else. */
static uint8_t jitter(struct dc_control *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return (uint8_t)(c->random >> 32);
}

void dc_control_look(struct dc_control *c, struct dc_entry *e)
{
    dc_queue_add(&c->queue, &e->item);
}

void dc_control_progress(struct dc_control *c, struct dc_entry *e)
{
    dc_queue_progress(&c->queue, &e->item);
}

void dc_control_failed(struct dc_control *c, struct dc_entry *e)
{
    dc_queue_failed(&c->queue, &e->item, dc_control_now_ms(), jitter(c));
}

void dc_control_await(struct dc_control *c, struct dc_entry *e)
{
    dc_queue_done(&c->queue, &e->item, AWAIT_MS, dc_control_now_ms());
}

static void forget(struct dc_control *c, struct dc_entry *e, bool claim_gone)
{
    dc_queue_remove(&c->queue, &e->item);
    dc_fill_unwatch(e);
    dc_status_end(e, claim_gone);
    dc_entry_free(&c->entries, e);
}

static void tell(struct dc_control *c, struct dc_entry *e, const struct dc_sight *s,
                 const struct dc_action *action)
{
    const struct dc_obs_prime *p = &s->seen.prime;
    const char *digest = dc_json_annotation(s->volume, DC_NOTE_POPULATED);
    const struct dc_status_facts facts = {
        .node = p->node,
        .digest = p->populated[0] ? p->populated
                  : digest        ? digest
                                  : "",
        .attempt = p->exists ? p->attempt - 1 + DC_MAX(p->generation, 1) : 0,
    };

    dc_status_tell(c->statuses, e, s->claim, &action->tell, &facts);
}

static void log_action(const struct dc_entry *e, const struct dc_action *action)
{
    if (action->kind == DC_ACT_REST || action->kind == DC_ACT_FORGET)
        return;
    dc_log(DC_LOG_INFO, "control", dc_action_name(action->kind), {"claim", e->name},
           {"ns", e->ns}, {"uid", e->uid}, {"node", action->node[0] ? action->node : NULL},
           {"reason", action->tell.reason});
}

/*
 * Success is shown before U's finalizer goes: nobody comes back to a claim without one, so what
 * a crash left unwritten then would stay so. Not waited for when the API does not take it.
 */
static bool must_settle(struct dc_entry *e, const struct dc_action *action)
{
    uint64_t now_ms = dc_control_now_ms();

    if (action->kind != DC_ACT_DROP_FINALIZER || action->tell.phase != DC_PHASE_Succeeded ||
        dc_status_settled(e))
        return false;
    if (e->settle_ms == 0)
        e->settle_ms = now_ms;
    return now_ms - e->settle_ms < SETTLE_MS;
}

static void reconcile(struct dc_control *c, struct dc_entry *e)
{
    const struct dc_observe_config config = {c->config->volumes_ns, c->config->direct_drivers};
    DC_AUTO(dc_sight_done) struct dc_sight sight = {0};
    struct dc_action action;
    struct dc_err err = {0};

    if (dc_observe(&config, &c->caches, e, dc_control_now_ms(), jitter(c), &sight, &err) != 0) {
        dc_log_err(DC_LOG_ERROR, "control", "claim not looked at", &err, NULL);
        dc_control_failed(c, e);
        return;
    }
    dc_plan(&sight.seen, &action);
    tell(c, e, &sight, &action);
    if (must_settle(e, &action)) {
        dc_queue_done(&c->queue, &e->item, SETTLE_MS, dc_control_now_ms());
        return;
    }
    log_action(e, &action);
    if (action.kind == DC_ACT_FORGET)
        forget(c, e, !sight.claim);
    else if (action.kind == DC_ACT_REST)
        dc_queue_done(&c->queue, &e->item, action.wait_ms, dc_control_now_ms());
    else
        dc_apply(c, e, &sight, &action);
}

static void work(struct dc_control *c)
{
    uint64_t now_ms = dc_control_now_ms(), wait_ms;
    struct dc_queue_item *item;

    if (c->synced < DC_WATCHES)
        return;
    for (int i = 0; i < BATCH && (item = dc_queue_take(&c->queue, now_ms)) != NULL; i++)
        reconcile(c, dc_container_of(item, struct dc_entry, item));
    wait_ms = dc_queue_wait_ms(&c->queue, now_ms);
    if (wait_ms == UINT64_MAX)
        dc_loop_timer_disarm(c->loop, &c->timer);
    else
        dc_loop_timer_arm(c->loop, &c->timer, wait_ms);
}

static void before_sleep(struct dc_loop_hook *h)
{
    work(dc_container_of(h, struct dc_control, hook));
}

/* The work itself is done before the loop sleeps again. */
static void on_time(struct dc_loop_timer *t)
{
    (void)t;
}

static void event_failed(void *arg, const struct dc_err *err)
{
    (void)arg;
    dc_log_err(DC_LOG_WARN, "control", "ignoring: an Event could not be written", err, NULL);
}

static void on_settled(void *arg, const char *uid)
{
    struct dc_control *c = arg;
    struct dc_entry *e = dc_entry_find(&c->entries, uid);

    if (e && e->settle_ms)
        dc_control_look(c, e);
}

static int start_statuses(struct dc_control *c, struct dc_err *err)
{
    const struct dc_statuses_spec spec = {
        .loop = c->loop,
        .kube = c->kube,
        .events = c->events,
        .settled = on_settled,
        .arg = c,
    };

    return dc_statuses_new(&spec, &c->statuses, err);
}

static int start(struct dc_control *c, struct dc_err *err)
{
    const struct dc_kube_events_spec events = {
        .component = DC_CONTROLLER,
        .instance = c->config->instance,
        .failed = event_failed,
    };

    if (dc_kube_events_new(c->kube, &events, &c->events, err) != 0 ||
        dc_agents_new(c->loop, c->config->tls_dir, &c->agents, err) != 0 ||
        start_statuses(c, err) != 0 || dc_loop_hook_add(c->loop, &c->hook, err) != 0)
        return -1;
    return dc_control_watch(c, err);
}

int dc_control_new(const struct dc_control_config *config, struct dc_loop *loop,
                   struct dc_kube *kube, struct dc_control **ret, struct dc_err *err)
{
    struct dc_control *c = calloc(1, sizeof *c);

    if (!c)
        return dc_fail(err, DC_NO_MEMORY, 0, "controller");
    *c = (struct dc_control){
        .config = config,
        .loop = loop,
        .kube = kube,
        .hook.before_sleep = before_sleep,
        .timer.fire = on_time,
        .random = dc_clock_ns() | 1,
    };
    if (start(c, err) != 0) {
        dc_control_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void dc_control_free(struct dc_control *c)
{
    if (!c)
        return;
    dc_control_unwatch(c);
    for (struct dc_entry *e = c->entries.first; e; e = e->next) {
        dc_apply_abandon(e);
        dc_fill_unwatch(e);
    }
    dc_agents_free(c->agents);
    dc_statuses_free(c->statuses);
    while (c->entries.first) {
        c->entries.first->status = NULL; /* freed with all statuses */
        dc_queue_remove(&c->queue, &c->entries.first->item);
        dc_entry_free(&c->entries, c->entries.first);
    }
    dc_kube_events_free(c->events);
    dc_loop_timer_disarm(c->loop, &c->timer);
    dc_loop_hook_remove(c->loop, &c->hook);
    free(c);
}
