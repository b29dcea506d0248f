// SPDX-License-Identifier: Apache-2.0
/* proto/client.h - what client.c and async.c share. */
#pragma once
#include <pthread.h>

#include "proto/priv.h"

/* A channel and its certificates; replaced when they change, closed with its last call. */
struct dc_rpc_channel {
    grpc_channel *grpc;
    uint64_t stamp; /* of the certificates */
    unsigned refs;
};

struct dc_rpc_client {
    char *target, *tls_dir, *peer_name; /* the last two may be NULL */
    pthread_mutex_t lock;               /* guards all below and every channel's refs */
    pthread_cond_t changed;
    struct dc_rpc_channel *channel;

    grpc_completion_queue *cq; /* of asynchronous calls; NULL before the first */
    pthread_t thread;
    struct dc_rpc_async *running; /* a list, doubly linked */
};

/* The present channel, with new certificates when there are such. *ret: put it back. */
int dc_rpc_channel_get(struct dc_rpc_client *client, struct dc_rpc_channel **ret,
                       struct dc_err *err);
void dc_rpc_channel_put(struct dc_rpc_client *client, struct dc_rpc_channel *channel);

int dc_rpc_method_find(const ProtobufCServiceDescriptor *service, const char *name,
                       const ProtobufCMethodDescriptor **ret, struct dc_err *err);
/* A call on the channel, or NULL when out of memory for its name. */
grpc_call *dc_rpc_call_new(struct dc_rpc_channel *channel, grpc_completion_queue *cq,
                           const ProtobufCServiceDescriptor *service, const char *method,
                           uint32_t timeout_ms);

/* async.c: cancel every running call, wait for their done(), end the thread. */
void dc_rpc_async_stop(struct dc_rpc_client *client);
