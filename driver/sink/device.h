// SPDX-License-Identifier: Apache-2.0
/* sink/device.h - the thing that is written: a block device held alone, or a regular file. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"

struct dc_target {
    int fd;         /* -1: closed                                                        */
    uint64_t size;  /* bytes; FILE: as many as were allowed, rounded up to a block       */
    uint32_t block; /* bytes that offsets and lengths are multiples of                   */
    bool device;
    bool direct;     /* O_DIRECT; false: through the page cache, where that is refused    */
    bool reads_zero; /* what is not written reads as zeros: a file that was just made     */
};

/*
 * Hold a block device alone. DC_BUSY when it is mounted or held by somebody, DC_DEVICE when it
 * is none or cannot be opened.
 */
int dc_target_open_device(const char *path, struct dc_target *ret, struct dc_err *err);
/*
 * Make or empty a regular file that may grow to max_bytes (0: any size). Not through a symbolic
 * link. DC_DEVICE, DC_NO_SPACE.
 */
int dc_target_open_file(const char *path, uint64_t max_bytes, struct dc_target *ret,
                        struct dc_err *err);
/*
 * Give a file its final size and make it and its name durable. Blocks for one flush. DC_DEVICE;
 * DC_NO_SPACE where the space is found missing only now.
 */
int dc_target_finish_file(struct dc_target *t, const char *path, uint64_t bytes,
                          struct dc_err *err);
void dc_target_close(struct dc_target *t);
