// SPDX-License-Identifier: Apache-2.0
/*
 * csi/place.h - stage and publish: what the node service does, without its messages.
 *
 *   stage     record, attach the loop device, [make the file system], [mount]
 *   publish   record, bind mount the device node or the staged directory
 *   unpublish unmount, remove the target, forget
 *   unstage   [unmount], detach the loop device, forget
 *
 * Each brings the world to where it should be, from wherever a crash left it, and so can be
 * repeated. The caller holds the volume (csi/busy.h).
 *
 * Errors: DC_NOT_FOUND no such volume; DC_EXISTS at that path, but with other arguments;
 * DC_PRECONDITION wrong order, or in use elsewhere.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "csi/capability.h"
#include "csi/store.h"
#include "decant/err.h"

int dc_stage(struct dc_store *store, const char *id, const char *path, const struct dc_cap *cap,
             struct dc_err *err);
int dc_unstage(struct dc_store *store, const char *id, const char *path, struct dc_err *err);

int dc_publish(struct dc_store *store, const char *id, const char *staging, const char *target,
               const struct dc_cap *cap, bool readonly, struct dc_err *err);
int dc_unpublish(struct dc_store *store, const char *id, const char *target,
                 struct dc_err *err);

/* 0 when the volume may be deleted; DC_PRECONDITION, saying where it is in use. */
int dc_place_unused(struct dc_store *store, const char *id, struct dc_err *err);

/* Room in a published or staged volume. Inodes are 0 for a block volume. */
struct dc_usage {
    bool block;
    uint64_t total, available, used; /* bytes */
    uint64_t inodes, inodes_available, inodes_used;
};
/* DC_NOT_FOUND when the volume is not at path. */
int dc_place_usage(struct dc_store *store, const char *id, const char *path,
                   struct dc_usage *ret, struct dc_err *err);
