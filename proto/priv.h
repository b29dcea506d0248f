// SPDX-License-Identifier: Apache-2.0
/* proto/priv.h - what the runtime's files share and nobody else sees. */
#pragma once
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/rpc.h"

/* What a completion queue hands back. Embedded in the call it belongs to. */
struct dc_rpc_tag {
    /* ok: the batch ran; false: the call is gone. */
    void (*fn)(struct dc_rpc_tag *tag, bool ok);
    /*
     * Released by who starts, acquired by who completes: the thread sanitizer cannot see how
     * the library hands a tag over, and so sees this.
     */
    _Atomic unsigned handed;
};

static inline void dc_rpc_tag_hand(struct dc_rpc_tag *tag)
{
    atomic_fetch_add_explicit(&tag->handed, 1, memory_order_release);
}

/* Run tags until the queue is shut down and empty. The tags' functions never block. */
void dc_rpc_loop(grpc_completion_queue *cq);
/* Start a batch that cannot fail unless we broke the library's rules. */
void dc_rpc_batch(grpc_call *call, const grpc_op *ops, size_t n, struct dc_rpc_tag *tag);
/* Settings that servers and clients share: at most DC_RPC_COMMON_ARGS are written. */
#define DC_RPC_COMMON_ARGS 4
size_t dc_rpc_common_args(grpc_arg *args);
grpc_arg dc_rpc_int_arg(const char *key, int value);
/* CLOCK_MONOTONIC deadline; timeout_ms 0: never. */
gpr_timespec dc_rpc_deadline(uint32_t timeout_ms);
grpc_slice dc_rpc_slice(const char *text);

/* --- bytes.c: messages to bytes and back; both ways are checked by dc_wire_check(). --- */

int dc_rpc_pack(const ProtobufCMessage *msg, grpc_byte_buffer **ret, struct dc_err *err);
/* *ret: free with protobuf_c_message_free_unpacked(*ret, NULL). */
int dc_rpc_unpack(const ProtobufCMessageDescriptor *desc, grpc_byte_buffer *bytes,
                  ProtobufCMessage **ret, struct dc_err *err);
/* The bytes in one piece; unref it. */
int dc_rpc_flatten(grpc_byte_buffer *bytes, grpc_slice *ret, struct dc_err *err);

/* --- status.c: our kinds and gRPC's codes --- */

enum dc_err_kind dc_rpc_kind(int status); /* the first row with that number, or DC_INTERNAL */
/* Record what a call's status says; 0 when it says OK. */
int dc_rpc_status_err(const char *method, grpc_status_code status, const grpc_slice *text,
                      struct dc_err *err);

/* --- creds.c --- */

/* Changes when one of the three files changes. */
uint64_t dc_rpc_tls_stamp(const char *dir);
int dc_rpc_client_creds(const char *tls_dir, grpc_channel_credentials **ret,
                        struct dc_err *err);

struct dc_rpc_server_tls; /* outlives the server */
int dc_rpc_server_tls_new(const char *dir, struct dc_rpc_server_tls **ret, struct dc_err *err);
int dc_rpc_server_tls_creds(struct dc_rpc_server_tls *tls, grpc_server_credentials **ret,
                            struct dc_err *err);
void dc_rpc_server_tls_free(struct dc_rpc_server_tls *tls);
/* Whether the peer's certificate, verified already, carries this common name. */
bool dc_rpc_peer_is(grpc_call *call, const char *common_name);

/* --- unix.c: a listening unix socket of our own --- */

struct dc_rpc_unix;

int dc_rpc_unix_listen(const char *path, struct dc_rpc_unix **ret, struct dc_err *err);
/* Hand every connection to accepted(), on a thread of its own. */
int dc_rpc_unix_serve(struct dc_rpc_unix *u, void (*accepted)(void *arg, int fd), void *arg,
                      struct dc_err *err);
/* Take no more connections; the socket stays on disk, and ours, until the free. */
void dc_rpc_unix_stop(struct dc_rpc_unix *u);
void dc_rpc_unix_free(struct dc_rpc_unix *u); /* NULL is allowed */

/* --- workers.c: a bounded pool of threads, made when needed --- */

struct dc_rpc_job {
    void (*run)(struct dc_rpc_job *job);
    struct dc_rpc_job *next;
};

struct dc_rpc_workers;

int dc_rpc_workers_new(unsigned threads, unsigned queue, struct dc_rpc_workers **ret,
                       struct dc_err *err);
/* False: every thread is busy and the queue is full, or the pool is stopping. Any thread. */
bool dc_rpc_workers_submit(struct dc_rpc_workers *w, struct dc_rpc_job *job);
/* Run what is queued, then join. NULL is allowed. */
void dc_rpc_workers_free(struct dc_rpc_workers *w);

/* --- call.c, server.c --- */

struct dc_rpc_server {
    grpc_server *grpc;
    grpc_completion_queue *cq;
    pthread_t thread;
    bool thread_runs;
    struct dc_rpc_workers *workers;
    struct dc_rpc_unix *listener;  /* NULL on TCP  */
    struct dc_rpc_server_tls *tls; /* NULL on unix */
    char *peer_name;               /* NULL: anyone whose certificate is valid */
    const struct dc_rpc_service *services;
    unsigned n_services;
    bool log_calls;
    int port;
    _Atomic bool closing; /* no new calls         */
    _Atomic bool cut;     /* the grace is over    */
    struct dc_rpc_tag down_tag;
    pthread_mutex_t lock; /* guards down and live */
    pthread_cond_t changed;
    bool down;     /* the library has let go of every connection */
    unsigned live; /* calls that have come and are not yet freed */
};

/* A call has come (+1) or is freed (-1). */
void dc_rpc_server_count(struct dc_rpc_server *server, int change);

/* Ask the library for one more incoming call; false when out of memory or shutting down. */
bool dc_rpc_call_expect(struct dc_rpc_server *server);
