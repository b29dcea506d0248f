// SPDX-License-Identifier: Apache-2.0
/* sink/device.c - open what is written, alone and without the page cache. */
#include "sink/device.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "sink/slot.h"

enum {
    FILE_BLOCK = 4096, /* satisfies O_DIRECT on every file system that allows it at all */
    FILE_MODE = 0660,  /* the group of the volume (fsGroup) may use it                  */
};

int dc_target_open_device(const char *path, struct dc_target *ret, struct dc_err *err)
{
    struct stat st;
    uint64_t size = 0;
    int block = 0;

    if (stat(path, &st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "target %s", path);
    if (!S_ISBLK(st.st_mode))
        return dc_fail(err, DC_DEVICE, 0, "target %s is no block device", path);

    dc_autoclose int fd = open(path, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY)
        return dc_fail(err, DC_BUSY, 0,
                       "device %s is mounted or held by another program; it must be free to be "
                       "filled",
                       path);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open device %s", path);
    if (ioctl(fd, BLKGETSIZE64, &size) != 0 || ioctl(fd, BLKSSZGET, &block) != 0)
        return dc_fail(err, DC_DEVICE, errno, "size of device %s", path);
    if (block <= 0 || (block & (block - 1)) != 0)
        return dc_fail(err, DC_DEVICE, 0, "device %s has logical blocks of %d bytes", path,
                       block);
    *ret = (struct dc_target){.fd = dc_steal_fd(&fd),
                              .size = size,
                              .block = (uint32_t)block,
                              .device = true,
                              .direct = true};
    return 0;
}

int dc_target_open_file(const char *path, uint64_t max_bytes, struct dc_target *ret,
                        struct dc_err *err)
{
    struct stat st;
    const uint64_t most = (uint64_t)INT64_MAX - FILE_BLOCK;
    uint64_t size = max_bytes == 0 || max_bytes > most ? most : max_bytes;

    dc_autoclose int fd =
        open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return dc_fail(err, slot_err_kind(errno), errno, "open %s", path);
    if (fstat(fd, &st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "stat %s", path);
    if (!S_ISREG(st.st_mode))
        return dc_fail(err, DC_DEVICE, 0, "target %s is no regular file", path);
    if (ftruncate(fd, 0) != 0)
        return dc_fail(err, DC_DEVICE, errno, "empty %s", path);

    int flags = fcntl(fd, F_GETFL);
    bool direct = flags >= 0 && fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
    *ret = (struct dc_target){.fd = dc_steal_fd(&fd),
                              .size = dc_align_up(size, FILE_BLOCK),
                              .block = FILE_BLOCK,
                              .direct = direct,
                              .reads_zero = true};
    return 0;
}

/* A new name is durable only when its directory is. */
static int sync_directory(const char *path, struct dc_err *err)
{
    dc_autofree char *copy = strdup(path);

    if (!copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "sync the directory of %s", path);
    dc_autoclose int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return dc_fail(err, slot_err_kind(errno), errno, "sync the directory of %s", path);
    return 0;
}

int dc_target_finish_file(struct dc_target *t, const char *path, uint64_t bytes,
                          struct dc_err *err)
{
    if (ftruncate(t->fd, (off_t)bytes) != 0)
        return dc_fail(err, slot_err_kind(errno), errno, "set the size of %s", path);
    if (fsync(t->fd) != 0)
        return dc_fail(err, slot_err_kind(errno), errno, "flush %s", path);
    return sync_directory(path, err);
}

void dc_target_close(struct dc_target *t)
{
    dc_close_at(&t->fd);
    t->fd = -1;
}
