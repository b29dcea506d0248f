// SPDX-License-Identifier: Apache-2.0
/* rpc_fixture.h - a service that can be told how to behave, for the tests of proto/. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

#include "proto/rpc.h"

/*
 * csi.v1.Identity and decant.v1alpha1.Fills, as far as the tests need them. GetPluginInfo answers
 * at once. Probe blocks until `gate` opens or the call is cancelled. ReleaseFill fails with the
 * kind whose reason is the fill_id. WatchFill sends `messages` statuses, the last one SUCCEEDED;
 * with -1 it sends until the client is gone.
 */
struct rpc_fixture {
    struct dc_rpc_server *server;
    _Atomic bool gate;
    _Atomic int entered; /* handlers of Probe and WatchFill begun            */
    _Atomic int gone;    /* handlers that saw dc_rpc_cancelled() or a failed send */
    _Atomic int messages;
    char dir[64]; /* of its own, removed by fixture_stop()            */
    char endpoint[128];
};

/* Serve on a unix socket, or with tls_dir on a TCP port. */
int fixture_start(struct rpc_fixture *f, unsigned workers, unsigned queue, const char *tls_dir,
                  struct dc_err *err);
/* The same over TLS, for clients of this common name. */
int fixture_named(struct rpc_fixture *f, const char *tls_dir, const char *peer_name,
                  struct dc_err *err);
void fixture_stop(struct rpc_fixture *f, unsigned grace_ms);

/* Start another server of the same service; *ret is the caller's. */
int fixture_second(struct rpc_fixture *f, struct dc_rpc_server **ret, struct dc_err *err);

/* Wait up to 5 s for *value to reach at least want. */
bool wait_for(_Atomic int *value, int want);

/* GetPluginInfo, Probe: the status. */
int call_info(struct dc_rpc_client *client, struct dc_err *err);
int call_probe(struct dc_rpc_client *client, unsigned timeout_ms, struct dc_err *err);

/* What an asynchronous call has brought. */
struct outcome {
    _Atomic int messages, done;
    struct dc_err err; /* once done */
};

struct dc_rpc_async *async_watch(struct dc_rpc_client *client, struct outcome *o);
struct dc_rpc_async *async_probe(struct dc_rpc_client *client, unsigned timeout_ms,
                                 struct outcome *o);

/* Run deploy/certs DIR. */
int make_certs(const char *dir);
/* Remove a directory and what is in it. */
void remove_tree(const char *dir);
