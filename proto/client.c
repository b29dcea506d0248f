// SPDX-License-Identifier: Apache-2.0
/* proto/client.c - a peer to call: its channel, its certificates, blocking calls. */
#include "proto/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "decant/cleanup.h"

static int channel_new(const struct dc_rpc_client *client, struct dc_rpc_channel **ret,
                       struct dc_err *err)
{
    dc_autofree struct dc_rpc_channel *ch = calloc(1, sizeof *ch);
    grpc_arg list[DC_RPC_COMMON_ARGS + 4];
    size_t n = dc_rpc_common_args(list);
    grpc_channel_credentials *creds;

    if (!ch)
        return dc_fail(err, DC_NO_MEMORY, 0, "channel to %s", client->target);
    list[n++] = dc_rpc_int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    /* The peers are near and their restarts short: the default waits up to two minutes. */
    list[n++] = dc_rpc_int_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
    list[n++] = dc_rpc_int_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
    if (client->peer_name)
        list[n++] = (grpc_arg){.type = GRPC_ARG_STRING,
                               .key = (char *)(uintptr_t)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
                               .value.string = client->peer_name};
    grpc_channel_args args = {n, list};

    if (client->tls_dir) {
        ch->stamp = dc_rpc_tls_stamp(client->tls_dir);
        if (dc_rpc_client_creds(client->tls_dir, &creds, err) != 0)
            return -1;
    } else {
        creds = grpc_insecure_credentials_create();
    }
    ch->grpc = grpc_channel_create(client->target, creds, &args);
    grpc_channel_credentials_release(creds);
    ch->refs = 1;
    *ret = dc_steal(ch);
    return 0;
}

static void channel_unref(struct dc_rpc_channel *ch)
{
    if (!ch || --ch->refs > 0)
        return;
    grpc_channel_destroy(ch->grpc);
    free(ch);
}

/* Certificates that have changed but cannot be read (a rotation half done): keep the old. */
static void channel_refresh(struct dc_rpc_client *client)
{
    struct dc_err ignored = {0};
    struct dc_rpc_channel *fresh;

    if (!client->tls_dir || dc_rpc_tls_stamp(client->tls_dir) == client->channel->stamp)
        return;
    if (channel_new(client, &fresh, &ignored) != 0)
        return;
    channel_unref(client->channel);
    client->channel = fresh;
}

int dc_rpc_channel_get(struct dc_rpc_client *client, struct dc_rpc_channel **ret,
                       struct dc_err *err)
{
    int rc = 0;

    pthread_mutex_lock(&client->lock);
    if (client->channel)
        channel_refresh(client);
    else
        rc = channel_new(client, &client->channel, err);
    if (rc == 0) {
        client->channel->refs++;
        *ret = client->channel;
    }
    pthread_mutex_unlock(&client->lock);
    return rc;
}

void dc_rpc_channel_put(struct dc_rpc_client *client, struct dc_rpc_channel *channel)
{
    pthread_mutex_lock(&client->lock);
    channel_unref(channel);
    pthread_mutex_unlock(&client->lock);
}

static void client_free_at(struct dc_rpc_client **client)
{
    dc_rpc_client_free(*client);
}

static int copy(const char *text, char **ret, struct dc_err *err)
{
    if (!text)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "client");
}

int dc_rpc_client_new(const char *target, const struct dc_rpc_tls *tls,
                      struct dc_rpc_client **ret, struct dc_err *err)
{
    bool is_unix = strncmp(target, "unix:", 5) == 0;
    const char *dir = tls ? tls->dir : NULL;

    if (is_unix == (dir != NULL))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s: %s", target,
                       is_unix ? "TLS is for TCP; a unix socket is guarded by its mode"
                               : "a TCP client needs a TLS directory");
    DC_AUTO(client_free_at) struct dc_rpc_client *client = calloc(1, sizeof *client);
    if (!client)
        return dc_fail(err, DC_NO_MEMORY, 0, "client");
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->changed, NULL);
    if (copy(target, &client->target, err) != 0 || copy(dir, &client->tls_dir, err) != 0 ||
        copy(tls ? tls->peer_name : NULL, &client->peer_name, err) != 0)
        return -1;
    if (channel_new(client, &client->channel, err) != 0)
        return dc_wrap(err, "client of %s", target);
    *ret = dc_steal(client);
    return 0;
}

void dc_rpc_client_free(struct dc_rpc_client *client)
{
    if (!client)
        return;
    dc_rpc_async_stop(client);
    channel_unref(client->channel);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
    free(client->target);
    free(client->tls_dir);
    free(client->peer_name);
    free(client);
}

int dc_rpc_method_find(const ProtobufCServiceDescriptor *service, const char *name,
                       const ProtobufCMethodDescriptor **ret, struct dc_err *err)
{
    *ret = protobuf_c_service_descriptor_get_method_by_name(service, name);
    return *ret ? 0
                : dc_fail(err, DC_UNSUPPORTED, 0, "%s has no method %s", service->name, name);
}

grpc_call *dc_rpc_call_new(struct dc_rpc_channel *channel, grpc_completion_queue *cq,
                           const ProtobufCServiceDescriptor *service, const char *method,
                           uint32_t timeout_ms)
{
    dc_autofree char *path = dc_asprintf("/%s/%s", service->name, method);

    if (!path)
        return NULL;
    grpc_slice name = dc_rpc_slice(path);
    grpc_call *call = grpc_channel_create_call(channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, cq,
                                               name, NULL, dc_rpc_deadline(timeout_ms), NULL);
    grpc_slice_unref(name); /* the call has its own */
    return call;
}

/* What a unary call sends and receives. */
struct exchange {
    grpc_byte_buffer *out, *in;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice text;
};

static void exchange_done(struct exchange *x)
{
    if (x->out)
        grpc_byte_buffer_destroy(x->out);
    if (x->in)
        grpc_byte_buffer_destroy(x->in);
    grpc_metadata_array_destroy(&x->initial);
    grpc_metadata_array_destroy(&x->trailing);
    grpc_slice_unref(x->text);
}

static void exchange_run(struct exchange *x, grpc_call *call, grpc_completion_queue *cq)
{
    struct dc_rpc_tag tag = {0}; /* its address is all that is needed */
    const grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = x->out},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &x->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &x->in},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &x->trailing,
                                        .status = &x->status,
                                        .status_details = &x->text}},
    };

    dc_rpc_batch(call, ops, DC_LEN(ops), &tag);
    (void)grpc_completion_queue_pluck(cq, &tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    grpc_call_unref(call);
}

static int call_on(struct dc_rpc_channel *ch, const ProtobufCServiceDescriptor *service,
                   const ProtobufCMethodDescriptor *method, uint32_t timeout_ms,
                   struct exchange *x, struct dc_err *err)
{
    grpc_completion_queue *cq = grpc_completion_queue_create_for_pluck(NULL);
    grpc_call *call = dc_rpc_call_new(ch, cq, service, method->name, timeout_ms);

    if (call)
        exchange_run(x, call, cq);
    grpc_completion_queue_shutdown(cq);
    while (
        grpc_completion_queue_pluck(cq, NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
        GRPC_QUEUE_SHUTDOWN) {}
    grpc_completion_queue_destroy(cq);
    if (!call)
        return dc_fail(err, DC_NO_MEMORY, 0, "call");
    return dc_rpc_status_err(method->name, x->status, &x->text, err);
}

static int exchange(struct dc_rpc_client *client, const ProtobufCServiceDescriptor *service,
                    const char *name, const ProtobufCMessage *req, uint32_t timeout_ms,
                    struct exchange *x, ProtobufCMessage **ret, struct dc_err *err)
{
    const ProtobufCMethodDescriptor *method;
    struct dc_rpc_channel *ch;

    if (dc_rpc_method_find(service, name, &method, err) != 0 ||
        dc_rpc_pack(req, &x->out, err) != 0 || dc_rpc_channel_get(client, &ch, err) != 0)
        return -1;
    int rc = call_on(ch, service, method, timeout_ms, x, err);
    dc_rpc_channel_put(client, ch);
    if (rc != 0)
        return -1;
    if (!x->in)
        return dc_fail(err, DC_INTERNAL, 0, "%s answered OK without a reply", name);
    if (dc_rpc_unpack(method->output, x->in, ret, err) != 0)
        return dc_wrap(err, "reply of %s", name);
    return 0;
}

int dc_rpc_call(struct dc_rpc_client *client, const ProtobufCServiceDescriptor *service,
                const char *method, const ProtobufCMessage *req, uint32_t timeout_ms,
                ProtobufCMessage **ret, int *ret_status, struct dc_err *err)
{
    DC_AUTO(exchange_done)
    struct exchange x = {.status = GRPC_STATUS_OK, .text = grpc_empty_slice()};

    int rc = exchange(client, service, method, req, timeout_ms, &x, ret, err);
    if (ret_status)
        *ret_status = x.status != GRPC_STATUS_OK ? (int)x.status : dc_err_grpc(err->kind);
    return rc;
}
