// SPDX-License-Identifier: Apache-2.0
/*
 * csi/capability.h - how a volume is to be used: a checked VolumeCapability as plain data.
 *
 * Source: CSI spec v1.12.0, "VolumeCapability". Volumes of this driver live on one node, so
 * that "multi node" modes mean several users on that node, who share one device or one mount.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "decant/err.h"
#include "proto/csi.pb-c.h"

struct dc_cap {
    bool block;         /* as a device; else mounted                                  */
    bool reader_only;   /* the access mode forbids writing                            */
    bool many_targets;  /* the access mode allows more than one target on this node   */
    const char *fs;     /* "ext4" or "xfs"; "": a block volume, or any will do; static */
    char *const *flags; /* mount flags; borrowed from the message; may hold secrets   */
    size_t n_flags;
    char digest[DC_SHA256_HEX]; /* equal for equal capabilities; does not show the flags */
};

/*
 * Check cap, which may be NULL, and say what it asks for. DC_BAD_INPUT for what is missing or
 * not supported; field is the message's field name.
 */
int dc_cap_parse(const char *field, const Csi__V1__VolumeCapability *cap, struct dc_cap *ret,
                 struct dc_err *err);

/* Check each; 0 of them is an error. *ret_wants_xfs: at least one asks for xfs. */
int dc_caps_check(size_t n, Csi__V1__VolumeCapability *const *caps, bool *ret_wants_xfs,
                  struct dc_err *err);
