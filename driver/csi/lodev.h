// SPDX-License-Identifier: Apache-2.0
/*
 * csi/lodev.h - loop devices, found again by the identity of the file behind them.
 *
 * The kernel remembers device and inode number of the backing file (loop(4), LOOP_GET_STATUS64),
 * so a process that starts anew finds the devices of a former one, whatever the paths look like.
 * An image has at most one writable and one read-only device.
 *
 * Direct I/O is on where the file system allows it. Sectors are 512 bytes. Zeroing and discarding
 * the device punches holes into the image.
 *
 * Any thread; calls for one image must not overlap.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "decant/err.h"

struct dc_lodev {
    char path[32]; /* "/dev/loop7"             */
    dev_t rdev;    /* of the device node       */
    bool direct;   /* direct I/O to the image  */
};

/*
 * The device of the image open at image_fd, made when there is none. A device that waits for its
 * last user to go away is kept instead. label (of at most 63 bytes) is what losetup(8) shows
 * where it cannot know the path.
 */
int dc_lodev_attach(int image_fd, const char *label, bool readonly, struct dc_lodev *ret,
                    struct dc_err *err);

/* As above, but never makes one: *ret_found says whether *ret is set. */
int dc_lodev_find(int image_fd, bool readonly, struct dc_lodev *ret, bool *ret_found,
                  struct dc_err *err);

/*
 * Take down the image's read-only device, or its writable one. None there is fine.
 * DC_PRECONDITION when somebody still holds it open: it then goes with its last user.
 */
int dc_lodev_detach(int image_fd, bool readonly, struct dc_err *err);

/* Take down devices whose image below dir was deleted by other hands. Best effort. */
void dc_lodev_sweep_deleted(const char *dir);
