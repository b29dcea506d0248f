// SPDX-License-Identifier: Apache-2.0
/*
 * control/control.h - the controller: watches, a queue of claims, observe -> plan -> apply.
 *
 *     a watch tells of a change -> the claims that it concerns are queued -> before the loop
 *     sleeps each is looked at: what is there (observe), what is next (plan), do it (apply) ->
 *     the answer queues the claim again
 *
 * Everything is on one thread. Nothing is done before all watches have their first list: a
 * claim that is only not yet seen must not look deleted.
 */
#pragma once
#include "base/opts.h"
#include "control/agents.h"
#include "control/entry.h"
#include "control/observe.h"
#include "control/status.h"
#include "decant/err.h"
#include "kube/client.h"
#include "kube/watch.h"
#include "net/loop.h"

struct dc_control_config {
    const char *ns;         /* where the agents are                               */
    const char *volumes_ns; /* the hidden namespace                               */
    const char *tls_dir;
    const char *instance; /* the pod's or host's name, for Events                 */
    const struct dc_opt_list *direct_drivers;
};

enum dc_watched {
    DC_WATCH_CLAIMS,
    DC_WATCH_VOLUMES,
    DC_WATCH_CLASSES,
    DC_WATCH_DRIVERS,
    DC_WATCH_IMPORTS,
    DC_WATCH_ATTACHMENTS,
    DC_WATCH_NODES,
    DC_WATCH_PODS,
    DC_WATCHES,
};

struct dc_control {
    const struct dc_control_config *config;
    struct dc_loop *loop;
    struct dc_kube *kube;
    struct dc_kube_events *events;
    struct dc_agents *agents;
    struct dc_statuses *statuses;
    struct dc_kube_watch *watch[DC_WATCHES];
    struct dc_caches caches;
    struct dc_entries entries;
    struct dc_queue queue;
    struct dc_loop_hook hook;
    struct dc_loop_timer timer;
    unsigned synced; /* watches that have their first list */
    uint64_t random; /* xorshift state, for jitter         */
};

/* config and kube are borrowed. Work begins when the loop runs. */
int dc_control_new(const struct dc_control_config *config, struct dc_loop *loop,
                   struct dc_kube *kube, struct dc_control **ret, struct dc_err *err);
/* The loop must not run any more. What is under way goes on in the cluster; NULL is allowed. */
void dc_control_free(struct dc_control *c);

/* --- Between the files of the controller --- */

int dc_control_watch(struct dc_control *c, struct dc_err *err); /* watches.c */
void dc_control_unwatch(struct dc_control *c);

/*
 * Do what the plan says (apply.c). The entry is RUNNING in the queue; it leaves that state at
 * once or when an answer comes.
 */
void dc_apply(struct dc_control *c, struct dc_entry *e, const struct dc_sight *sight,
              const struct dc_action *action);
/* End what is being done for e without waiting for it. */
void dc_apply_abandon(struct dc_entry *e);
/* U is going: end what only looks, so that its deletion need not wait for an answer. */
void dc_apply_interrupt(struct dc_control *c, struct dc_entry *e);

/* An action has ended well, or not; look at the entry again (apply.c's half of control.c). */
void dc_control_progress(struct dc_control *c, struct dc_entry *e);
void dc_control_failed(struct dc_control *c, struct dc_entry *e);
/* It is gone already: wait for the watch to say so, but not for ever. */
void dc_control_await(struct dc_control *c, struct dc_entry *e);
void dc_control_look(struct dc_control *c, struct dc_entry *e); /* something came */

uint64_t dc_control_now_ms(void);

/* The fill of e as its agent tells it (fills.c). */
void dc_fill_told(struct dc_control *c, struct dc_entry *e,
                  const Decant__V1alpha1__FillStatus *status);
/* Contact was lost, or the agent refused. */
void dc_fill_trouble(struct dc_entry *e, const struct dc_err *err);
/* Remember that this fill is what e->fill is about from now on. */
void dc_fill_begin(struct dc_entry *e, const char *prime_uid, int64_t generation);
/* Keep e->fill fresh. */
void dc_fill_watch(struct dc_control *c, struct dc_entry *e, const struct dc_agent_pod *pod);
void dc_fill_unwatch(struct dc_entry *e);
