// SPDX-License-Identifier: Apache-2.0
/*
 * attach/attach.h - what kubelet does with a CSI driver's node plugin, done by us: stage, publish,
 * unpublish, unstage, over the driver's unix socket. Works with any CSI v1 node plugin.
 *
 * Source: CSI spec v1.12.0, "Node Service RPC"; kubelet's CSI plugin for paths and error classes.
 * Every function blocks (up to two minutes a call). One call at a time per volume is the
 * caller's duty; different volumes may go in parallel.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/kv.h"
#include "decant/err.h"

/* A volume as the PersistentVolume and the controller describe it. Borrowed. */
struct dc_csi_volume {
    const char *driver;    /* CSI driver name                                     */
    const char *volume_id; /* spec.csi.volumeHandle                               */
    const char *pv_name;
    bool block;          /* volumeMode Block                                    */
    const char *fs_type; /* NULL or "": the driver's default                    */
    const char *const *mount_flags;
    unsigned n_mount_flags;
    const char *access_mode; /* "ReadWriteOnce", "ReadWriteMany", ...: of the PV */
    struct dc_kvs volume_context, publish_context;
    struct dc_kvs stage_secrets, publish_secrets; /* never logged, never stored */
};

/* Where a published volume is, and all that is needed to take it down again. */
struct dc_csi_paths {
    char staging[512];
    char target[512]; /* block: the device node or a bind mount of it; else: a directory */
};

struct dc_csi_node; /* a driver's node plugin on this node */

/*
 * Find the driver's socket below kubelet_dir (plugins_registry/<driver>-reg.sock if it answers,
 * else plugins/<driver>/csi.sock), check GetPluginInfo, Probe and the node's capabilities.
 * DC_UNAVAILABLE, naming the socket and what to look at, when nobody answers.
 */
int dc_csi_node_open(const char *kubelet_dir, const char *driver, struct dc_csi_node **ret,
                     struct dc_err *err);
void dc_csi_node_free(struct dc_csi_node *node); /* NULL is allowed */

/* The paths that volume has on this node for one fill. Pure; the same answer every time. */
int dc_csi_paths(const char *kubelet_dir, const struct dc_csi_volume *volume,
                 const char *fill_id, struct dc_csi_paths *ret, struct dc_err *err);

/* Whether these may have come from dc_csi_paths(): nothing else is ever removed. Pure. */
bool dc_csi_paths_ok(const struct dc_csi_paths *paths);

/*
 * Stage (when the driver has STAGE_UNSTAGE_VOLUME) and publish, making the directories that are
 * the caller's duty by the spec. On failure everything that may have happened has been undone,
 * or *err says what was left.
 */
int dc_csi_attach(struct dc_csi_node *node, const struct dc_csi_volume *volume,
                  const struct dc_csi_paths *paths, struct dc_err *err);

/* Unpublish and unstage, remove our directories. Idempotent. */
int dc_csi_detach(struct dc_csi_node *node, const char *volume_id,
                  const struct dc_csi_paths *paths, struct dc_err *err);
