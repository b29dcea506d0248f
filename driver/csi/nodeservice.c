// SPDX-License-Identifier: Apache-2.0
/* csi/nodeservice.c - volumes on this node. CSI spec v1.12.0, "Node Service RPC". */
#include "base/num.h"
#include "csi/capability.h"
#include "csi/driver.h"
#include "csi/place.h"
#include "proto/msg.h"

#define autobusy DC_AUTO(dc_busy_leave)

/* The maps that stage and publish both have, in two types of message. */
#define CHECK_MAPS(req, err)                                                                  \
    (dc_field_map("secrets", (req)->n_secrets, (req)->secrets, (err)) != 0 ||                 \
     dc_field_map("publish_context", (req)->n_publish_context, (req)->publish_context,        \
                  (err)) != 0 ||                                                              \
     dc_field_map("volume_context", (req)->n_volume_context, (req)->volume_context, (err)) != \
         0)

static int stage(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                 ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeStageVolumeRequest *req = (const Csi__V1__NodeStageVolumeRequest *)msg;
    autobusy struct dc_busy_entry busy = {0};
    struct dc_csi_driver *d = service;
    struct dc_cap cap;

    (void)call;
    (void)reply;
    if (dc_field_text("volume_id", req->volume_id, err) != 0 ||
        dc_field_path("staging_target_path", req->staging_target_path, err) != 0 ||
        dc_cap_parse("volume_capability", req->volume_capability, &cap, err) != 0 ||
        CHECK_MAPS(req, err) || dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0)
        return -1;
    return dc_stage(d->store, req->volume_id, req->staging_target_path, &cap, err);
}

static int unstage(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeUnstageVolumeRequest *req =
        (const Csi__V1__NodeUnstageVolumeRequest *)msg;
    autobusy struct dc_busy_entry busy = {0};
    struct dc_csi_driver *d = service;

    (void)call;
    (void)reply;
    if (dc_field_text("volume_id", req->volume_id, err) != 0 ||
        dc_field_path("staging_target_path", req->staging_target_path, err) != 0 ||
        dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0)
        return -1;
    return dc_unstage(d->store, req->volume_id, req->staging_target_path, err);
}

static int publish(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodePublishVolumeRequest *req =
        (const Csi__V1__NodePublishVolumeRequest *)msg;
    autobusy struct dc_busy_entry busy = {0};
    struct dc_csi_driver *d = service;
    struct dc_cap cap;

    (void)call;
    (void)reply;
    if (dc_field_text("volume_id", req->volume_id, err) != 0 ||
        dc_field_path("target_path", req->target_path, err) != 0 ||
        dc_cap_parse("volume_capability", req->volume_capability, &cap, err) != 0 ||
        CHECK_MAPS(req, err) || dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0)
        return -1;
    return dc_publish(d->store, req->volume_id, req->staging_target_path, req->target_path,
                      &cap, req->readonly != 0, err);
}

static int unpublish(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                     ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeUnpublishVolumeRequest *req =
        (const Csi__V1__NodeUnpublishVolumeRequest *)msg;
    autobusy struct dc_busy_entry busy = {0};
    struct dc_csi_driver *d = service;

    (void)call;
    (void)reply;
    if (dc_field_text("volume_id", req->volume_id, err) != 0 ||
        dc_field_path("target_path", req->target_path, err) != 0 ||
        dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0)
        return -1;
    return dc_unpublish(d->store, req->volume_id, req->target_path, err);
}

static int add_usage(Csi__V1__NodeGetVolumeStatsResponse *r, Csi__V1__VolumeUsage__Unit unit,
                     uint64_t total, uint64_t available, uint64_t used, struct dc_err *err)
{
    Csi__V1__VolumeUsage *u = dc_msg_new(&csi__v1__volume_usage__descriptor);

    if (!u)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume stats");
    r->usage[r->n_usage++] = u;
    u->unit = unit;
    u->total = (int64_t)total;
    u->available = (int64_t)available;
    u->used = (int64_t)used;
    return 0;
}

static int get_stats(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                     ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__NodeGetVolumeStatsRequest *req =
        (const Csi__V1__NodeGetVolumeStatsRequest *)msg;
    Csi__V1__NodeGetVolumeStatsResponse *r = (Csi__V1__NodeGetVolumeStatsResponse *)reply;
    autobusy struct dc_busy_entry busy = {0};
    struct dc_csi_driver *d = service;
    struct dc_usage usage;

    (void)call;
    if (dc_field_text("volume_id", req->volume_id, err) != 0)
        return -1;
    if (req->volume_path[0] == '\0')
        return dc_fail(err, DC_BAD_INPUT, 0, "volume_path is missing");
    if (dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0 ||
        dc_place_usage(d->store, req->volume_id, req->volume_path, &usage, err) != 0 ||
        dc_msg_list(2, &r->usage, err) != 0 ||
        add_usage(r, CSI__V1__VOLUME_USAGE__UNIT__BYTES, usage.total, usage.available,
                  usage.used, err) != 0)
        return -1;
    if (usage.block)
        return 0;
    return add_usage(r, CSI__V1__VOLUME_USAGE__UNIT__INODES, usage.inodes,
                     usage.inodes_available, usage.inodes_used, err);
}

static int get_capabilities(void *service, struct dc_rpc_call *call,
                            const ProtobufCMessage *msg, ProtobufCMessage *reply,
                            struct dc_err *err)
{
#define RPC(name) CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__##name
    static const Csi__V1__NodeServiceCapability__RPC__Type types[] = {
        RPC(STAGE_UNSTAGE_VOLUME),
        RPC(GET_VOLUME_STATS),
        RPC(SINGLE_NODE_MULTI_WRITER),
    };
#undef RPC
    Csi__V1__NodeGetCapabilitiesResponse *r = (Csi__V1__NodeGetCapabilitiesResponse *)reply;
    Csi__V1__NodeServiceCapability cap = CSI__V1__NODE_SERVICE_CAPABILITY__INIT;
    Csi__V1__NodeServiceCapability__RPC rpc = CSI__V1__NODE_SERVICE_CAPABILITY__RPC__INIT;

    (void)service;
    (void)call;
    (void)msg;
    if (dc_msg_list(DC_LEN(types), &r->capabilities, err) != 0)
        return -1;
    cap.type_case = CSI__V1__NODE_SERVICE_CAPABILITY__TYPE_RPC;
    cap.rpc = &rpc;
    for (size_t i = 0; i < DC_LEN(types); i++) {
        rpc.type = types[i];
        r->capabilities[i] = dc_msg_copy(&cap.base);
        if (!r->capabilities[i])
            return dc_fail(err, DC_NO_MEMORY, 0, "capabilities");
        r->n_capabilities++;
    }
    return 0;
}

static int get_info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                    ProtobufCMessage *reply, struct dc_err *err)
{
    Csi__V1__NodeGetInfoResponse *r = (Csi__V1__NodeGetInfoResponse *)reply;
    const struct dc_csi_driver *d = service;

    (void)call;
    (void)msg;
    if (dc_msg_text(&r->node_id, d->node_id, err) != 0)
        return -1;
    r->accessible_topology = dc_csi_topology(d);
    return r->accessible_topology ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "node info");
}

const struct dc_rpc_method dc_csi_node_methods[] = {
    {"NodeStageVolume", stage, NULL},        {"NodeUnstageVolume", unstage, NULL},
    {"NodePublishVolume", publish, NULL},    {"NodeUnpublishVolume", unpublish, NULL},
    {"NodeGetVolumeStats", get_stats, NULL}, {"NodeGetCapabilities", get_capabilities, NULL},
    {"NodeGetInfo", get_info, NULL},         {NULL, NULL, NULL},
};
