// SPDX-License-Identifier: Apache-2.0
/*
 * csi/mount.h - what is at a path, and mount(2) without mount(8).
 *
 * Whether a path is a mount point is asked of the kernel (statx, STATX_ATTR_MOUNT_ROOT, Linux
 * 5.8), which also sees a bind mount of a file; bind mounts are made by open_tree, mount_setattr
 * and move_mount (Linux 5.12). Any thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "decant/err.h"

#define DC_MOUNT_DATA_MAX \
    4096 /* bytes of options for the file system: one page, the kernel's */

/* Mount flags as mount(2) takes them. data may hold secrets: not for a log. */
struct dc_mount_opts {
    unsigned long flags;
    char data[DC_MOUNT_DATA_MAX];
};

/* "ro", "noatime", ... become flags, the rest is for the file system. Pure. */
int dc_mount_opts_parse(char *const *words, size_t n, struct dc_mount_opts *ret,
                        struct dc_err *err);

struct dc_path_look {
    bool exists, mounted, is_dir, is_block;
    dev_t dev;  /* of the file system there         */
    dev_t rdev; /* of the device node, if it is one */
};

/* Does not follow a symbolic link in the last component. Absent is not an error. */
int dc_path_look(const char *path, struct dc_path_look *ret, struct dc_err *err);

int dc_mount_fs(const char *device, const char *path, const char *fs,
                const struct dc_mount_opts *opts, struct dc_err *err);
/* Show source at path too, which exists. A read-only one is never writable, not for a moment. */
int dc_mount_bind(const char *source, const char *path, bool readonly, struct dc_err *err);
/* Until path is no mount point any more. DC_PRECONDITION when it is in use. */
int dc_unmount(const char *path, struct dc_err *err);
