// SPDX-License-Identifier: Apache-2.0
/*
 * proto/rpc.h - gRPC services and calls over protobuf-c messages. The only room that includes
 * gRPC headers; everyone else sees this file and the generated *.pb-c.h.
 *
 * Messages are protobuf-c structs. Strings received are valid UTF-8 without NUL, and every
 * message is at most DC_RPC_MAX_MESSAGE bytes: a call that breaks either fails before a handler
 * sees it.
 *
 * Server threads: one completion-queue thread (never runs a handler) and a bounded pool of
 * workers; a handler runs on a worker and may block. Client calls: dc_rpc_call() blocks its
 * thread; dc_rpc_async_start() runs its callbacks on the client's own thread.
 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "decant/err.h"

#define DC_RPC_MAX_MESSAGE (1u << 20)

/* Once per process, before any other call and after signals are blocked; pairs with _exit. */
void dc_rpc_init(void);
void dc_rpc_exit(void);

/* --- TLS ------------------------------------------------------------------------------- */

/*
 * Certificate files, PEM, all three required: ca.crt, tls.crt, tls.key in one directory (the
 * layout of a kubernetes.io/tls Secret with its CA). Files are read again for a new handshake
 * when they have changed, so certificates can be rotated under a running process.
 */
struct dc_rpc_tls {
    const char *dir;       /* NULL: plaintext, allowed on unix sockets only */
    const char *peer_name; /* client: name the server's certificate must carry;
                              server: common name the client's certificate must carry  */
};

/* --- Server ---------------------------------------------------------------------------- */

struct dc_rpc_call; /* one incoming call; valid until its handler returns */

/*
 * Answer one unary call: fill reply (already initialised; strings and arrays from malloc, freed
 * by the runtime with the message) and return 0, or record why not in *err and return -1: its
 * kind becomes the gRPC status, its text the message.
 */
typedef int dc_rpc_unary_fn(void *service, struct dc_rpc_call *call,
                            const ProtobufCMessage *req, ProtobufCMessage *reply,
                            struct dc_err *err);

/* Answer a server-streaming call: dc_rpc_send() as often as wanted, then return. */
typedef int dc_rpc_stream_fn(void *service, struct dc_rpc_call *call,
                             const ProtobufCMessage *req, struct dc_err *err);

struct dc_rpc_method {
    const char *name;       /* as in the .proto file; NULL ends the table */
    dc_rpc_unary_fn *unary; /* exactly one of the two                     */
    dc_rpc_stream_fn *stream;
};

/* Methods of the descriptor that are not in the table answer UNIMPLEMENTED. */
struct dc_rpc_service {
    const ProtobufCServiceDescriptor *desc;
    const struct dc_rpc_method *methods;
    void *service; /* given to each handler */
};

/*
 * Send one message of a stream and wait until it is on its way (flow control).
 * Fails with DC_CANCELLED when the client is gone. Handler's thread only.
 */
int dc_rpc_send(struct dc_rpc_call *call, const ProtobufCMessage *msg, struct dc_err *err);

/* True once the client has cancelled, is gone or its deadline has passed. Any thread. */
bool dc_rpc_cancelled(const struct dc_rpc_call *call);

struct dc_rpc_server;

struct dc_rpc_server_config {
    const char *endpoint;  /* "unix:///abs/path.sock" or "ADDRESS:PORT" (port 0: any)  */
    struct dc_rpc_tls tls; /* required for TCP                                         */
    const struct dc_rpc_service *services;
    unsigned n_services;
    unsigned workers; /* handlers at once, 1..256                                 */
    unsigned queue;   /* calls that may wait, better not 0; beyond: UNAVAILABLE    */
    bool log_calls;   /* one redacted debug line a call                           */
};

/*
 * Listen and serve. A unix socket is made with mode 0600 and guarded by a lock on PATH.lock: a
 * live server's socket is never taken over (DC_BUSY), a stale one is. *ret is the caller's until
 * dc_rpc_server_stop(). Services' memory must outlive the server.
 */
int dc_rpc_server_start(const struct dc_rpc_server_config *config, struct dc_rpc_server **ret,
                        struct dc_err *err);
/* The port in use, for "ADDRESS:0". */
int dc_rpc_server_port(const struct dc_rpc_server *server);
/*
 * Take no new calls, let running ones finish for grace_ms, cancel the rest, free. NULL is
 * allowed. Not from a handler.
 */
void dc_rpc_server_stop(struct dc_rpc_server *server, uint32_t grace_ms);

/* --- Client ---------------------------------------------------------------------------- */

struct dc_rpc_client;

/* Connects lazily and reconnects by itself; never fails for an absent server. */
int dc_rpc_client_new(const char *target, const struct dc_rpc_tls *tls,
                      struct dc_rpc_client **ret, struct dc_err *err);
/* Cancels what runs (watches get their done callback first) and frees. NULL is allowed. */
void dc_rpc_client_free(struct dc_rpc_client *client);

/*
 * One unary call; blocks up to timeout_ms. On success *ret is a message of the method's output
 * type: free it with protobuf_c_message_free_unpacked(*ret, NULL). A gRPC status becomes the
 * matching kind (DC_UNAVAILABLE for 14, else the first row of DC_ERR_KINDS with that number,
 * DC_INTERNAL if none) with the server's text; *ret_status, when not NULL, gets the number itself, always. Any thread.
 */
int dc_rpc_call(struct dc_rpc_client *client, const ProtobufCServiceDescriptor *service,
                const char *method, const ProtobufCMessage *req, uint32_t timeout_ms,
                ProtobufCMessage **ret, int *ret_status, struct dc_err *err);

/* Callbacks of dc_rpc_async_start(), on the client's thread; they must not block. */
struct dc_rpc_events {
    /* A message; the callee owns it. */
    void (*message)(void *arg, ProtobufCMessage *msg);
    /* Last callback, exactly once: DC_OK or why it ended. */
    void (*done)(void *arg, const struct dc_err *err);
    void *arg;
};

struct dc_rpc_async; /* a handle on an asynchronous call */

/*
 * Start a unary or server-streaming call without blocking. timeout_ms 0: none. Any thread.
 * *ret is the caller's until dc_rpc_async_free(), also after done(): done() runs on another
 * thread, so the caller cannot know that it has not yet come.
 */
int dc_rpc_async_start(struct dc_rpc_client *client, const ProtobufCServiceDescriptor *service,
                       const char *method, const ProtobufCMessage *req, uint32_t timeout_ms,
                       const struct dc_rpc_events *events, struct dc_rpc_async **ret,
                       struct dc_err *err);
/* Ask it to end; done() still comes. Any thread, also in a callback or after done(). */
void dc_rpc_async_cancel(struct dc_rpc_async *call);
/* Give the handle back; done() still comes. Any thread, also without the client. NULL allowed. */
void dc_rpc_async_free(struct dc_rpc_async *call);
