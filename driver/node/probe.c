// SPDX-License-Identifier: Apache-2.0
/* node/probe.c - ProbeSource: a look at the head of a source, on a writer's loop. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "node/agent.h"

#define LOOK_MS 200u

/* On the handler's stack: the wait ends when the loop has let go of it. */
struct look {
    struct dc_table *table; /* for its lock and condition */
    struct dc_loop *loop;
    struct dc_source_spec spec;
    struct dc_loop_work start, cancel;
    struct dc_probe *probe; /* the loop's thread only */

    /* Under the table's lock. */
    bool over, has_info, cancel_posted, cancel_ran;
    struct dc_source_info info;
    struct dc_err err;
};

static void look_over(struct look *l, const struct dc_source_info *info,
                      const struct dc_err *err)
{
    struct dc_table *t = l->table;

    pthread_mutex_lock(&t->lock);
    l->has_info = info && (err->kind == DC_OK || err->kind == DC_UNSUPPORTED);
    if (l->has_info)
        l->info = *info;
    l->err = *err;
    l->over = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock); /* from here l may be gone */
}

static void on_done(void *arg, const struct dc_source_info *info, const struct dc_err *err)
{
    struct look *l = arg;

    l->probe = NULL;
    look_over(l, info, err);
}

static void do_start(struct dc_loop_work *w)
{
    struct look *l = dc_container_of(w, struct look, start);
    const struct dc_probe_events events = {on_done, l};
    struct dc_err err = {0};

    if (dc_probe_start(l->loop, &l->spec, &events, &l->probe, &err) != 0)
        look_over(l, NULL, &err);
}

static void do_cancel(struct dc_loop_work *w)
{
    struct look *l = dc_container_of(w, struct look, cancel);
    struct dc_table *t = l->table;

    if (l->probe)
        dc_probe_cancel(l->probe);
    pthread_mutex_lock(&t->lock);
    l->cancel_ran = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* Post the cancellation once the caller is gone. Locked; unlocks for the post. */
static void look_give_up(struct look *l)
{
    l->cancel_posted = true;
    pthread_mutex_unlock(&l->table->lock);
    dc_loop_post(l->loop, &l->cancel);
    pthread_mutex_lock(&l->table->lock);
}

static void look_wait(struct look *l, struct dc_rpc_call *call)
{
    pthread_mutex_lock(&l->table->lock);
    while (!l->over && !l->cancel_ran) {
        if (!l->cancel_posted && (dc_rpc_cancelled(call) || l->table->stopping))
            look_give_up(l);
        else
            dc_table_wait_locked(l->table, LOOK_MS);
    }
    while (l->cancel_posted && !l->cancel_ran)
        dc_table_wait_locked(l->table, LOOK_MS);
    pthread_mutex_unlock(&l->table->lock);
}

static int answer(const struct look *l, Decant__V1alpha1__ProbeSourceResponse *r,
                  struct dc_err *err)
{
    if (l->has_info) {
        r->format = strdup(l->info.format);
        r->validator = strdup(l->info.validator);
        r->served_bytes = l->info.served_bytes;
        r->virtual_bytes = l->info.virtual_bytes;
        r->seekable = l->info.seekable;
    }
    if (l->err.kind != DC_OK)
        r->refusal = dc_node_error(&l->err);
    if ((l->has_info && (!r->format || !r->validator)) || (l->err.kind != DC_OK && !r->refusal))
        return dc_fail(err, DC_NO_MEMORY, 0, "probe");
    return 0;
}

int dc_node_probe(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                  ProtobufCMessage *reply, struct dc_err *err)
{
    const Decant__V1alpha1__ProbeSourceRequest *req =
        (const Decant__V1alpha1__ProbeSourceRequest *)msg;
    struct dc_agent *agent = service;
    struct look l = {.table = agent->table,
                     .loop = dc_writers_next(agent->writers),
                     .start.run = do_start,
                     .cancel.run = do_cancel};
    const char **made = NULL;

    if (dc_request_source(req->source, req->content_type, &l.spec, &made, &l.err) != 0)
        return answer(&l, (Decant__V1alpha1__ProbeSourceResponse *)reply, err);
    dc_autofree const char **headers = made; /* l.spec points to it */
    (void)headers;
    dc_loop_post(l.loop, &l.start);
    look_wait(&l, call);
    if (!l.over)
        return dc_fail(err, DC_CANCELLED, 0, "the look at the source was given up");
    return answer(&l, (Decant__V1alpha1__ProbeSourceResponse *)reply, err);
}
