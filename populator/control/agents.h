// SPDX-License-Identifier: Apache-2.0
/*
 * control/agents.h - calls to the agents over mutual TLS: one client for each address.
 *
 * gRPC answers on threads of its own; here the answers come to the loop's thread, in order.
 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "control/observe.h"
#include "decant/err.h"
#include "net/loop.h"
#include "proto/decant.pb-c.h"

struct dc_agents;
struct dc_agent_call;

/* tls_dir holds ca.crt, tls.crt, tls.key and is borrowed. */
int dc_agents_new(struct dc_loop *loop, const char *tls_dir, struct dc_agents **ret,
                  struct dc_err *err);
/* Ends all calls without callbacks. The loop must not run any more. NULL is allowed. */
void dc_agents_free(struct dc_agents *agents);

struct dc_agent_events {
    /* Optional. A reply, or one message of a stream; borrowed for the call. */
    void (*message)(void *arg, const ProtobufCMessage *msg);
    /* Optional. Last and exactly once, unless cancelled: DC_OK or why it ended. */
    void (*done)(void *arg, const struct dc_err *err);
    void *arg;
};

/*
 * Call a method of the Fills service; req is packed before this returns. timeout_ms 0: none.
 * *ret is valid until done() returns or dc_agent_cancel(); NULL: the answer is not of interest.
 */
int dc_agents_call(struct dc_agents *agents, const struct dc_agent_pod *pod, const char *method,
                   const ProtobufCMessage *req, uint32_t timeout_ms,
                   const struct dc_agent_events *events, struct dc_agent_call **ret,
                   struct dc_err *err);
/* No callback any more. Answers the events' arg, for whoever owns it. */
void *dc_agent_cancel(struct dc_agent_call *call);

/* Drop the clients of addresses where no ready agent is any more; their calls fail. */
void dc_agents_sweep(struct dc_agents *agents, const struct dc_kube_cache *pods);
