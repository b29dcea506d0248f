// SPDX-License-Identifier: Apache-2.0
/* agent_fixture.c - an agent, a CSI node plugin that can be told to fail, and a client. */
#include "agent_fixture.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/csi.pb-c.h"
#include "proto/msg.h"

#define DRIVER "fake.example"

/* --- The plugin --- */

static int info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                ProtobufCMessage *reply, struct dc_err *err)
{
    (void)service, (void)call, (void)req, (void)err;
    ((Csi__V1__GetPluginInfoResponse *)reply)->name = strdup(DRIVER);
    return 0;
}

static int probe(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                 ProtobufCMessage *reply, struct dc_err *err)
{
    (void)service, (void)call, (void)req, (void)reply, (void)err;
    return 0;
}

static int capabilities(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                        ProtobufCMessage *reply, struct dc_err *err)
{
    Csi__V1__NodeGetCapabilitiesResponse *r = (Csi__V1__NodeGetCapabilitiesResponse *)reply;
    Csi__V1__NodeServiceCapability *cap = malloc(sizeof *cap);
    Csi__V1__NodeServiceCapability__RPC *rpc = malloc(sizeof *rpc);

    (void)service, (void)call, (void)req, (void)err;
    csi__v1__node_service_capability__init(cap);
    csi__v1__node_service_capability__rpc__init(rpc);
    rpc->type = CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__STAGE_UNSTAGE_VOLUME;
    cap->type_case = CSI__V1__NODE_SERVICE_CAPABILITY__TYPE_RPC;
    cap->rpc = rpc;
    r->capabilities = malloc(sizeof(void *));
    r->capabilities[0] = cap;
    r->n_capabilities = 1;
    return 0;
}

static bool take_failure(_Atomic int *left)
{
    if (*left <= 0)
        return false;
    (*left)--;
    return true;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static int stage(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                 ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeStageVolumeRequest *req = (const Csi__V1__NodeStageVolumeRequest *)msg;
    const char *secret = dc_map_get(req->n_secrets, req->secrets, "key");
    struct plugin *p = service;

    (void)reply;
    snprintf(p->secret, sizeof p->secret, "%s", secret ? secret : "");
    p->hanging++;
    while (p->hang_stage && !dc_rpc_cancelled(call))
        nap();
    p->hanging--;
    if (take_failure(&p->fail_stage))
        return dc_fail(err, DC_BAD_INPUT, 0, "told not to stage");
    p->staged = 1;
    p->stages++;
    return 0;
}

static int unstage(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    struct plugin *p = service;

    (void)call, (void)req, (void)reply;
    if (take_failure(&p->fail_unstage))
        return dc_fail(err, DC_DENIED, 0, "told not to unstage");
    if (p->published)
        return dc_fail(err, DC_PRECONDITION, 0, "still published");
    p->staged = 0;
    p->unstages++;
    return 0;
}

static int publish(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodePublishVolumeRequest *req =
        (const Csi__V1__NodePublishVolumeRequest *)msg;
    struct plugin *p = service;
    int rc;

    (void)call, (void)reply;
    if (!p->staged)
        return dc_fail(err, DC_PRECONDITION, 0, "not staged");
    rc = p->device ? symlink(p->device, req->target_path) : mkdir(req->target_path, 0755);
    if (rc != 0)
        return dc_fail(err, DC_INTERNAL, errno, "publish at %s", req->target_path);
    p->published = 1;
    p->publishes++;
    return 0;
}

static int unpublish(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                     ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeUnpublishVolumeRequest *req =
        (const Csi__V1__NodeUnpublishVolumeRequest *)msg;
    struct plugin *p = service;
    char file[600];

    (void)call, (void)reply, (void)err;
    snprintf(file, sizeof file, "%s/disk.img", req->target_path);
    (void)rename(file, p->kept);
    (void)remove(req->target_path);
    p->published = 0;
    p->unpublishes++;
    return 0;
}

static const struct dc_rpc_method identity[] = {
    {.name = "GetPluginInfo", .unary = info},
    {.name = "Probe", .unary = probe},
    {0},
};
static const struct dc_rpc_method node[] = {
    {.name = "NodeGetCapabilities", .unary = capabilities},
    {.name = "NodeStageVolume", .unary = stage},
    {.name = "NodeUnstageVolume", .unary = unstage},
    {.name = "NodePublishVolume", .unary = publish},
    {.name = "NodeUnpublishVolume", .unary = unpublish},
    {0},
};

/* --- Up and down --- */

static void make(const char *dir)
{
    assert_int_equal(mkdir(dir, 0700), 0);
}

static void must(int rc, const struct dc_err *err)
{
    if (rc != 0)
        fail_msg("%s", err->msg);
}

void plugin_up(struct agent_fixture *f)
{
    char endpoint[160];
    struct dc_err err = {0};

    snprintf(endpoint, sizeof endpoint, "unix://%s/plugins/" DRIVER "/csi.sock", f->kubelet);
    f->services[0] =
        (struct dc_rpc_service){&csi__v1__identity__descriptor, identity, &f->plugin};
    f->services[1] = (struct dc_rpc_service){&csi__v1__node__descriptor, node, &f->plugin};
    const struct dc_rpc_server_config config = {.endpoint = endpoint,
                                                .services = f->services,
                                                .n_services = 2,
                                                .workers = 4,
                                                .queue = 16};
    must(dc_rpc_server_start(&config, &f->plugin.server, &err), &err);
}

void plugin_down(struct agent_fixture *f)
{
    dc_rpc_server_stop(f->plugin.server, 1000);
    f->plugin.server = NULL;
}

void agent_setup(struct agent_fixture *f)
{
    char path[128];

    *f = (struct agent_fixture){.dir = "/tmp/decant-agent.XXXXXX"};
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->kubelet, sizeof f->kubelet, "%s/kubelet", f->dir);
    snprintf(f->state, sizeof f->state, "%s/state", f->dir);
    snprintf(f->endpoint, sizeof f->endpoint, "unix://%s/agent.sock", f->dir);
    snprintf(f->plugin.kept, sizeof f->plugin.kept, "%s/kept", f->dir);
    make(f->kubelet);
    snprintf(path, sizeof path, "%s/plugins", f->kubelet);
    make(path);
    snprintf(path, sizeof path, "%s/plugins/" DRIVER, f->kubelet);
    make(path);
    plugin_up(f);
}

void agent_start(struct agent_fixture *f)
{
    const struct dc_agent_config config = {.node_name = "node-1",
                                           .endpoint = f->endpoint,
                                           .kubelet_dir = f->kubelet,
                                           .state_dir = f->state,
                                           .writers = 2,
                                           .stop_ms = f->stop_ms ? f->stop_ms : 20000};
    struct dc_err err = {0};

    must(dc_agent_start(&config, &f->agent, &err), &err);
    must(dc_rpc_client_new(f->endpoint, NULL, &f->client, &err), &err);
}

void agent_stop(struct agent_fixture *f)
{
    dc_rpc_client_free(f->client);
    assert_true(dc_agent_stop(f->agent));
    f->client = NULL;
    f->agent = NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void agent_teardown(struct agent_fixture *f)
{
    char lock[128];

    agent_stop(f);
    plugin_down(f);
    assert_int_equal(f->plugin.staged, 0);
    assert_int_equal(f->plugin.published, 0);
    snprintf(lock, sizeof lock, "%s/lock", f->state);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(rmdir(f->state), 0); /* no record is left */
    (void)nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- Calls --- */

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* messages do not know const; these are only read */
}

void fill_request(struct fill_request *r, const char *fill_id, int64_t generation, bool block,
                  const char *url)
{
    decant__v1alpha1__start_fill_request__init(&r->msg);
    decant__v1alpha1__volume__init(&r->volume);
    decant__v1alpha1__source__init(&r->source);
    decant__v1alpha1__http_source__init(&r->http);
    r->http.url = text(url);
    r->source.kind_case = DECANT__V1ALPHA1__SOURCE__KIND_HTTP;
    r->source.http = &r->http;
    r->volume.driver = text(DRIVER);
    r->volume.volume_handle = text("vol-1");
    r->volume.pv_name = text("pv-1");
    r->volume.access_mode = text("ReadWriteOnce");
    r->volume.capacity_bytes = 64 << 20;
    r->volume.mode = block ? DECANT__V1ALPHA1__VOLUME_MODE__BLOCK
                           : DECANT__V1ALPHA1__VOLUME_MODE__FILESYSTEM;
    r->msg.fill_id = text(fill_id);
    r->msg.generation = generation;
    r->msg.claim = text("ns/claim");
    r->msg.volume = &r->volume;
    r->msg.source = &r->source;
}

static ProtobufCMessage *call(struct agent_fixture *f, const char *method,
                              const ProtobufCMessage *req, struct dc_err *err)
{
    ProtobufCMessage *reply = NULL;

    (void)dc_rpc_call(f->client, &decant__v1alpha1__fills__descriptor, method, req, 15000,
                      &reply, NULL, err);
    return reply;
}

Decant__V1alpha1__FillStatus *call_start(struct agent_fixture *f, struct fill_request *r,
                                         struct dc_err *err)
{
    return (Decant__V1alpha1__FillStatus *)call(f, "StartFill", &r->msg.base, err);
}

Decant__V1alpha1__FillStatus *call_cancel(struct agent_fixture *f, const char *fill_id,
                                          int64_t generation, struct dc_err *err)
{
    Decant__V1alpha1__CancelFillRequest req = DECANT__V1ALPHA1__CANCEL_FILL_REQUEST__INIT;

    req.fill_id = text(fill_id);
    req.generation = generation;
    return (Decant__V1alpha1__FillStatus *)call(f, "CancelFill", &req.base, err);
}

void free_status(Decant__V1alpha1__FillStatus *status)
{
    if (status)
        decant__v1alpha1__fill_status__free_unpacked(status, NULL);
}

static void on_message(void *arg, ProtobufCMessage *msg)
{
    struct watched *w = arg;

    free_status(w->last);
    w->last = (Decant__V1alpha1__FillStatus *)msg;
    w->n++;
}

static void on_done(void *arg, const struct dc_err *err)
{
    struct watched *w = arg;

    w->err = *err;
    w->done++;
}

void watch_to_end(struct agent_fixture *f, const char *fill_id, struct watched *ret)
{
    Decant__V1alpha1__WatchFillRequest req = DECANT__V1ALPHA1__WATCH_FILL_REQUEST__INIT;
    const struct dc_rpc_events events = {on_message, on_done, ret};
    struct dc_rpc_async *async;
    struct dc_err err = {0};

    *ret = (struct watched){0};
    req.fill_id = text(fill_id);
    must(dc_rpc_async_start(f->client, &decant__v1alpha1__fills__descriptor, "WatchFill",
                            &req.base, 20000, &events, &async, &err),
         &err);
    while (!ret->done)
        nap();
    dc_rpc_async_free(async);
}

void wait_phase(struct agent_fixture *f, const char *fill_id, Decant__V1alpha1__FillPhase phase)
{
    struct dc_job *job = dc_table_find(f->agent->table, fill_id);
    struct dc_job_view v = {0};

    assert_non_null(job);
    for (int i = 0; i < 5000; i++) {
        dc_job_look(f->agent->table, job, &v);
        if (v.phase == phase)
            break;
        nap();
    }
    assert_int_equal(v.phase, phase);
    dc_job_unref(f->agent->table, job);
}

void begin_fill(struct agent_fixture *f, struct fill_request *r)
{
    struct dc_err err = {0};
    Decant__V1alpha1__FillStatus *status = call_start(f, r, &err);

    if (!status)
        fail_msg("%s", err.msg);
    free_status(status);
}

void expect_end(struct agent_fixture *f, const char *fill_id, const char *reason)
{
    struct watched w;

    watch_to_end(f, fill_id, &w);
    assert_int_equal(w.err.kind, DC_OK);
    assert_non_null(w.last);
    if (reason) {
        assert_int_equal(w.last->phase, DECANT__V1ALPHA1__FILL_PHASE__FAILED);
        assert_string_equal(w.last->error->reason, reason);
    } else if (w.last->error) {
        fail_msg("%s: %s", w.last->error->reason, w.last->error->message);
    }
    free_status(w.last);
}
