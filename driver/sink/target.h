// SPDX-License-Identifier: Apache-2.0
/* sink/target.h - a block device or a regular file, opened for one fill and nobody else. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/cleanup.h"
#include "decant/err.h"

struct dc_target {
    int fd;         /* O_DIRECT where the file system allows it; -1: none         */
    uint64_t size;  /* bytes; a file's: as it was asked for                       */
    uint32_t block; /* bytes; what offsets and lengths must be multiples of       */
    bool device;    /* else a regular file                                        */
};

/*
 * A block device at path (a node, or a bind mount of one), held exclusively. DC_BUSY when it
 * is mounted or held by another, DC_BAD_INPUT when it is no block device.
 */
int dc_target_open_device(const char *path, struct dc_target *ret, struct dc_err *err);

/*
 * A regular file, made or emptied, of size bytes that read as zeros (a hole). Its directory is
 * flushed, so that the name survives a crash.
 */
int dc_target_open_file(const char *path, uint64_t size, struct dc_target *ret,
                        struct dc_err *err);

void dc_target_close(struct dc_target *target);
