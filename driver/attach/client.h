// SPDX-License-Identifier: Apache-2.0
/* attach/client.h - inside of attach.h: a driver's node plugin, and the parts of talking to it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "attach/attach.h"
#include "base/name.h"
#include "proto/csi.pb-c.h"
#include "proto/rpc.h"

struct dc_csi_node {
    struct dc_rpc_client *client;
    char driver[DC_CSI_NAME_MAX + 1];
    char socket[512];  /* for people                              */
    bool stages;       /* STAGE_UNSTAGE_VOLUME                    */
    bool multi_writer; /* SINGLE_NODE_MULTI_WRITER                */
};

/* What a status says about the world: kubelet's split, csi_client.go isFinalError(). Pure. */
enum dc_csi_outcome {
    DC_CSI_DONE,
    DC_CSI_UNCERTAIN, /* it may be running, or have happened: repeat or undo it   */
    DC_CSI_FINAL,     /* nothing has happened, and nothing will                   */
    DC_CSI_ABSENT,    /* the same, because the driver does not know the volume    */
};
enum dc_csi_outcome dc_csi_outcome(int status);

/* The kind that a failed call is told as. Pure. */
enum dc_err_kind dc_csi_kind(int status);

/*
 * A PersistentVolume's access mode as kubelet gives it to a node plugin: csi_client.go
 * getCSIAccessMode...(). NULL or "" is ReadWriteOnce. DC_BAD_INPUT for an unknown one. Pure.
 */
int dc_csi_access_mode(const char *mode, bool multi_writer,
                       Csi__V1__VolumeCapability__AccessMode__Mode *ret, struct dc_err *err);

/* The requests, from malloc: protobuf_c_message_free_unpacked(). */
int dc_csi_stage_request(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                         const struct dc_csi_paths *paths, ProtobufCMessage **ret,
                         struct dc_err *err);
int dc_csi_publish_request(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                           const struct dc_csi_paths *paths, ProtobufCMessage **ret,
                           struct dc_err *err);

/*
 * One call of the node service. An uncertain answer is repeated, with growing pauses, as long
 * as the pauses are at most patience_ms together. *ret_outcome is always set; it is uncertain
 * when any of the answers was.
 */
int dc_csi_call(struct dc_csi_node *node, const char *method, const ProtobufCMessage *req,
                uint32_t patience_ms, enum dc_csi_outcome *ret_outcome, struct dc_err *err);
