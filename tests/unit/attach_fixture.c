// SPDX-License-Identifier: Apache-2.0
/* unit/attach_fixture.c - a node plugin that does as it is told. */
#include "attach_fixture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach/paths.h"
#include "csi/fields.h"
#include "decant/cleanup.h"
#include "proto/csi.pb-c.h"
#include "proto/msg.h"
#include "proto/pluginregistration.pb-c.h"

static int refuse_ours(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return type != FTW_D || strstr(path, "/" DC_CSI_PREFIX) != NULL;
}

bool fake_left_nothing(const char *dir)
{
    return nftw(dir, refuse_ours, 16, FTW_PHYS) == 0;
}

static void unlock_at(pthread_mutex_t **lock)
{
    pthread_mutex_unlock(*lock);
}

static pthread_mutex_t *enter(struct fake_plugin *f)
{
    pthread_mutex_lock(&f->lock);
    return &f->lock;
}

#define LOCKED(f) DC_AUTO(unlock_at) pthread_mutex_t *locked_ __attribute__((unused)) = enter(f)

static void note(struct fake_plugin *f, char letter)
{
    size_t len = strlen(f->calls);

    assert_true(len + 1 < sizeof f->calls);
    f->calls[len] = letter;
}

static int answer(struct fake_answer *a, struct dc_err *err)
{
    enum dc_err_kind kind = a->fails != 0 ? a->kind : a->then;

    if (a->fails > 0)
        a->fails--;
    return kind == DC_OK ? 0 : dc_fail(err, kind, 0, "as told");
}

static void keep_text(char *ret, size_t size, const char *text)
{
    (void)snprintf(ret, size, "%s", text ? text : "");
}

static void keep_capability(struct fake_plugin *f, const Csi__V1__VolumeCapability *cap)
{
    f->mode = (int)cap->access_mode->mode;
    f->block = cap->access_type_case == CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
    if (f->block)
        return;
    keep_text(f->fs, sizeof f->fs, cap->mount->fs_type);
    keep_text(f->flag, sizeof f->flag,
              cap->mount->n_mount_flags ? cap->mount->mount_flags[0] : "");
}

#define HANDLER(name)                                                                     \
    static int name(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg, \
                    ProtobufCMessage *reply, struct dc_err *err)

HANDLER(stage)
{
    const Csi__V1__NodeStageVolumeRequest *req = (const Csi__V1__NodeStageVolumeRequest *)msg;
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)reply;
    note(f, 's');
    keep_text(f->staging, sizeof f->staging, req->staging_target_path);
    keep_text(f->secret, sizeof f->secret, dc_map_get(req->n_secrets, req->secrets, "key"));
    keep_text(f->context, sizeof f->context,
              dc_map_get(req->n_publish_context, req->publish_context, "device"));
    keep_text(f->volume_context, sizeof f->volume_context,
              dc_map_get(req->n_volume_context, req->volume_context, "pool"));
    keep_capability(f, req->volume_capability);
    return answer(&f->stage, err);
}

HANDLER(publish)
{
    const Csi__V1__NodePublishVolumeRequest *req =
        (const Csi__V1__NodePublishVolumeRequest *)msg;
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)reply;
    note(f, 'p');
    keep_text(f->publish_staging, sizeof f->publish_staging, req->staging_target_path);
    keep_text(f->target, sizeof f->target, req->target_path);
    keep_text(f->publish_secret, sizeof f->publish_secret,
              dc_map_get(req->n_secrets, req->secrets, "key"));
    keep_text(f->publish_context, sizeof f->publish_context,
              dc_map_get(req->n_publish_context, req->publish_context, "device"));
    keep_text(f->publish_volume_context, sizeof f->publish_volume_context,
              dc_map_get(req->n_volume_context, req->volume_context, "pool"));
    keep_capability(f, req->volume_capability);
    if (answer(&f->publish, err) != 0)
        return -1;
    return mkdir(req->target_path, 0750) == 0 ? 0 : dc_fail(err, DC_DEVICE, 0, "mkdir");
}

HANDLER(unpublish)
{
    const Csi__V1__NodeUnpublishVolumeRequest *req =
        (const Csi__V1__NodeUnpublishVolumeRequest *)msg;
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)reply;
    note(f, 'u');
    if (answer(&f->unpublish, err) != 0)
        return -1;
    if (!f->forgetful)
        (void)rmdir(req->target_path);
    return 0;
}

HANDLER(unstage)
{
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)msg;
    (void)reply;
    note(f, 't');
    return answer(&f->unstage, err);
}

static void add_capability(Csi__V1__NodeGetCapabilitiesResponse *r,
                           Csi__V1__NodeServiceCapability__RPC__Type type)
{
    Csi__V1__NodeServiceCapability cap = CSI__V1__NODE_SERVICE_CAPABILITY__INIT;
    Csi__V1__NodeServiceCapability__RPC rpc = CSI__V1__NODE_SERVICE_CAPABILITY__RPC__INIT;

    rpc.type = type;
    cap.type_case = CSI__V1__NODE_SERVICE_CAPABILITY__TYPE_RPC;
    cap.rpc = &rpc;
    r->capabilities[r->n_capabilities++] = dc_msg_copy(&cap.base);
}

HANDLER(get_capabilities)
{
    Csi__V1__NodeGetCapabilitiesResponse *r = (Csi__V1__NodeGetCapabilitiesResponse *)reply;
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)msg;
    if (dc_msg_list(2, &r->capabilities, err) != 0)
        return -1;
    if (f->stages)
        add_capability(r, CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__STAGE_UNSTAGE_VOLUME);
    if (f->multi)
        add_capability(r,
                       CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__SINGLE_NODE_MULTI_WRITER);
    return 0;
}

HANDLER(get_info)
{
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)msg;
    return dc_msg_text(&((Csi__V1__GetPluginInfoResponse *)reply)->name, f->name, err);
}

HANDLER(probe)
{
    struct fake_plugin *f = service;
    LOCKED(f);

    (void)call;
    (void)msg;
    (void)err;
    if (f->starting) /* a BoolValue that is false */
        ((Csi__V1__ProbeResponse *)reply)->ready =
            dc_msg_new(&google__protobuf__bool_value__descriptor);
    return 0;
}

static const struct dc_rpc_method identity[] = {
    {"GetPluginInfo", get_info, NULL}, {"Probe", probe, NULL}, {NULL, NULL, NULL}};

static const struct dc_rpc_method node[] = {{"NodeStageVolume", stage, NULL},
                                            {"NodePublishVolume", publish, NULL},
                                            {"NodeUnpublishVolume", unpublish, NULL},
                                            {"NodeUnstageVolume", unstage, NULL},
                                            {"NodeGetCapabilities", get_capabilities, NULL},
                                            {NULL, NULL, NULL}};

void fake_start(struct fake_plugin *f, const char *kubelet_dir)
{
    char endpoint[256];
    struct dc_err err = {0};

    (void)snprintf(endpoint, sizeof endpoint, "%s/plugins/fake.test/csi.sock", kubelet_dir);
    assert_int_equal(dc_paths_make_parent(endpoint, &err), 0);
    assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
    f->services[0] = (struct dc_rpc_service){&csi__v1__identity__descriptor, identity, f};
    f->services[1] = (struct dc_rpc_service){&csi__v1__node__descriptor, node, f};
    (void)snprintf(endpoint, sizeof endpoint, "unix://%s/plugins/fake.test/csi.sock",
                   kubelet_dir);
    const struct dc_rpc_server_config config = {.endpoint = endpoint,
                                                .services = f->services,
                                                .n_services = 2,
                                                .workers = 1,
                                                .queue = 8};
    assert_int_equal(dc_rpc_server_start(&config, &f->server, &err), 0);
}

void fake_stop(struct fake_plugin *f)
{
    dc_rpc_server_stop(f->server, 1000);
    (void)pthread_mutex_destroy(&f->lock);
}

void fake_sync(struct fake_plugin *f)
{
    pthread_mutex_lock(&f->lock);
    pthread_mutex_unlock(&f->lock);
}

HANDLER(get_registration)
{
    Pluginregistration__PluginInfo *info = (Pluginregistration__PluginInfo *)reply;
    const struct fake_registrar *r = service;

    (void)call;
    (void)msg;
    if (dc_msg_text(&info->type, r->type, err) != 0 ||
        dc_msg_text(&info->name, r->name, err) != 0)
        return -1;
    return dc_msg_text(&info->endpoint, r->endpoint, err);
}

void fake_register(struct fake_registrar *r, const char *kubelet_dir)
{
    static const struct dc_rpc_method methods[] = {{"GetInfo", get_registration, NULL},
                                                   {NULL, NULL, NULL}};
    char endpoint[256];
    struct dc_err err = {0};

    (void)snprintf(endpoint, sizeof endpoint, "%s/plugins_registry/fake.test-reg.sock",
                   kubelet_dir);
    assert_int_equal(dc_paths_make_parent(endpoint, &err), 0);
    (void)snprintf(endpoint, sizeof endpoint, "unix://%s/plugins_registry/fake.test-reg.sock",
                   kubelet_dir);
    r->service =
        (struct dc_rpc_service){&pluginregistration__registration__descriptor, methods, r};
    const struct dc_rpc_server_config config = {.endpoint = endpoint,
                                                .services = &r->service,
                                                .n_services = 1,
                                                .workers = 1,
                                                .queue = 8};
    assert_int_equal(dc_rpc_server_start(&config, &r->server, &err), 0);
}

void fake_unregister(struct fake_registrar *r)
{
    dc_rpc_server_stop(r->server, 1000);
}
