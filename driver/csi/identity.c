// SPDX-License-Identifier: Apache-2.0
/* csi/identity.c - who we are. CSI spec v1.12.0, "Identity Service RPC". */
#include "base/num.h"
#include "csi/driver.h"
#include "proto/msg.h"

static int get_plugin_info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                           ProtobufCMessage *reply, struct dc_err *err)
{
    const struct dc_csi_driver *d = service;
    Csi__V1__GetPluginInfoResponse *r = (Csi__V1__GetPluginInfoResponse *)reply;

    (void)call;
    (void)req;
    if (dc_msg_text(&r->name, d->name, err) != 0)
        return -1;
    return dc_msg_text(&r->vendor_version, DECANT_VERSION, err);
}

static int get_plugin_capabilities(void *service, struct dc_rpc_call *call,
                                   const ProtobufCMessage *req, ProtobufCMessage *reply,
                                   struct dc_err *err)
{
    static const Csi__V1__PluginCapability__Service__Type types[] = {
        CSI__V1__PLUGIN_CAPABILITY__SERVICE__TYPE__CONTROLLER_SERVICE,
        CSI__V1__PLUGIN_CAPABILITY__SERVICE__TYPE__VOLUME_ACCESSIBILITY_CONSTRAINTS,
    };
    Csi__V1__GetPluginCapabilitiesResponse *r = (Csi__V1__GetPluginCapabilitiesResponse *)reply;
    Csi__V1__PluginCapability cap = CSI__V1__PLUGIN_CAPABILITY__INIT;
    Csi__V1__PluginCapability__Service svc = CSI__V1__PLUGIN_CAPABILITY__SERVICE__INIT;

    (void)service;
    (void)call;
    (void)req;
    if (dc_msg_list(DC_LEN(types), &r->capabilities, err) != 0)
        return -1;
    cap.type_case = CSI__V1__PLUGIN_CAPABILITY__TYPE_SERVICE;
    cap.service = &svc;
    for (size_t i = 0; i < DC_LEN(types); i++) {
        svc.type = types[i];
        r->capabilities[i] = dc_msg_copy(&cap.base);
        if (!r->capabilities[i])
            return dc_fail(err, DC_NO_MEMORY, 0, "capabilities");
        r->n_capabilities++;
    }
    return 0;
}

static int probe(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                 ProtobufCMessage *reply, struct dc_err *err)
{
    const struct dc_csi_driver *d = service;
    Csi__V1__ProbeResponse *r = (Csi__V1__ProbeResponse *)reply;
    struct dc_err dead = {0};

    (void)call;
    (void)req;
    if (dc_store_alive(d->store, &dead) != 0)
        return dc_fail(err, DC_PRECONDITION, 0, "%s", dead.msg);
    r->ready = dc_msg_new(&google__protobuf__bool_value__descriptor);
    if (!r->ready)
        return dc_fail(err, DC_NO_MEMORY, 0, "probe");
    r->ready->value = 1;
    return 0;
}

const struct dc_rpc_method dc_csi_identity_methods[] = {
    {"GetPluginInfo", get_plugin_info, NULL},
    {"GetPluginCapabilities", get_plugin_capabilities, NULL},
    {"Probe", probe, NULL},
    {NULL, NULL, NULL},
};
