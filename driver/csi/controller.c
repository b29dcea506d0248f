// SPDX-License-Identifier: Apache-2.0
/* csi/controller.c - volumes come and go. CSI spec v1.12.0, "Controller Service RPC". */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "csi/capability.h"
#include "csi/capacity.h"
#include "csi/driver.h"
#include "csi/mkfs.h"
#include "csi/place.h"
#include "decant/log.h"
#include "proto/msg.h"

#define autobusy DC_AUTO(dc_busy_leave)

/* Room for records and directories, so that a delete still works on a disk that ran full. */
#define RESERVE_BYTES (16 * DC_MIB)

/* Keys with this prefix are csi-provisioner's: names of claims, and settings of its own. */
#define SIDECAR_PREFIX "csi.storage.k8s.io/"

static int check_parameters(const Csi__V1__CreateVolumeRequest *req, struct dc_err *err)
{
    for (size_t i = 0; i < req->n_parameters; i++)
        if (strncmp(req->parameters[i]->key, SIDECAR_PREFIX, strlen(SIDECAR_PREFIX)) != 0)
            return dc_fail(err, DC_BAD_INPUT, 0,
                           "parameter '%.100s' is not known; the driver has none of its own",
                           req->parameters[i]->key);
    if (req->n_mutable_parameters > 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "mutable_parameters: the driver has no MODIFY_VOLUME");
    if (req->volume_content_source)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "volume_content_source: the driver makes empty volumes only");
    return dc_field_map("secrets", req->n_secrets, req->secrets, err);
}

/* All that a place names must be true of this node; no segments: any place will do. */
static bool is_here(const struct dc_csi_driver *d, const Csi__V1__Topology *t)
{
    for (size_t i = 0; i < t->n_segments; i++)
        if (strcmp(t->segments[i]->key, d->topology_key) != 0 ||
            strcmp(t->segments[i]->value, d->node_id) != 0)
            return false;
    return true;
}

static int check_topology(const struct dc_csi_driver *d, const Csi__V1__TopologyRequirement *t,
                          struct dc_err *err)
{
    if (!t || t->n_requisite == 0)
        return 0;
    for (size_t i = 0; i < t->n_requisite; i++)
        if (is_here(d, t->requisite[i]))
            return 0;
    return dc_fail(err, DC_EXHAUSTED, 0,
                   "accessibility_requirements: volumes of this driver are on node %s (%s)",
                   d->node_id, d->topology_key);
}

/* Find the volume of that name, or make it. */
static int find_or_create(struct dc_csi_driver *d, const Csi__V1__CreateVolumeRequest *req,
                          struct dc_volume *v, struct dc_err *err)
{
    struct dc_err absent = {0};
    struct dc_volume old;
    uint64_t free_bytes;

    if (dc_store_load(d->store, v->id, &old, &absent) == 0) {
        if (strcmp(old.name, v->name) != 0 ||
            !dc_capacity_fits(req->capacity_range, old.capacity))
            return dc_fail(err, DC_EXISTS, 0,
                           "a volume of that name exists with %llu bytes, which is not what is "
                           "asked for",
                           (unsigned long long)old.capacity);
        *v = old;
        return 0;
    }
    if (absent.kind != DC_NOT_FOUND) {
        *err = absent;
        return -1;
    }
    if (dc_store_free_bytes(d->store, &free_bytes, err) != 0)
        return -1;
    if (free_bytes < RESERVE_BYTES)
        return dc_fail(
            err, DC_EXHAUSTED, 0,
            "the data directory's disk is full: %llu bytes free, %llu are kept back; "
            "delete volumes or make it larger",
            (unsigned long long)free_bytes, RESERVE_BYTES);
    if (dc_store_create(d->store, v, err) != 0)
        return -1;
    dc_log(DC_LOG_INFO, "csi", "volume created", {"volume", v->id}, {"name", v->name});
    return 0;
}

/* NULL: out of memory. */
static Csi__V1__Volume *volume_message(const struct dc_csi_driver *d, const struct dc_volume *v)
{
    struct dc_err ignored = {0}; /* it can only be memory */
    Csi__V1__Volume *m = dc_msg_new(&csi__v1__volume__descriptor);

    if (!m)
        return NULL;
    m->capacity_bytes = (int64_t)v->capacity;
    if (dc_msg_text(&m->volume_id, v->id, &ignored) == 0 &&
        dc_msg_list(1, &m->accessible_topology, &ignored) == 0) {
        m->accessible_topology[0] = dc_csi_topology(d);
        m->n_accessible_topology = m->accessible_topology[0] ? 1 : 0;
    }
    if (m->n_accessible_topology == 1)
        return m;
    protobuf_c_message_free_unpacked(&m->base, NULL);
    return NULL;
}

static int create_volume(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                         ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__CreateVolumeRequest *req = (const Csi__V1__CreateVolumeRequest *)msg;
    Csi__V1__CreateVolumeResponse *r = (Csi__V1__CreateVolumeResponse *)reply;
    struct dc_csi_driver *d = service;
    struct dc_capacity capacity;
    struct dc_volume v = {0};
    bool xfs;

    (void)call;
    if (dc_field_name("name", req->name, err) != 0 ||
        dc_caps_check(req->n_volume_capabilities, req->volume_capabilities, &xfs, err) != 0 ||
        check_parameters(req, err) != 0 ||
        dc_capacity_choose(req->capacity_range, xfs ? DC_XFS_MIN_BYTES : 0, &capacity, err) !=
            0 ||
        check_topology(d, req->accessibility_requirements, err) != 0 ||
        dc_volume_id(req->name, v.id, err) != 0)
        return -1;

    char id[DC_VOLUME_ID];
    autobusy struct dc_busy_entry busy = {0};
    memcpy(id, v.id, sizeof id);
    (void)snprintf(v.name, sizeof v.name, "%s", req->name);
    v.size = capacity.size;
    v.capacity = capacity.capacity;
    if (dc_busy_enter(&d->busy, id, &busy, err) != 0 || find_or_create(d, req, &v, err) != 0)
        return -1;
    r->volume = volume_message(d, &v);
    return r->volume ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "answer of CreateVolume");
}

static int delete_volume(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                         ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__DeleteVolumeRequest *req = (const Csi__V1__DeleteVolumeRequest *)msg;
    struct dc_csi_driver *d = service;
    struct dc_err used = {0};
    autobusy struct dc_busy_entry busy = {0};

    (void)call;
    (void)reply;
    if (dc_field_text("volume_id", req->volume_id, err) != 0 ||
        dc_busy_enter(&d->busy, req->volume_id, &busy, err) != 0)
        return -1;
    if (dc_place_unused(d->store, req->volume_id, &used) != 0 && used.kind != DC_NOT_FOUND &&
        used.kind != DC_CORRUPT) { /* a damaged record must not keep a volume for ever */
        *err = used;
        return -1;
    }
    if (dc_store_remove(d->store, req->volume_id, err) != 0)
        return -1;
    if (used.kind != DC_NOT_FOUND)
        dc_log(DC_LOG_INFO, "csi", "volume deleted", {"volume", req->volume_id});
    return 0;
}

static int confirm(const Csi__V1__ValidateVolumeCapabilitiesRequest *req,
                   Csi__V1__ValidateVolumeCapabilitiesResponse *r, struct dc_err *err)
{
    Csi__V1__ValidateVolumeCapabilitiesResponse__Confirmed *c =
        dc_msg_new(&csi__v1__validate_volume_capabilities_response__confirmed__descriptor);

    if (!c)
        return dc_fail(err, DC_NO_MEMORY, 0, "answer of ValidateVolumeCapabilities");
    r->confirmed = c;
    if (dc_msg_list(req->n_volume_capabilities, &c->volume_capabilities, err) != 0)
        return -1;
    for (size_t i = 0; i < req->n_volume_capabilities; i++) {
        void *copy = dc_msg_copy(&req->volume_capabilities[i]->base);
        if (!copy)
            return dc_fail(err, DC_NO_MEMORY, 0, "answer of ValidateVolumeCapabilities");
        c->volume_capabilities[c->n_volume_capabilities++] = copy;
    }
    return 0;
}

/* The volume exists; what it cannot do is an answer, not an error. */
static int validate_capabilities(void *service, struct dc_rpc_call *call,
                                 const ProtobufCMessage *msg, ProtobufCMessage *reply,
                                 struct dc_err *err)
{
    const Csi__V1__ValidateVolumeCapabilitiesRequest *req =
        (const Csi__V1__ValidateVolumeCapabilitiesRequest *)msg;
    Csi__V1__ValidateVolumeCapabilitiesResponse *r =
        (Csi__V1__ValidateVolumeCapabilitiesResponse *)reply;
    const struct dc_csi_driver *d = service;
    struct dc_err why = {0};
    struct dc_volume v;
    bool xfs;

    (void)call;
    if (dc_field_text("volume_id", req->volume_id, err) != 0)
        return -1;
    if (req->n_volume_capabilities == 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "volume_capabilities is missing");
    if (dc_store_load(d->store, req->volume_id, &v, err) != 0)
        return -1;
    if (dc_caps_check(req->n_volume_capabilities, req->volume_capabilities, &xfs, &why) != 0)
        return dc_msg_text(&r->message, why.msg, err);
    if (req->n_volume_context > 0 || req->n_mutable_parameters > 0)
        return dc_msg_text(&r->message, "the volume has no context and no mutable parameters",
                           err);
    return confirm(req, r, err);
}

/* The volumes from `first` on, at most max (0: all); *r takes them. */
static int add_entries(const struct dc_csi_driver *d, const struct dc_ids *ids, size_t first,
                       size_t max, Csi__V1__ListVolumesResponse *r, struct dc_err *err)
{
    size_t end = max == 0 || ids->n - first < max ? ids->n : first + max;

    if (dc_msg_list(end - first, &r->entries, err) != 0)
        return -1;
    for (size_t i = first; i < end; i++) {
        Csi__V1__ListVolumesResponse__Entry *e;
        struct dc_err own = {0};
        struct dc_volume v;

        if (dc_store_load(d->store, ids->id[i], &v, &own) != 0) {
            if (own.kind != DC_NOT_FOUND) /* deleted meanwhile */
                dc_log_err(DC_LOG_WARN, "csi", "ignoring: a volume is not listed", &own, NULL);
            continue;
        }
        e = dc_msg_new(&csi__v1__list_volumes_response__entry__descriptor);
        if (!e)
            return dc_fail(err, DC_NO_MEMORY, 0, "list volumes");
        r->entries[r->n_entries++] = e;
        e->volume = volume_message(d, &v);
        if (!e->volume)
            return dc_fail(err, DC_NO_MEMORY, 0, "list volumes");
    }
    return end < ids->n ? dc_msg_text(&r->next_token, ids->id[end], err) : 0;
}

/* A token is the id of the next volume; if that one is gone, what follows it. */
static int list_volumes(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                        ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__ListVolumesRequest *req = (const Csi__V1__ListVolumesRequest *)msg;
    const struct dc_csi_driver *d = service;
    DC_AUTO(dc_ids_free) struct dc_ids ids = {0};
    size_t first = 0;

    (void)call;
    if (req->max_entries < 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "max_entries is %d", req->max_entries);
    if (req->starting_token[0] != '\0' && !dc_volume_id_ok(req->starting_token))
        return dc_fail(err, DC_BUSY, 0, "starting_token is none of ours: list from the start");
    if (dc_store_list(d->store, &ids, err) != 0)
        return -1;
    while (first < ids.n && strcmp(ids.id[first], req->starting_token) < 0)
        first++;
    return add_entries(d, &ids, first, (size_t)req->max_entries,
                       (Csi__V1__ListVolumesResponse *)reply, err);
}

/* Volumes are sparse, so that free space is a hint: more than it can be promised. */
static int get_capacity(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                        ProtobufCMessage *reply, struct dc_err *err)
{
    const Csi__V1__GetCapacityRequest *req = (const Csi__V1__GetCapacityRequest *)msg;
    Csi__V1__GetCapacityResponse *r = (Csi__V1__GetCapacityResponse *)reply;
    const struct dc_csi_driver *d = service;
    struct dc_err ignored = {0}; /* what cannot be made has a capacity of 0 */
    uint64_t bytes;
    bool xfs;

    (void)call;
    if (dc_store_alive(d->store, err) != 0 || dc_store_free_bytes(d->store, &bytes, err) != 0)
        return -1;
    if ((req->accessible_topology && !is_here(d, req->accessible_topology)) ||
        (req->n_volume_capabilities > 0 &&
         dc_caps_check(req->n_volume_capabilities, req->volume_capabilities, &xfs, &ignored) !=
             0))
        return 0;
    r->available_capacity = (int64_t)(bytes > RESERVE_BYTES ? bytes - RESERVE_BYTES : 0);
    return 0;
}

static int get_capabilities(void *service, struct dc_rpc_call *call,
                            const ProtobufCMessage *msg, ProtobufCMessage *reply,
                            struct dc_err *err)
{
#define RPC(name) CSI__V1__CONTROLLER_SERVICE_CAPABILITY__RPC__TYPE__##name
    static const Csi__V1__ControllerServiceCapability__RPC__Type types[] = {
        RPC(CREATE_DELETE_VOLUME),
        RPC(LIST_VOLUMES),
        RPC(GET_CAPACITY),
        RPC(SINGLE_NODE_MULTI_WRITER),
    };
#undef RPC
    Csi__V1__ControllerGetCapabilitiesResponse *r =
        (Csi__V1__ControllerGetCapabilitiesResponse *)reply;
    Csi__V1__ControllerServiceCapability cap = CSI__V1__CONTROLLER_SERVICE_CAPABILITY__INIT;
    Csi__V1__ControllerServiceCapability__RPC rpc =
        CSI__V1__CONTROLLER_SERVICE_CAPABILITY__RPC__INIT;

    (void)service;
    (void)call;
    (void)msg;
    if (dc_msg_list(DC_LEN(types), &r->capabilities, err) != 0)
        return -1;
    cap.type_case = CSI__V1__CONTROLLER_SERVICE_CAPABILITY__TYPE_RPC;
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

const struct dc_rpc_method dc_csi_controller_methods[] = {
    {"CreateVolume", create_volume, NULL},
    {"DeleteVolume", delete_volume, NULL},
    {"ValidateVolumeCapabilities", validate_capabilities, NULL},
    {"ListVolumes", list_volumes, NULL},
    {"GetCapacity", get_capacity, NULL},
    {"ControllerGetCapabilities", get_capabilities, NULL},
    {NULL, NULL, NULL},
};
