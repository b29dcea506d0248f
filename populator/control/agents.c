// SPDX-License-Identifier: Apache-2.0
/* control/agents.c - see agents.h. */
#include "control/agents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decant/cleanup.h"
#include "proto/rpc.h"

#define AGENT_TLS_NAME "decant-node"
#define TARGET_SIZE    128

struct client {
    struct dc_rpc_client *rpc;
    struct client *next;
    char target[TARGET_SIZE]; /* "10.0.0.7:8443", "[fd00::7]:8443" */
};

struct dc_agents {
    struct dc_loop *loop;
    const char *tls_dir;
    struct client *clients;
    unsigned running; /* calls whose end has not come to the loop yet */
};

/*
 * Made and freed on the loop's thread. gRPC's thread writes `lost` and `end` and then posts
 * ended_work, after which it does not touch the call again.
 */
struct dc_agent_call {
    struct dc_loop_work ended_work; /* first member */
    struct dc_agents *agents;
    struct dc_agent_events events;
    struct dc_rpc_async *rpc;
    bool cancelled;
    bool lost; /* a message, for lack of memory */
    struct dc_err end;
};

struct message_work {
    struct dc_loop_work work; /* first member */
    struct dc_agent_call *call;
    ProtobufCMessage *msg;
};

int dc_agents_new(struct dc_loop *loop, const char *tls_dir, struct dc_agents **ret,
                  struct dc_err *err)
{
    struct dc_agents *agents = calloc(1, sizeof *agents);

    if (!agents)
        return dc_fail(err, DC_NO_MEMORY, 0, "agents");
    *agents = (struct dc_agents){.loop = loop, .tls_dir = tls_dir};
    *ret = agents;
    return 0;
}

static void client_free(struct client *c)
{
    dc_rpc_client_free(c->rpc);
    free(c);
}

void dc_agents_free(struct dc_agents *agents)
{
    struct dc_err ignored = {0};

    if (!agents)
        return;
    while (agents->clients) {
        struct client *c = agents->clients;

        agents->clients = c->next;
        client_free(c);
    }
    /* Every call has posted its end by now: let the loop take them in, which frees them. */
    while (agents->running > 0 && dc_loop_step(agents->loop, 0, &ignored) == 0)
        continue;
    free(agents);
}

static void write_target(const struct dc_agent_pod *pod, char ret[TARGET_SIZE])
{
    bool v6 = strchr(pod->address, ':') != NULL;

    (void)snprintf(ret, TARGET_SIZE, "%s%s%s:%d", v6 ? "[" : "", pod->address, v6 ? "]" : "",
                   pod->port);
}

static struct client *client_of(struct dc_agents *agents, const struct dc_agent_pod *pod,
                                struct dc_err *err)
{
    const struct dc_rpc_tls tls = {.dir = agents->tls_dir, .peer_name = AGENT_TLS_NAME};
    char target[TARGET_SIZE];
    struct client *c;

    write_target(pod, target);
    for (c = agents->clients; c; c = c->next)
        if (strcmp(c->target, target) == 0)
            return c;
    c = calloc(1, sizeof *c);
    if (!c) {
        dc_fail(err, DC_NO_MEMORY, 0, "client of agent %s", target);
        return NULL;
    }
    memcpy(c->target, target, sizeof target);
    if (dc_rpc_client_new(target, &tls, &c->rpc, err) != 0) {
        free(c);
        return NULL;
    }
    c->next = agents->clients;
    agents->clients = c;
    return c;
}

void dc_agents_sweep(struct dc_agents *agents, const struct dc_kube_cache *pods)
{
    struct client **at = &agents->clients;

    while (*at) {
        struct client *c = *at;
        bool used = false;

        for (void *it = dc_kube_cache_first(pods); it && !used;
             it = dc_kube_cache_next(pods, it)) {
            struct dc_agent_pod pod;
            char target[TARGET_SIZE];

            if (!dc_agent_pod_ready(dc_kube_cache_object(it), &pod))
                continue;
            write_target(&pod, target);
            used = strcmp(target, c->target) == 0;
        }
        if (used) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        client_free(c);
    }
}

/* --- On gRPC's thread --- */

static void take_message(struct dc_loop_work *w);

static void on_message(void *arg, ProtobufCMessage *msg)
{
    struct dc_agent_call *call = arg;
    struct message_work *m = calloc(1, sizeof *m);

    if (!m) {
        protobuf_c_message_free_unpacked(msg, NULL);
        call->lost = true;
        return;
    }
    *m = (struct message_work){.work.run = take_message, .call = call, .msg = msg};
    dc_loop_post(call->agents->loop, &m->work);
}

static void on_done(void *arg, const struct dc_err *err)
{
    struct dc_agent_call *call = arg;

    call->end = *err;
    if (call->lost && err->kind == DC_OK)
        dc_fail(&call->end, DC_NO_MEMORY, 0, "an answer of an agent");
    dc_loop_post(call->agents->loop, &call->ended_work);
}

/* --- On the loop's thread --- */

static void take_message(struct dc_loop_work *w)
{
    struct message_work *m = (struct message_work *)w;

    if (!m->call->cancelled && m->call->events.message)
        m->call->events.message(m->call->events.arg, m->msg);
    protobuf_c_message_free_unpacked(m->msg, NULL);
    free(m);
}

static void call_free(struct dc_agent_call *call)
{
    dc_rpc_async_free(call->rpc);
    free(call);
}

static void take_end(struct dc_loop_work *w)
{
    struct dc_agent_call *call = (struct dc_agent_call *)w;

    call->agents->running--;
    if (!call->cancelled && call->events.done)
        call->events.done(call->events.arg, &call->end);
    call_free(call);
}

int dc_agents_call(struct dc_agents *agents, const struct dc_agent_pod *pod, const char *method,
                   const ProtobufCMessage *req, uint32_t timeout_ms,
                   const struct dc_agent_events *events, struct dc_agent_call **ret,
                   struct dc_err *err)
{
    struct client *client = client_of(agents, pod, err);
    struct dc_agent_call *call = client ? calloc(1, sizeof *call) : NULL;

    if (!client)
        return -1;
    if (!call)
        return dc_fail(err, DC_NO_MEMORY, 0, "call of an agent");
    call->ended_work.run = take_end;
    call->agents = agents;
    call->events = *events;

    const struct dc_rpc_events rpc = {.message = on_message, .done = on_done, .arg = call};
    agents->running++;
    if (dc_rpc_async_start(client->rpc, &decant__v1alpha1__fills__descriptor, method, req,
                           timeout_ms, &rpc, &call->rpc, err) != 0) {
        agents->running--;
        call_free(call);
        return -1;
    }
    if (ret)
        *ret = call;
    return 0;
}

void *dc_agent_cancel(struct dc_agent_call *call)
{
    call->cancelled = true;
    dc_rpc_async_cancel(call->rpc);
    return call->events.arg;
}
