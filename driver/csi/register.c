// SPDX-License-Identifier: Apache-2.0
/*
 * csi/register.c - telling kubelet of the driver, without a sidecar.
 *
 * Kubelet watches plugins_registry for sockets, asks each GetInfo, calls NodeGetInfo on the
 * endpoint that it was told, writes the CSINode object, and reports here how that went.
 * Source: k8s.io/kubelet v0.36.3, pkg/apis/pluginregistration/v1.
 */
#include "proto/pluginregistration.pb-c.h"

#include "csi/driver.h"
#include "decant/log.h"
#include "proto/msg.h"

static int get_info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                    ProtobufCMessage *reply, struct dc_err *err)
{
    static const char *const versions[] = {"1.0.0"}; /* of CSI: the whole v1 series */
    const struct dc_csi_driver *d = service;
    Pluginregistration__PluginInfo *r = (Pluginregistration__PluginInfo *)reply;

    (void)call;
    (void)req;
    if (dc_msg_text(&r->type, "CSIPlugin", err) != 0 ||
        dc_msg_text(&r->name, d->name, err) != 0 ||
        dc_msg_text(&r->endpoint, d->socket, err) != 0)
        return -1;
    return dc_msg_texts(versions, 1, &r->n_supported_versions, &r->supported_versions, err);
}

static int notify(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                  ProtobufCMessage *reply, struct dc_err *err)
{
    const Pluginregistration__RegistrationStatus *status =
        (const Pluginregistration__RegistrationStatus *)req;
    const struct dc_csi_driver *d = service;

    (void)call;
    (void)reply;
    (void)err;
    if (status->plugin_registered)
        dc_log(DC_LOG_INFO, "csi", "registered with kubelet", {"driver", d->name});
    else
        dc_log(DC_LOG_ERROR, "csi", "kubelet refused the driver", {"driver", d->name},
               {"reason", status->error});
    return 0;
}

struct dc_rpc_service dc_csi_registration_service(struct dc_csi_driver *d)
{
    static const struct dc_rpc_method methods[] = {
        {"GetInfo", get_info, NULL},
        {"NotifyRegistrationStatus", notify, NULL},
        {NULL, NULL, NULL},
    };

    return (struct dc_rpc_service){&pluginregistration__registration__descriptor, methods, d};
}
