// SPDX-License-Identifier: Apache-2.0
/* csi/mkfs.h - what a volume holds, and making a file system on an empty one. */
#pragma once
#include <stdint.h>

#include "decant/err.h"

/* mkfs.xfs (xfsprogs 5.19 and later) refuses less. */
#define DC_XFS_MIN_BYTES (300ull << 20)

enum dc_content {
    DC_CONTENT_EMPTY, /* nothing was ever written: one hole */
    DC_CONTENT_EXT,   /* ext2, ext3 or ext4                 */
    DC_CONTENT_XFS,
    DC_CONTENT_OTHER,
};

/* What is in the image open at fd. */
int dc_content_probe(int fd, enum dc_content *ret, struct dc_err *err);

/*
 * Make a file system ("ext4" or "xfs") on the device; what was there is lost. Runs mkfs.ext4 or
 * mkfs.xfs, whose last words are in *err when it fails. DC_UNSUPPORTED: not installed.
 */
int dc_mkfs(const char *fs, const char *device, struct dc_err *err);
