// SPDX-License-Identifier: Apache-2.0
/* proto/server.c - listen, serve, and stop without losing a call that could have finished. */
#include <errno.h>
#include <grpc/grpc_posix.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "proto/priv.h"

/* Incoming calls that the library may hand over before we ask for more. */
#define SLOTS 8
/* Calls on one connection: bounds what a peer can make us hold to 128 messages. */
#define STREAMS_MAX 128

/* How long answers may take from the socket to the client's eyes. */
#define LINGER_NS 30000000

static const char unix_scheme[] = "unix://";

static void on_down(struct dc_rpc_tag *tag, bool ok)
{
    struct dc_rpc_server *s = dc_container_of(tag, struct dc_rpc_server, down_tag);

    (void)ok;
    pthread_mutex_lock(&s->lock);
    s->down = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *server_main(void *arg)
{
    struct dc_rpc_server *s = arg;

    dc_rpc_loop(s->cq);
    return NULL;
}

static void on_accepted(void *arg, int fd)
{
    struct dc_rpc_server *s = arg;
    grpc_server_credentials *creds = grpc_insecure_server_credentials_create();

    grpc_server_add_channel_from_fd(s->grpc, fd, creds); /* takes fd */
    grpc_server_credentials_release(creds);
}

static int check_config(const struct dc_rpc_server_config *config, struct dc_err *err)
{
    bool is_unix = strncmp(config->endpoint, unix_scheme, strlen(unix_scheme)) == 0;

    if (!is_unix && !config->tls.dir)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s: a TCP server needs a TLS directory",
                       config->endpoint);
    if (is_unix && config->tls.dir)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%s: TLS is for TCP; a unix socket is guarded by its mode",
                       config->endpoint);
    return 0;
}

static int server_init(struct dc_rpc_server *s, const struct dc_rpc_server_config *config,
                       struct dc_err *err)
{
    pthread_condattr_t monotonic;
    grpc_arg list[DC_RPC_COMMON_ARGS + 3];
    size_t n = dc_rpc_common_args(list);

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);

    list[n++] = dc_rpc_int_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_MAX);
    list[n++] = dc_rpc_int_arg(GRPC_ARG_ALLOW_REUSEPORT, 0); /* a port taken is an error */
    /* Clients of this runtime ping an idle call every 20 s; the default forbids that. */
    list[n++] = dc_rpc_int_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
    grpc_channel_args args = {n, list};

    s->grpc = grpc_server_create(&args, NULL);
    s->cq = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(s->grpc, s->cq, NULL);
    s->down_tag.fn = on_down;
    s->services = config->services;
    s->n_services = config->n_services;
    s->log_calls = config->log_calls;
    if (config->tls.peer_name) {
        s->peer_name = strdup(config->tls.peer_name);
        if (!s->peer_name)
            return dc_fail(err, DC_NO_MEMORY, 0, "server");
    }
    return dc_rpc_workers_new(config->workers, config->queue, &s->workers, err);
}

static int listen_tcp(struct dc_rpc_server *s, const struct dc_rpc_server_config *config,
                      struct dc_err *err)
{
    grpc_server_credentials *creds;

    if (dc_rpc_server_tls_new(config->tls.dir, &s->tls, err) != 0 ||
        dc_rpc_server_tls_creds(s->tls, &creds, err) != 0)
        return -1;
    s->port = grpc_server_add_http2_port(s->grpc, config->endpoint, creds);
    grpc_server_credentials_release(creds);
    if (s->port == 0)
        return dc_fail(err, DC_BUSY, 0,
                       "cannot listen on %s: expected ADDRESS:PORT of this host that is free",
                       config->endpoint);
    return 0;
}

static int server_listen(struct dc_rpc_server *s, const struct dc_rpc_server_config *config,
                         struct dc_err *err)
{
    if (config->tls.dir)
        return listen_tcp(s, config, err);
    return dc_rpc_unix_listen(config->endpoint + strlen(unix_scheme), &s->listener, err);
}

static int server_run(struct dc_rpc_server *s, struct dc_err *err)
{
    grpc_server_start(s->grpc);
    int rc = pthread_create(&s->thread, NULL, server_main, s);
    if (rc != 0)
        return dc_fail(err, DC_NO_MEMORY, rc, "server thread");
    s->thread_runs = true;
    for (unsigned i = 0; i < SLOTS; i++)
        if (!dc_rpc_call_expect(s))
            return dc_fail(err, DC_NO_MEMORY, 0, "server calls");
    return s->listener ? dc_rpc_unix_serve(s->listener, on_accepted, s, err) : 0;
}

void dc_rpc_server_count(struct dc_rpc_server *s, int change)
{
    pthread_mutex_lock(&s->lock);
    s->live += (unsigned)change;
    if (s->live == 0)
        pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static bool is_down(const struct dc_rpc_server *s)
{
    return s->down;
}

static bool is_quiet(const struct dc_rpc_server *s)
{
    return s->live == 0;
}

/* Wait until what holds; false when timeout_ms were too few. */
static bool wait_until(struct dc_rpc_server *s, bool (*what)(const struct dc_rpc_server *s),
                       uint32_t timeout_ms)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->lock);
    while (!what(s) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    bool holds = what(s);
    pthread_mutex_unlock(&s->lock);
    return holds;
}

/*
 * Let running calls finish before the library hears of the end. It closes a connection as soon as
 * its last call is sent, and a client that was just writing then fails a call whose answer lies
 * unread in its socket; so the answers get a moment on their way, too.
 */
static void let_finish(struct dc_rpc_server *s, uint32_t grace_ms)
{
    atomic_store(&s->closing, true);
    if (wait_until(s, is_quiet, 0))
        return;
    if (wait_until(s, is_quiet, grace_ms))
        nanosleep(&(struct timespec){.tv_nsec = LINGER_NS}, NULL);
    else
        atomic_store(&s->cut, true);
}

/*
 * The order matters: no more calls, then no more handlers, then no more events. Cancelling also cuts
 * connections without a call: left to itself the library waits until the client closes them, and
 * an idle one of another process looks at its socket every five seconds.
 */
void dc_rpc_server_stop(struct dc_rpc_server *s, uint32_t grace_ms)
{
    if (!s)
        return;
    dc_rpc_unix_stop(s->listener);
    if (s->thread_runs) /* else start failed half-way */
        let_finish(s, grace_ms);
    dc_rpc_tag_hand(&s->down_tag);
    grpc_server_shutdown_and_notify(s->grpc, s->cq, &s->down_tag);
    grpc_server_cancel_all_calls(s->grpc);
    dc_rpc_workers_free(s->workers);
    if (s->thread_runs)
        (void)wait_until(s, is_down, UINT32_MAX); /* nothing is left that could hold it up */

    grpc_completion_queue_shutdown(s->cq);
    if (s->thread_runs)
        pthread_join(s->thread, NULL);
    else
        dc_rpc_loop(s->cq);
    grpc_server_destroy(s->grpc);
    grpc_completion_queue_destroy(s->cq);
    dc_rpc_server_tls_free(s->tls);
    dc_rpc_unix_free(s->listener);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s->peer_name);
    free(s);
}

int dc_rpc_server_start(const struct dc_rpc_server_config *config, struct dc_rpc_server **ret,
                        struct dc_err *err)
{
    if (check_config(config, err) != 0)
        return -1;
    struct dc_rpc_server *s = calloc(1, sizeof *s);
    if (!s)
        return dc_fail(err, DC_NO_MEMORY, 0, "server");
    if (server_init(s, config, err) != 0 || server_listen(s, config, err) != 0) {
        grpc_server_start(s->grpc); /* the library demands a start before the shutdown */
        dc_rpc_server_stop(s, 0);
        return -1;
    }
    if (server_run(s, err) != 0) {
        dc_rpc_server_stop(s, 0);
        return -1;
    }
    *ret = s;
    return 0;
}

int dc_rpc_server_port(const struct dc_rpc_server *server)
{
    return server->port;
}
