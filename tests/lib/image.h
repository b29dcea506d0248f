// SPDX-License-Identifier: Apache-2.0
/* tests/lib/image.h - disk images with a shape, and targets full of garbage to put them on. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* len reproducible bytes with holes of 64 KiB and of 1 MiB in them; free() it. */
char *t_image_new(size_t len, bool holes);

/* A loop device of bytes, all of them 0xa5, with logical blocks of block bytes. */
struct t_device {
    char path[32]; /* "/dev/loopN"                                            */
    int fd;        /* the device, shared; -1: none. It is gone with the last  */
    size_t bytes;
};
/* false: this machine or user cannot have loop devices; the test is to be skipped. */
bool t_device_open(struct t_device *d, size_t bytes, unsigned block);
void t_device_close(struct t_device *d);
/* Fill it with garbage again. */
void t_device_dirty(struct t_device *d);
/* Does path begin with the image, and is all behind it zero? Names the first byte that is not. */
bool t_same(const char *path, const char *image, size_t len, size_t bytes);
