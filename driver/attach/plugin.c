// SPDX-License-Identifier: Apache-2.0
/* attach/plugin.c - finding a driver's node plugin on this node and what it can do. */
#include <stdio.h>
#include <string.h>

#include "attach/client.h"
#include "decant/cleanup.h"
#include "proto/pluginregistration.pb-c.h"

#define ASK_MS      10000
#define REGISTRY_MS 2000 /* a registrar that hangs must not hide the driver */
#define SCHEME      "unix://"

static void client_free_at(struct dc_rpc_client **client)
{
    dc_rpc_client_free(*client);
}

static void message_free_at(void *msg)
{
    ProtobufCMessage *m = *(ProtobufCMessage **)msg;

    if (m)
        protobuf_c_message_free_unpacked(m, NULL);
}

#define autoclient  DC_AUTO(client_free_at)
#define automessage DC_AUTO(message_free_at)

static int client_of(const char *path, struct dc_rpc_client **ret, struct dc_err *err)
{
    char target[sizeof SCHEME + 512];

    if ((size_t)snprintf(target, sizeof target, SCHEME "%s", path) >= sizeof target)
        return dc_fail(err, DC_BAD_INPUT, 0, "socket path %s is too long", path);
    return dc_rpc_client_new(target, NULL, ret, err);
}

/* A registrar's word on where the driver listens: a path, or one behind unix://. */
static bool take_endpoint(const Pluginregistration__PluginInfo *info, const char *driver,
                          char *ret, size_t size)
{
    const char *path = info->endpoint;

    if (strncmp(path, SCHEME, strlen(SCHEME)) == 0)
        path += strlen(SCHEME);
    return strcmp(info->type, "CSIPlugin") == 0 && strcmp(info->name, driver) == 0 &&
           path[0] == '/' && (size_t)snprintf(ret, size, "%s", path) < size;
}

/* Ask kubelet's way; false when nobody there answers for this driver. */
static bool ask_registry(const char *kubelet_dir, const char *driver, char *ret, size_t size)
{
    Pluginregistration__InfoRequest req = PLUGINREGISTRATION__INFO_REQUEST__INIT;
    automessage ProtobufCMessage *reply = NULL;
    autoclient struct dc_rpc_client *client = NULL;
    struct dc_err ignored = {0}; /* many drivers are where they usually are */
    char path[512];

    if ((size_t)snprintf(path, sizeof path, "%s/plugins_registry/%s-reg.sock", kubelet_dir,
                         driver) >= sizeof path ||
        access(path, F_OK) != 0 || client_of(path, &client, &ignored) != 0 ||
        dc_rpc_call(client, &pluginregistration__registration__descriptor, "GetInfo", &req.base,
                    REGISTRY_MS, &reply, NULL, &ignored) != 0)
        return false;
    return take_endpoint((const Pluginregistration__PluginInfo *)reply, driver, ret, size);
}

static int check_name(struct dc_csi_node *node, struct dc_err *err)
{
    Csi__V1__GetPluginInfoRequest req = CSI__V1__GET_PLUGIN_INFO_REQUEST__INIT;
    automessage ProtobufCMessage *reply = NULL;

    if (dc_rpc_call(node->client, &csi__v1__identity__descriptor, "GetPluginInfo", &req.base,
                    ASK_MS, &reply, NULL, err) != 0)
        return -1;
    const Csi__V1__GetPluginInfoResponse *info = (const Csi__V1__GetPluginInfoResponse *)reply;
    if (strcmp(info->name, node->driver) != 0)
        return dc_fail(err, DC_UNAVAILABLE, 0, "it is driver %.63s", info->name);
    return 0;
}

/* No word on readiness means ready: CSI spec, ProbeResponse. */
static int check_ready(struct dc_csi_node *node, struct dc_err *err)
{
    Csi__V1__ProbeRequest req = CSI__V1__PROBE_REQUEST__INIT;
    automessage ProtobufCMessage *reply = NULL;

    if (dc_rpc_call(node->client, &csi__v1__identity__descriptor, "Probe", &req.base, ASK_MS,
                    &reply, NULL, err) != 0)
        return -1;
    const Csi__V1__ProbeResponse *probe = (const Csi__V1__ProbeResponse *)reply;
    if (probe->ready && !probe->ready->value)
        return dc_fail(err, DC_UNAVAILABLE, 0, "it is still starting");
    return 0;
}

static int ask_capabilities(struct dc_csi_node *node, struct dc_err *err)
{
    Csi__V1__NodeGetCapabilitiesRequest req = CSI__V1__NODE_GET_CAPABILITIES_REQUEST__INIT;
    automessage ProtobufCMessage *reply = NULL;

    if (dc_rpc_call(node->client, &csi__v1__node__descriptor, "NodeGetCapabilities", &req.base,
                    ASK_MS, &reply, NULL, err) != 0)
        return -1;
    const Csi__V1__NodeGetCapabilitiesResponse *r =
        (const Csi__V1__NodeGetCapabilitiesResponse *)reply;
    for (size_t i = 0; i < r->n_capabilities; i++) {
        const Csi__V1__NodeServiceCapability *c = r->capabilities[i];
        if (c->type_case != CSI__V1__NODE_SERVICE_CAPABILITY__TYPE_RPC)
            continue;
        if (c->rpc->type == CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__STAGE_UNSTAGE_VOLUME)
            node->stages = true;
        if (c->rpc->type ==
            CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__SINGLE_NODE_MULTI_WRITER)
            node->multi_writer = true;
    }
    return 0;
}

static void node_free_at(struct dc_csi_node **node)
{
    dc_csi_node_free(*node);
}

int dc_csi_node_open(const char *kubelet_dir, const char *driver, struct dc_csi_node **ret,
                     struct dc_err *err)
{
    struct dc_err why = {0};

    if (!dc_csi_name_ok(driver))
        return dc_fail(err, DC_BAD_INPUT, 0, "'%.64s' is no name of a CSI driver", driver);
    DC_AUTO(node_free_at) struct dc_csi_node *node = calloc(1, sizeof *node);
    if (!node)
        return dc_fail(err, DC_NO_MEMORY, 0, "client of driver %s", driver);
    (void)snprintf(node->driver, sizeof node->driver, "%s", driver);
    if (!ask_registry(kubelet_dir, driver, node->socket, sizeof node->socket) &&
        (size_t)snprintf(node->socket, sizeof node->socket, "%s/plugins/%s/csi.sock",
                         kubelet_dir, driver) >= sizeof node->socket)
        return dc_fail(err, DC_BAD_INPUT, 0, "kubelet's directory %.200s is too long a path",
                       kubelet_dir);
    if (client_of(node->socket, &node->client, err) != 0)
        return -1;

    if (check_name(node, &why) != 0 || check_ready(node, &why) != 0 ||
        ask_capabilities(node, &why) != 0)
        return dc_fail(
            err, DC_UNAVAILABLE, 0,
            "CSI driver %s does not answer on %s: %.200s. Look at its node plugin's pod "
            "on this node, and that kubelet's directory is %s",
            driver, node->socket, why.msg, kubelet_dir);
    *ret = dc_steal(node);
    return 0;
}

void dc_csi_node_free(struct dc_csi_node *node)
{
    if (!node)
        return;
    dc_rpc_client_free(node->client);
    free(node);
}
