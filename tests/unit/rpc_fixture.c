// SPDX-License-Identifier: Apache-2.0
/* rpc_fixture.c - a service that can be told how to behave, for the tests of proto/. */
#include "rpc_fixture.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/csi.pb-c.h"
#include "proto/decant.pb-c.h"

extern char **environ;

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                ProtobufCMessage *reply, struct dc_err *err)
{
    Csi__V1__GetPluginInfoResponse *r = (Csi__V1__GetPluginInfoResponse *)reply;

    (void)service, (void)call, (void)req, (void)err;
    r->name = strdup("fixture.example");
    r->vendor_version = strdup("1 \xc3\xa4");
    return 0;
}

static int probe(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                 ProtobufCMessage *reply, struct dc_err *err)
{
    struct rpc_fixture *f = service;

    (void)req, (void)reply;
    f->entered++;
    while (!f->gate && !dc_rpc_cancelled(call))
        nap();
    if (!dc_rpc_cancelled(call))
        return 0;
    f->gone++;
    return dc_fail(err, DC_CANCELLED, 0, "seen by the handler");
}

static int release(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    const Decant__V1alpha1__ReleaseFillRequest *r =
        (const Decant__V1alpha1__ReleaseFillRequest *)req;

    (void)service, (void)call, (void)reply;
    return dc_fail(err, dc_err_kind_of(r->fill_id), 0, "as asked: 100 %% \xc3\xa4\n%s",
                   r->fill_id);
}

/* A reply that no peer may get. */
static int probe_source(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                        ProtobufCMessage *reply, struct dc_err *err)
{
    Decant__V1alpha1__ProbeSourceResponse *r = (Decant__V1alpha1__ProbeSourceResponse *)reply;

    (void)service, (void)call, (void)req, (void)err;
    r->format = strdup("\xff");
    return 0;
}

static int watch(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                 struct dc_err *err)
{
    struct rpc_fixture *f = service;
    Decant__V1alpha1__FillStatus status;
    int n = f->messages;

    (void)req;
    f->entered++;
    for (int i = 0; n < 0 || i < n; i++) {
        decant__v1alpha1__fill_status__init(&status);
        status.durable_bytes = (uint64_t)i;
        status.phase = i == n - 1 ? DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED
                                  : DECANT__V1ALPHA1__FILL_PHASE__WRITING;
        if (dc_rpc_send(call, &status.base, err) != 0) {
            f->gone++;
            return -1;
        }
    }
    return 0;
}

static const struct dc_rpc_method identity[] = {
    {.name = "GetPluginInfo", .unary = info},
    {.name = "Probe", .unary = probe},
    {0},
};
static const struct dc_rpc_method fills[] = {
    {.name = "ReleaseFill", .unary = release},
    {.name = "ProbeSource", .unary = probe_source},
    {.name = "WatchFill", .stream = watch},
    {0},
};

static int serve(struct rpc_fixture *f, const char *endpoint, unsigned workers, unsigned queue,
                 const struct dc_rpc_tls *tls, struct dc_rpc_server **ret, struct dc_err *err)
{
    static struct dc_rpc_service services[2]; /* must outlive the server; one at a time */

    services[0] = (struct dc_rpc_service){&csi__v1__identity__descriptor, identity, f};
    services[1] = (struct dc_rpc_service){&decant__v1alpha1__fills__descriptor, fills, f};
    return dc_rpc_server_start(&(struct dc_rpc_server_config){.endpoint = endpoint,
                                                              .tls = *tls,
                                                              .services = services,
                                                              .n_services = 2,
                                                              .workers = workers,
                                                              .queue = queue,
                                                              .log_calls = true},
                               ret, err);
}

static int start_server(struct rpc_fixture *f, unsigned workers, unsigned queue,
                        const struct dc_rpc_tls *tls, struct dc_err *err)
{
    *f = (struct rpc_fixture){.dir = "/tmp/decant-rpc.XXXXXX"};
    if (!mkdtemp(f->dir))
        return dc_fail(err, DC_DEVICE, 0, "mkdtemp");
    snprintf(f->endpoint, sizeof f->endpoint, "unix://%s/s.sock", f->dir);
    if (serve(f, tls->dir ? "127.0.0.1:0" : f->endpoint, workers, queue, tls, &f->server,
              err) != 0) {
        remove_tree(f->dir);
        return -1;
    }
    if (tls->dir)
        snprintf(f->endpoint, sizeof f->endpoint, "127.0.0.1:%d",
                 dc_rpc_server_port(f->server));
    return 0;
}

int fixture_start(struct rpc_fixture *f, unsigned workers, unsigned queue, const char *tls_dir,
                  struct dc_err *err)
{
    struct dc_rpc_tls tls = {tls_dir, tls_dir ? "decant-controller" : NULL};

    return start_server(f, workers, queue, &tls, err);
}

int fixture_named(struct rpc_fixture *f, const char *tls_dir, const char *peer_name,
                  struct dc_err *err)
{
    struct dc_rpc_tls tls = {tls_dir, peer_name};

    return start_server(f, 1, 1, &tls, err);
}

int fixture_second(struct rpc_fixture *f, struct dc_rpc_server **ret, struct dc_err *err)
{
    struct dc_rpc_tls none = {0};

    return serve(f, f->endpoint, 1, 1, &none, ret, err);
}

void fixture_stop(struct rpc_fixture *f, unsigned grace_ms)
{
    dc_rpc_server_stop(f->server, grace_ms);
    remove_tree(f->dir);
}

bool wait_for(_Atomic int *value, int want)
{
    for (int i = 0; i < 5000 && *value < want; i++)
        nap();
    return *value >= want;
}

int call_info(struct dc_rpc_client *client, struct dc_err *err)
{
    Csi__V1__GetPluginInfoRequest req = CSI__V1__GET_PLUGIN_INFO_REQUEST__INIT;
    ProtobufCMessage *reply;

    if (dc_rpc_call(client, &csi__v1__identity__descriptor, "GetPluginInfo", &req.base, 5000,
                    &reply, NULL, err) != 0)
        return -1;
    Csi__V1__GetPluginInfoResponse *r = (Csi__V1__GetPluginInfoResponse *)reply;
    assert(strcmp(r->name, "fixture.example") == 0);
    assert(strcmp(r->vendor_version, "1 \xc3\xa4") == 0);
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}

int call_probe(struct dc_rpc_client *client, unsigned timeout_ms, struct dc_err *err)
{
    Csi__V1__ProbeRequest req = CSI__V1__PROBE_REQUEST__INIT;
    ProtobufCMessage *reply;

    if (dc_rpc_call(client, &csi__v1__identity__descriptor, "Probe", &req.base, timeout_ms,
                    &reply, NULL, err) != 0)
        return -1;
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}

static void on_message(void *arg, ProtobufCMessage *msg)
{
    struct outcome *o = arg;

    o->messages++;
    protobuf_c_message_free_unpacked(msg, NULL);
}

static void on_done(void *arg, const struct dc_err *err)
{
    struct outcome *o = arg;

    o->err = *err;
    o->done++;
}

static struct dc_rpc_async *start_call(struct dc_rpc_client *client,
                                       const ProtobufCServiceDescriptor *service,
                                       const char *method, const ProtobufCMessage *req,
                                       unsigned timeout_ms, struct outcome *o)
{
    struct dc_rpc_events events = {on_message, on_done, o};
    struct dc_rpc_async *call = NULL;
    struct dc_err err = {0};

    (void)dc_rpc_async_start(client, service, method, req, timeout_ms, &events, &call, &err);
    return call;
}

struct dc_rpc_async *async_watch(struct dc_rpc_client *client, struct outcome *o)
{
    Decant__V1alpha1__WatchFillRequest req = DECANT__V1ALPHA1__WATCH_FILL_REQUEST__INIT;

    return start_call(client, &decant__v1alpha1__fills__descriptor, "WatchFill", &req.base, 0,
                      o);
}

struct dc_rpc_async *async_probe(struct dc_rpc_client *client, unsigned timeout_ms,
                                 struct outcome *o)
{
    Csi__V1__ProbeRequest req = CSI__V1__PROBE_REQUEST__INIT;

    return start_call(client, &csi__v1__identity__descriptor, "Probe", &req.base, timeout_ms,
                      o);
}

static int spawn(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

int make_certs(const char *dir)
{
    return spawn((char *[]){DECANT_SOURCE_DIR "/deploy/certs", (char *)(uintptr_t)dir, NULL});
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void remove_tree(const char *dir)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
