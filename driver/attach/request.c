// SPDX-License-Identifier: Apache-2.0
/* attach/request.c - the requests of kubelet, from a volume as its PersistentVolume describes it. */
#include "attach/client.h"
#include "proto/msg.h"

/* Kubelet gives a block volume neither mount flags nor a file system. */
static int fill_mount(const struct dc_csi_volume *volume, Csi__V1__VolumeCapability *cap,
                      struct dc_err *err)
{
    cap->mount = dc_msg_new(&csi__v1__volume_capability__mount_volume__descriptor);
    if (!cap->mount)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume capability");
    cap->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
    if (dc_msg_text(&cap->mount->fs_type, volume->fs_type, err) != 0)
        return -1;
    return dc_msg_texts(volume->mount_flags, volume->n_mount_flags, &cap->mount->n_mount_flags,
                        &cap->mount->mount_flags, err);
}

static int fill_block(Csi__V1__VolumeCapability *cap, struct dc_err *err)
{
    cap->block = dc_msg_new(&csi__v1__volume_capability__block_volume__descriptor);
    if (!cap->block)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume capability");
    cap->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
    return 0;
}

/* *ret belongs to the request from the start, so that a failure frees what there is of it. */
static int fill_capability(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                           Csi__V1__VolumeCapability **ret, struct dc_err *err)
{
    Csi__V1__VolumeCapability *cap = dc_msg_new(&csi__v1__volume_capability__descriptor);

    if (!cap)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume capability");
    *ret = cap;
    cap->access_mode = dc_msg_new(&csi__v1__volume_capability__access_mode__descriptor);
    if (!cap->access_mode)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume capability");
    if (dc_csi_access_mode(volume->access_mode, node->multi_writer, &cap->access_mode->mode,
                           err) != 0)
        return -1;
    return volume->block ? fill_block(cap, err) : fill_mount(volume, cap, err);
}

static int fill_stage(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                      const struct dc_csi_paths *paths, Csi__V1__NodeStageVolumeRequest *r,
                      struct dc_err *err)
{
    if (dc_msg_text(&r->volume_id, volume->volume_id, err) != 0 ||
        dc_msg_text(&r->staging_target_path, paths->staging, err) != 0 ||
        fill_capability(node, volume, &r->volume_capability, err) != 0 ||
        dc_msg_map(&csi__v1__node_stage_volume_request__publish_context_entry__descriptor,
                   volume->publish_context, &r->n_publish_context, &r->publish_context,
                   err) != 0 ||
        dc_msg_map(&csi__v1__node_stage_volume_request__secrets_entry__descriptor,
                   volume->stage_secrets, &r->n_secrets, &r->secrets, err) != 0)
        return -1;
    return dc_msg_map(&csi__v1__node_stage_volume_request__volume_context_entry__descriptor,
                      volume->volume_context, &r->n_volume_context, &r->volume_context, err);
}

int dc_csi_stage_request(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                         const struct dc_csi_paths *paths, ProtobufCMessage **ret,
                         struct dc_err *err)
{
    Csi__V1__NodeStageVolumeRequest *r =
        dc_msg_new(&csi__v1__node_stage_volume_request__descriptor);

    if (!r)
        return dc_fail(err, DC_NO_MEMORY, 0, "NodeStageVolume request");
    if (fill_stage(node, volume, paths, r, err) != 0) {
        protobuf_c_message_free_unpacked(&r->base, NULL);
        return -1;
    }
    *ret = &r->base;
    return 0;
}

static int fill_publish(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                        const struct dc_csi_paths *paths, Csi__V1__NodePublishVolumeRequest *r,
                        struct dc_err *err)
{
    /* Kubelet sends a block volume's staging path whether or not the driver stages. */
    const char *staging = node->stages || volume->block ? paths->staging : "";

    if (dc_msg_text(&r->volume_id, volume->volume_id, err) != 0 ||
        dc_msg_text(&r->staging_target_path, staging, err) != 0 ||
        dc_msg_text(&r->target_path, paths->target, err) != 0 ||
        fill_capability(node, volume, &r->volume_capability, err) != 0 ||
        dc_msg_map(&csi__v1__node_publish_volume_request__publish_context_entry__descriptor,
                   volume->publish_context, &r->n_publish_context, &r->publish_context,
                   err) != 0 ||
        dc_msg_map(&csi__v1__node_publish_volume_request__secrets_entry__descriptor,
                   volume->publish_secrets, &r->n_secrets, &r->secrets, err) != 0)
        return -1;
    return dc_msg_map(&csi__v1__node_publish_volume_request__volume_context_entry__descriptor,
                      volume->volume_context, &r->n_volume_context, &r->volume_context, err);
}

int dc_csi_publish_request(const struct dc_csi_node *node, const struct dc_csi_volume *volume,
                           const struct dc_csi_paths *paths, ProtobufCMessage **ret,
                           struct dc_err *err)
{
    Csi__V1__NodePublishVolumeRequest *r =
        dc_msg_new(&csi__v1__node_publish_volume_request__descriptor);

    if (!r)
        return dc_fail(err, DC_NO_MEMORY, 0, "NodePublishVolume request");
    if (fill_publish(node, volume, paths, r, err) != 0) {
        protobuf_c_message_free_unpacked(&r->base, NULL);
        return -1;
    }
    *ret = &r->base;
    return 0;
}
