// SPDX-License-Identifier: Apache-2.0
/* sink/target.c - a block device or a regular file, opened for one fill and nobody else. */
#include "sink/target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define FILE_BLOCK 4096u /* bytes: satisfies O_DIRECT on every file system in use */

int dc_target_open_device(const char *path, struct dc_target *ret, struct dc_err *err)
{
    struct stat st;
    uint64_t size;
    int block;

    if (stat(path, &st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "open the volume %s", path);
    if (!S_ISBLK(st.st_mode))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is not a block device", path);

    /* O_EXCL on a block device: nobody else holds it, no file system is mounted from it. */
    dc_autoclose int fd = open(path, O_RDWR | O_EXCL | O_DIRECT | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY)
        return dc_fail(err, DC_BUSY, 0,
                       "%s is mounted or held by another program; it is not touched", path);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open the volume %s", path);
    if (ioctl(fd, BLKGETSIZE64, &size) != 0 || ioctl(fd, BLKSSZGET, &block) != 0)
        return dc_fail(err, DC_DEVICE, errno, "ask %s for its size", path);
    if (size == 0)
        return dc_fail(err, DC_DEVICE, 0, "%s has no size: its backing is gone", path);
    *ret = (struct dc_target){
        .fd = dc_steal_fd(&fd), .size = size, .block = (uint32_t)block, .device = true};
    return 0;
}

/* The directory's entry for path, on stable storage. */
static int directory_flush(const char *path, struct dc_err *err)
{
    dc_autofree char *copy = strdup(path);
    if (!copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "name of %s", path);
    dc_autoclose int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fsync(dir) != 0)
        return dc_fail(err, DC_DEVICE, errno, "flush the folder of %s", path);
    return 0;
}

int dc_target_open_file(const char *path, uint64_t size, struct dc_target *ret,
                        struct dc_err *err)
{
    const int flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;

    if (size > INT64_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%" PRIu64 " bytes are too many for a file", size);
    dc_autoclose int fd = open(path, flags | O_DIRECT, 0660);
    if (fd < 0 && errno == EINVAL) /* tmpfs and others refuse direct I/O: through the cache */
        fd = open(path, flags, 0660);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "make %s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is not a regular file", path);
    if (ftruncate(fd, (off_t)size) != 0)
        return dc_fail(err, DC_DEVICE, errno, "give %s %" PRIu64 " bytes", path, size);
    if (directory_flush(path, err) != 0)
        return -1;
    *ret = (struct dc_target){.fd = dc_steal_fd(&fd), .size = size, .block = FILE_BLOCK};
    return 0;
}

void dc_target_close(struct dc_target *target)
{
    dc_close_at(&target->fd);
    target->fd = -1;
}
