// SPDX-License-Identifier: Apache-2.0
/*
 * attach/attach.c - what kubelet does with a node plugin, done by us.
 *
 *   attach: make staging -> NodeStageVolume -> make the target's parent -> NodePublishVolume
 *   detach: NodeUnpublishVolume -> remove target -> NodeUnstageVolume -> remove staging
 *
 * A call that fails for good has left nothing. After any other failure its opposite is called
 * before the failure is told.
 */
#include "attach/attach.h"

#include <errno.h>
#include <sys/stat.h>

#include "attach/client.h"
#include "attach/paths.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "proto/msg.h"

/* Together, for pauses between repeats of one call that is ABORTED, UNAVAILABLE and so on. */
#define ATTACH_PATIENCE_MS 10000
/* Longer: what is not undone stays until somebody comes again. */
#define DETACH_PATIENCE_MS 30000

static void free_message_at(ProtobufCMessage **msg)
{
    if (*msg)
        protobuf_c_message_free_unpacked(*msg, NULL);
}

#define automessage DC_AUTO(free_message_at)

static int stage(struct dc_csi_node *node, const struct dc_csi_volume *volume,
                 const struct dc_csi_paths *paths, enum dc_csi_outcome *ret, struct dc_err *err)
{
    automessage ProtobufCMessage *req = NULL;

    *ret = DC_CSI_FINAL;
    if (!node->stages)
        return 0;
    if (dc_csi_stage_request(node, volume, paths, &req, err) != 0 ||
        dc_paths_make(paths->staging, err) != 0)
        return -1;
    return dc_csi_call(node, "NodeStageVolume", req, ATTACH_PATIENCE_MS, ret, err);
}

/* Through the path that we gave, never through what the driver may call its device. */
static int check_target(const struct dc_csi_volume *volume, const char *target,
                        struct dc_err *err)
{
    struct stat st;

    if (stat(target, &st) == 0 && (volume->block ? S_ISBLK(st.st_mode) : S_ISDIR(st.st_mode)))
        return 0;
    return dc_fail(
        err, DC_DEVICE, 0,
        "driver %s published volume %s, but %s is no %s here: its node plugin and this "
        "process must share kubelet's directory, with mount propagation",
        volume->driver, volume->volume_id, target,
        volume->block ? "block device" : "directory");
}

static int publish(struct dc_csi_node *node, const struct dc_csi_volume *volume,
                   const struct dc_csi_paths *paths, enum dc_csi_outcome *ret,
                   struct dc_err *err)
{
    automessage ProtobufCMessage *req = NULL;

    *ret = DC_CSI_FINAL;
    if (dc_csi_publish_request(node, volume, paths, &req, err) != 0 ||
        dc_paths_make_parent(paths->target, err) != 0 ||
        dc_csi_call(node, "NodePublishVolume", req, ATTACH_PATIENCE_MS, ret, err) != 0)
        return -1;
    return check_target(volume, paths->target, err);
}

/* A driver that does not know the volume has nothing of it here. */
static int undo_call(struct dc_csi_node *node, const char *method, const ProtobufCMessage *req,
                     struct dc_err *err)
{
    enum dc_csi_outcome outcome;

    if (dc_csi_call(node, method, req, DETACH_PATIENCE_MS, &outcome, err) == 0)
        return 0;
    if (outcome != DC_CSI_ABSENT)
        return -1;
    dc_log_err(DC_LOG_INFO, "attach", "ignoring: the volume is gone", err, NULL);
    dc_err_clear(err);
    return 0;
}

static int unpublish(struct dc_csi_node *node, const char *volume_id, const char *target,
                     struct dc_err *err)
{
    Csi__V1__NodeUnpublishVolumeRequest req = CSI__V1__NODE_UNPUBLISH_VOLUME_REQUEST__INIT;

    req.volume_id = (char *)(uintptr_t)volume_id; /* only read */
    req.target_path = (char *)(uintptr_t)target;
    return undo_call(node, "NodeUnpublishVolume", &req.base, err);
}

static int unstage(struct dc_csi_node *node, const char *volume_id, const char *staging,
                   struct dc_err *err)
{
    Csi__V1__NodeUnstageVolumeRequest req = CSI__V1__NODE_UNSTAGE_VOLUME_REQUEST__INIT;

    req.volume_id = (char *)(uintptr_t)volume_id; /* only read */
    req.staging_target_path = (char *)(uintptr_t)staging;
    return undo_call(node, "NodeUnstageVolume", &req.base, err);
}

/* How far an attach may have come; what is above is undone first. */
enum reach { REACH_DIRS, REACH_STAGED, REACH_PUBLISHED };

static int undo(struct dc_csi_node *node, const char *volume_id,
                const struct dc_csi_paths *paths, enum reach reach, struct dc_err *err)
{
    if (reach >= REACH_PUBLISHED && unpublish(node, volume_id, paths->target, err) != 0)
        return dc_wrap(err, "still published at %s", paths->target);
    if (dc_paths_remove(paths->target, err) != 0)
        return -1;
    if (reach >= REACH_STAGED && node->stages &&
        unstage(node, volume_id, paths->staging, err) != 0)
        return dc_wrap(err, "still staged at %s", paths->staging);
    return dc_paths_remove(paths->staging, err);
}

/* Whether a call may have changed the node. */
static bool may_have_happened(enum dc_csi_outcome outcome)
{
    return outcome == DC_CSI_DONE || outcome == DC_CSI_UNCERTAIN;
}

int dc_csi_attach(struct dc_csi_node *node, const struct dc_csi_volume *volume,
                  const struct dc_csi_paths *paths, struct dc_err *err)
{
    enum dc_csi_outcome outcome;
    enum reach reach = REACH_DIRS;
    struct dc_err left = {0};

    int rc = stage(node, volume, paths, &outcome, err);
    if (may_have_happened(outcome))
        reach = REACH_STAGED;
    if (rc == 0) {
        rc = publish(node, volume, paths, &outcome, err);
        if (may_have_happened(outcome))
            reach = REACH_PUBLISHED;
    }
    if (rc == 0)
        return 0;
    if (undo(node, volume->volume_id, paths, reach, &left) != 0)
        return dc_wrap(err, "not undone (%.200s)", left.msg);
    return -1;
}

int dc_csi_detach(struct dc_csi_node *node, const char *volume_id,
                  const struct dc_csi_paths *paths, struct dc_err *err)
{
    if (undo(node, volume_id, paths, REACH_PUBLISHED, err) != 0)
        return dc_wrap(err, "detach volume %s", volume_id);
    return 0;
}
