// SPDX-License-Identifier: Apache-2.0
/*
 * proto/call.c - one incoming call.
 *
 *   expect -> requested -> (RECV_MESSAGE) received -> worker: unpack, handler -> finish
 *
 * RECV_CLOSE_ON_SERVER runs beside it in a batch of its own from the first moment: it completes at
 * the end of the call and tells whether the client has gone. The call is freed when both that
 * and the last batch of ours are home.
 *
 * Ways to fail: unknown method, wrong peer, queue full, message refused, handler's error, client
 * gone, deadline passed, server stopping. Each ends in finish() but the first batch's failure.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "proto/msg.h"
#include "proto/priv.h"
#include "proto/redact.h"

#define LOG_TEXT_MAX 2048

enum send_state { SEND_IDLE, SEND_RUNNING, SEND_OK, SEND_FAILED };

struct dc_rpc_call {
    struct dc_rpc_server *server;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    struct dc_rpc_tag requested, received, closed, sent, finished;
    struct dc_rpc_job job;
    grpc_byte_buffer *payload, *out;
    grpc_slice status_text;
    int was_cancelled; /* written by the library before closed runs */

    const struct dc_rpc_service *service;
    const struct dc_rpc_method *method;
    const ProtobufCMethodDescriptor *desc;
    uint64_t since_ns;
    bool headers_sent;
    bool owes_slot; /* no memory for the next call's slot: made when this one is freed */
    _Atomic bool cancelled;
    _Atomic unsigned refs;

    pthread_mutex_t lock; /* guards send */
    pthread_cond_t changed;
    enum send_state send;
};

static void call_unref(struct dc_rpc_call *c)
{
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    if (c->owes_slot && !dc_rpc_call_expect(c->server))
        dc_debug("proto", "one slot less for incoming calls");
    if (c->payload)
        grpc_byte_buffer_destroy(c->payload);
    if (c->out)
        grpc_byte_buffer_destroy(c->out);
    grpc_slice_unref(c->status_text);
    grpc_call_details_destroy(&c->details);
    grpc_metadata_array_destroy(&c->metadata);
    struct dc_rpc_server *server = c->call ? c->server : NULL;
    if (c->call)
        grpc_call_unref(c->call);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
    if (server)
        dc_rpc_server_count(server, -1);
}

bool dc_rpc_cancelled(const struct dc_rpc_call *call)
{
    return atomic_load(&call->cancelled) || atomic_load(&call->server->cut);
}

static void on_finished(struct dc_rpc_tag *tag, bool ok)
{
    (void)ok; /* false: the client left first; nobody is left to tell */
    call_unref(dc_container_of(tag, struct dc_rpc_call, finished));
}

static void on_closed(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_call *c = dc_container_of(tag, struct dc_rpc_call, closed);

    if (!ok || c->was_cancelled)
        atomic_store(&c->cancelled, true);
    call_unref(c);
}

/* The last batch: the reply when there is one, and the status. */
static void call_finish(struct dc_rpc_call *c, const struct dc_err *err)
{
    grpc_op ops[3] = {0};
    size_t n = 0;

    if (!c->headers_sent)
        ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
    if (c->out) {
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = c->out;
    }
    c->status_text = dc_rpc_slice(err->msg);
    ops[n].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    ops[n].data.send_status_from_server.status = (grpc_status_code)dc_err_grpc(err->kind);
    ops[n++].data.send_status_from_server.status_details = &c->status_text;
    dc_rpc_batch(c->call, ops, n, &c->finished);
}

static void call_refuse(struct dc_rpc_call *c, enum dc_err_kind kind, const char *text)
{
    struct dc_err err = {0};

    dc_fail(&err, kind, 0, "%s", text);
    call_finish(c, &err);
}

static int call_unary(struct dc_rpc_call *c, const ProtobufCMessage *req, struct dc_err *err)
{
    ProtobufCMessage *reply = dc_msg_new(c->desc->output);

    if (!reply)
        return dc_fail(err, DC_NO_MEMORY, 0, "reply");
    int rc = c->method->unary(c->service->service, c, req, reply, err);
    if (rc == 0)
        rc = dc_rpc_pack(reply, &c->out, err);
    protobuf_c_message_free_unpacked(reply, NULL);
    return rc;
}

static int call_handle(struct dc_rpc_call *c, struct dc_err *err)
{
    ProtobufCMessage *req;

    if (dc_rpc_cancelled(c))
        return dc_fail(err, DC_CANCELLED, 0, "the call ended before its turn came");
    if (dc_rpc_unpack(c->desc->input, c->payload, &req, err) != 0)
        return dc_wrap(err, "request");
    int rc = c->method->unary ? call_unary(c, req, err)
                              : c->method->stream(c->service->service, c, req, err);
    protobuf_c_message_free_unpacked(req, NULL);
    return rc;
}

static void call_log(struct dc_rpc_call *c, const struct dc_err *err)
{
    dc_autobuf struct dc_buf text = DC_BUF(LOG_TEXT_MAX);
    struct dc_err ignored = {0};
    grpc_slice slice;

    if (!c->server->log_calls || dc_log_threshold() > DC_LOG_DEBUG)
        return;
    if (dc_rpc_flatten(c->payload, &slice, &ignored) == 0) {
        dc_redact_text(c->desc->input, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice),
                       &text);
        grpc_slice_unref(slice);
    }
    dc_debug_line("proto", "%s.%s %s -> %s%s%s in %llu us", c->service->desc->name,
                  c->method->name, text.data ? text.data : "",
                  err->kind == DC_OK ? "OK" : dc_err_name(err->kind), err->msg[0] ? ": " : "",
                  err->msg, (unsigned long long)(dc_clock_ns() - c->since_ns) / 1000);
}

/* On a worker. */
static void call_run(struct dc_rpc_job *job)
{
    struct dc_rpc_call *c = dc_container_of(job, struct dc_rpc_call, job);
    struct dc_err err = {0};

    if (call_handle(c, &err) != 0)
        assert(err.kind != DC_OK);
    else
        assert(err.kind == DC_OK);
    call_log(c, &err);
    call_finish(c, &err);
}

static void on_received(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_call *c = dc_container_of(tag, struct dc_rpc_call, received);

    if (!ok || !c->payload)
        call_refuse(c, DC_CANCELLED, "no request came");
    else if (!dc_rpc_workers_submit(c->server->workers, &c->job))
        call_refuse(c, DC_UNAVAILABLE, "too many calls at once; try again");
}

/* "/csi.v1.Identity/Probe" -> service and method; false when we serve no such. */
static bool call_lookup(struct dc_rpc_call *c)
{
    dc_autofree char *path = grpc_slice_to_c_string(c->details.method);
    char *slash = path && path[0] == '/' ? strchr(path + 1, '/') : NULL;

    if (!slash)
        return false;
    *slash = '\0';
    for (unsigned i = 0; i < c->server->n_services && !c->service; i++)
        if (strcmp(c->server->services[i].desc->name, path + 1) == 0)
            c->service = &c->server->services[i];
    if (!c->service)
        return false;
    c->desc = protobuf_c_service_descriptor_get_method_by_name(c->service->desc, slash + 1);
    const struct dc_rpc_method *m = c->service->methods;
    while (m->name && strcmp(m->name, slash + 1) != 0)
        m++;
    c->method = m;
    return c->desc && m->name;
}

static void call_receive(struct dc_rpc_call *c)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &c->payload};

    dc_rpc_batch(c->call, &op, 1, &c->received);
}

static void on_requested(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_call *c = dc_container_of(tag, struct dc_rpc_call, requested);

    if (!ok) { /* shutting down */
        atomic_store(&c->refs, 1);
        call_unref(c);
        return;
    }
    dc_rpc_server_count(c->server, +1);
    c->owes_slot = !dc_rpc_call_expect(c->server);
    c->since_ns = dc_clock_ns();
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                  .data.recv_close_on_server.cancelled = &c->was_cancelled};
    dc_rpc_batch(c->call, &op, 1, &c->closed);

    if (atomic_load(&c->server->closing))
        call_refuse(c, DC_UNAVAILABLE, "the server is stopping");
    else if (c->server->peer_name && !dc_rpc_peer_is(c->call, c->server->peer_name))
        call_refuse(c, DC_DENIED, "the certificate's common name is not the expected one");
    else if (!call_lookup(c))
        call_refuse(c, DC_UNSUPPORTED, "no such method here");
    else
        call_receive(c);
}

static void on_sent(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_call *c = dc_container_of(tag, struct dc_rpc_call, sent);

    pthread_mutex_lock(&c->lock);
    c->send = ok ? SEND_OK : SEND_FAILED;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static bool call_send(struct dc_rpc_call *c, grpc_byte_buffer *bytes)
{
    grpc_op ops[2] = {0};
    size_t n = 0;

    if (!c->headers_sent)
        ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
    c->headers_sent = true;
    ops[n].op = GRPC_OP_SEND_MESSAGE;
    ops[n++].data.send_message.send_message = bytes;

    c->send = SEND_RUNNING; /* no lock: nothing of ours is under way */
    dc_rpc_batch(c->call, ops, n, &c->sent);
    pthread_mutex_lock(&c->lock);
    while (c->send == SEND_RUNNING)
        pthread_cond_wait(&c->changed, &c->lock);
    bool ok = c->send == SEND_OK;
    pthread_mutex_unlock(&c->lock);
    return ok;
}

int dc_rpc_send(struct dc_rpc_call *call, const ProtobufCMessage *msg, struct dc_err *err)
{
    grpc_byte_buffer *bytes;

    assert(call->method->stream && msg->descriptor == call->desc->output);
    if (dc_rpc_cancelled(call))
        return dc_fail(err, DC_CANCELLED, 0, "the client is gone");
    if (dc_rpc_pack(msg, &bytes, err) != 0)
        return -1;
    bool ok = call_send(call, bytes);
    grpc_byte_buffer_destroy(bytes);
    return ok ? 0 : dc_fail(err, DC_CANCELLED, 0, "the client is gone");
}

bool dc_rpc_call_expect(struct dc_rpc_server *server)
{
    struct dc_rpc_call *c = calloc(1, sizeof *c);

    if (!c)
        return false;
    *c = (struct dc_rpc_call){
        .server = server,
        .requested.fn = on_requested,
        .received.fn = on_received,
        .closed.fn = on_closed,
        .sent.fn = on_sent,
        .finished.fn = on_finished,
        .job.run = call_run,
        .status_text = grpc_empty_slice(),
        .refs = 2, /* the batches closed and finished */
    };
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    grpc_call_details_init(&c->details);
    grpc_metadata_array_init(&c->metadata);
    dc_rpc_tag_hand(&c->requested);
    if (grpc_server_request_call(server->grpc, &c->call, &c->details, &c->metadata, server->cq,
                                 server->cq, &c->requested) == GRPC_CALL_OK)
        return true;
    atomic_store(&c->refs, 1);
    call_unref(c);
    return false;
}
