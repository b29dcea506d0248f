// SPDX-License-Identifier: Apache-2.0
/*
 * node/journal.h - what is attached on this node, remembered across a crash.
 *
 * One file a fill, DIR/<fill_id>.json, version 1, written and flushed before the first CSI call
 * and removed after the last one. It holds what a detach needs, and no secret.
 */
#pragma once
#include <stdint.h>

#include "attach/attach.h"
#include "decant/err.h"

#define DC_FILL_ID_MAX  64 /* a UID has 36 */
#define DC_NODE_STR_MAX 256

struct dc_journal_record {
    char fill_id[DC_FILL_ID_MAX + 1];
    int64_t generation;
    char claim[DC_NODE_STR_MAX];
    char driver[DC_NODE_STR_MAX];
    char volume_id[DC_NODE_STR_MAX];
    struct dc_csi_paths paths;
};

/* Whether id may be a file's name: letters, digits, "-", "_" and ".", not first; 1 to 64 bytes. */
bool dc_fill_id_valid(const char *id);

/*
 * Make dir when it is missing, for the agent alone, and lock it: what another live agent has
 * attached must not be taken for what a crash left. DC_BUSY. Closing *ret_lock unlocks.
 */
int dc_journal_open(const char *dir, int *ret_lock, struct dc_err *err);

/* On success the record is on stable storage. Replaces an older one of the same fill. */
int dc_journal_save(const char *dir, const struct dc_journal_record *record,
                    struct dc_err *err);
/* On success the removal is on stable storage. One that is not there is no error. */
int dc_journal_remove(const char *dir, const char *fill_id, struct dc_err *err);

/*
 * Give each record to found(). One that is damaged is renamed to <fill_id>.json.bad for a person to
 * look at, and logged: what it names may still be attached.
 */
int dc_journal_load(const char *dir,
                    void (*found)(void *arg, const struct dc_journal_record *record), void *arg,
                    struct dc_err *err);
