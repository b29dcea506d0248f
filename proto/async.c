// SPDX-License-Identifier: Apache-2.0
/*
 * proto/async.c - calls whose callbacks run on the client's thread.
 *
 * Three batches: started (request out), got (one message, again and again until none comes) and
 * ended (the status). done() comes when all three are home.
 */
#include <stdlib.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "proto/client.h"

struct dc_rpc_async {
    struct dc_rpc_client *client;
    struct dc_rpc_channel *channel;
    const ProtobufCMethodDescriptor *method;
    struct dc_rpc_events events;
    struct dc_rpc_tag started, got, ended;
    grpc_byte_buffer *out, *in;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice text;
    struct dc_err err;                 /* ours: a message that cannot be unpacked */
    unsigned pending;                  /* batches not yet home; client's thread only */
    struct dc_rpc_async *next, **prev; /* in client->running, under its lock */

    pthread_mutex_t lock;  /* guards call; after client->lock when both are taken */
    grpc_call *call;       /* NULL once done */
    _Atomic unsigned refs; /* the call's and the caller's */
};

static void async_unref(struct dc_rpc_async *a)
{
    if (atomic_fetch_sub(&a->refs, 1) != 1)
        return;
    if (a->out)
        grpc_byte_buffer_destroy(a->out);
    grpc_metadata_array_destroy(&a->initial);
    grpc_metadata_array_destroy(&a->trailing);
    grpc_slice_unref(a->text);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void dc_rpc_async_cancel(struct dc_rpc_async *call)
{
    pthread_mutex_lock(&call->lock);
    if (call->call)
        grpc_call_cancel(call->call, NULL);
    pthread_mutex_unlock(&call->lock);
}

void dc_rpc_async_free(struct dc_rpc_async *call)
{
    if (call)
        async_unref(call);
}

static void async_done(struct dc_rpc_async *a)
{
    struct dc_rpc_client *client = a->client;

    if (a->err.kind == DC_OK)
        (void)dc_rpc_status_err(a->method->name, a->status, &a->text, &a->err);
    pthread_mutex_lock(&a->lock);
    grpc_call_unref(a->call);
    a->call = NULL;
    pthread_mutex_unlock(&a->lock);
    dc_rpc_channel_put(client, a->channel);

    a->events.done(a->events.arg, &a->err);
    pthread_mutex_lock(&client->lock);
    *a->prev = a->next;
    if (a->next)
        a->next->prev = a->prev;
    pthread_cond_signal(&client->changed);
    pthread_mutex_unlock(&client->lock);
    async_unref(a);
}

static void async_home(struct dc_rpc_async *a)
{
    if (--a->pending == 0)
        async_done(a);
}

static void on_started(struct dc_rpc_tag *tag, bool ok)
{
    (void)ok; /* the status says why */
    async_home(dc_container_of(tag, struct dc_rpc_async, started));
}

static void on_ended(struct dc_rpc_tag *tag, bool ok)
{
    (void)ok;
    async_home(dc_container_of(tag, struct dc_rpc_async, ended));
}

static void async_receive(struct dc_rpc_async *a)
{
    const grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &a->in};

    dc_rpc_batch(a->call, &op, 1, &a->got);
}

static void async_take(struct dc_rpc_async *a)
{
    ProtobufCMessage *msg;

    if (a->err.kind != DC_OK)
        return;
    if (dc_rpc_unpack(a->method->output, a->in, &msg, &a->err) == 0) {
        a->events.message(a->events.arg, msg);
        return;
    }
    dc_wrap(&a->err, "message of %s", a->method->name);
    dc_rpc_async_cancel(a);
}

static void on_got(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_async *a = dc_container_of(tag, struct dc_rpc_async, got);

    if (!ok || !a->in) { /* no more messages */
        async_home(a);
        return;
    }
    async_take(a);
    grpc_byte_buffer_destroy(a->in);
    a->in = NULL;
    async_receive(a);
}

static void async_run(struct dc_rpc_async *a)
{
    const grpc_op out[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = a->out},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &a->initial},
    };
    const grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                         .data.recv_status_on_client = {.trailing_metadata = &a->trailing,
                                                        .status = &a->status,
                                                        .status_details = &a->text}};

    a->pending = 3; /* the first may be home before the last is started */
    dc_rpc_batch(a->call, out, DC_LEN(out), &a->started);
    dc_rpc_batch(a->call, &end, 1, &a->ended);
    async_receive(a);
}

static void *client_main(void *arg)
{
    dc_rpc_loop(arg);
    return NULL;
}

/* Under client->lock. */
static int thread_start(struct dc_rpc_client *client, struct dc_err *err)
{
    if (client->cq)
        return 0;
    grpc_completion_queue *cq = grpc_completion_queue_create_for_next(NULL);
    int rc = pthread_create(&client->thread, NULL, client_main, cq);
    if (rc != 0) {
        grpc_completion_queue_shutdown(cq);
        dc_rpc_loop(cq);
        grpc_completion_queue_destroy(cq);
        return dc_fail(err, DC_NO_MEMORY, rc, "client thread");
    }
    client->cq = cq;
    return 0;
}

static int async_enlist(struct dc_rpc_async *a, const ProtobufCServiceDescriptor *service,
                        uint32_t timeout_ms, struct dc_err *err)
{
    struct dc_rpc_client *client = a->client;

    pthread_mutex_lock(&client->lock);
    int rc = thread_start(client, err);
    if (rc == 0)
        a->call = dc_rpc_call_new(a->channel, client->cq, service, a->method->name, timeout_ms);
    if (a->call) {
        a->next = client->running;
        a->prev = &client->running;
        if (a->next)
            a->next->prev = &a->next;
        client->running = a;
    }
    pthread_mutex_unlock(&client->lock);
    if (rc == 0 && !a->call)
        return dc_fail(err, DC_NO_MEMORY, 0, "call");
    return rc;
}

static void async_unref_at(struct dc_rpc_async **a)
{
    if (*a)
        async_unref(*a);
}

int dc_rpc_async_start(struct dc_rpc_client *client, const ProtobufCServiceDescriptor *service,
                       const char *method, const ProtobufCMessage *req, uint32_t timeout_ms,
                       const struct dc_rpc_events *events, struct dc_rpc_async **ret,
                       struct dc_err *err)
{
    struct dc_rpc_async *made = calloc(1, sizeof *made);

    if (!made)
        return dc_fail(err, DC_NO_MEMORY, 0, "call");
    *made = (struct dc_rpc_async){.client = client,
                                  .events = *events,
                                  .started.fn = on_started,
                                  .got.fn = on_got,
                                  .ended.fn = on_ended,
                                  .text = grpc_empty_slice(),
                                  .refs = 1};
    pthread_mutex_init(&made->lock, NULL);
    DC_AUTO(async_unref_at) struct dc_rpc_async *a = made;

    if (dc_rpc_method_find(service, method, &a->method, err) != 0 ||
        dc_rpc_pack(req, &a->out, err) != 0 ||
        dc_rpc_channel_get(client, &a->channel, err) != 0)
        return -1;
    if (async_enlist(a, service, timeout_ms, err) != 0) {
        dc_rpc_channel_put(client, a->channel);
        return -1;
    }
    atomic_store(&a->refs, 2);
    async_run(a);
    *ret = dc_steal(a);
    return 0;
}

void dc_rpc_async_stop(struct dc_rpc_client *client)
{
    if (!client->cq)
        return;
    pthread_mutex_lock(&client->lock);
    for (struct dc_rpc_async *a = client->running; a; a = a->next)
        dc_rpc_async_cancel(a);
    while (client->running)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);

    grpc_completion_queue_shutdown(client->cq);
    pthread_join(client->thread, NULL);
    grpc_completion_queue_destroy(client->cq);
}
