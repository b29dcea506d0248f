// SPDX-License-Identifier: Apache-2.0
/* tests/lib/image.c - see image.h. */
#include "lib/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

char *t_image_new(size_t len, bool holes)
{
    char *image = calloc(1, len + 1);
    uint64_t x = 88172645463325252ull;

    for (size_t i = 0; image && i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        size_t small = i >> 16, large = i >> 20;
        if (!holes || (small % 3 != 1 && large % 4 != 2))
            image[i] = (char)(x | 1);
    }
    return image;
}

static void die(const char *what)
{
    perror(what);
    abort();
}

static int loop_set(int fd, int backing, size_t bytes, unsigned block)
{
    struct loop_config config = {.fd = (unsigned)backing, .block_size = block};

    config.info.lo_sizelimit = bytes;
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR; /* gone with the last one who has it open */
    return ioctl(fd, LOOP_CONFIGURE, &config);
}

/* Somebody else may take the free number first: then there is another one. */
static int loop_attach(struct t_device *d, int backing, unsigned block)
{
    for (int tries = 0; tries < 50; tries++) {
        int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        int n = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);

        if (control >= 0)
            close(control);
        if (n < 0)
            return -1;
        snprintf(d->path, sizeof d->path, "/dev/loop%d", n);
        int fd = open(d->path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return -1;
        if (loop_set(fd, backing, d->bytes, block) == 0)
            return fd;
        close(fd);
        if (errno != EBUSY)
            return -1;
    }
    return -1;
}

bool t_device_open(struct t_device *d, size_t bytes, unsigned block)
{
    *d = (struct t_device){.fd = -1, .bytes = bytes};

    char file[] = "/var/tmp/decant-device-XXXXXX";
    int backing = mkostemp(file, O_CLOEXEC);
    if (backing < 0)
        return false;
    if (ftruncate(backing, (off_t)bytes) == 0)
        d->fd = loop_attach(d, backing, block);
    close(backing);
    unlink(file); /* the device keeps it */
    if (d->fd < 0)
        return false;
    int off = 0;
    if (ioctl(d->fd, BLKROSET, &off) != 0) /* the number's last user may have left it so */
        die("make the device writable");
    t_device_dirty(d);
    return true;
}

void t_device_dirty(struct t_device *d)
{
    char garbage[65536];

    memset(garbage, 0xa5, sizeof garbage);
    for (size_t at = 0; at < d->bytes;) {
        size_t n = d->bytes - at < sizeof garbage ? d->bytes - at : sizeof garbage;
        ssize_t wrote = pwrite(d->fd, garbage, n, (off_t)at);

        if (wrote <= 0)
            die("make garbage");
        at += (size_t)wrote;
    }
    if (fsync(d->fd) != 0)
        die("flush garbage");
}

void t_device_close(struct t_device *d)
{
    if (d->fd < 0)
        return;
    close(d->fd);
    d->fd = -1;
}

bool t_same(const char *path, const char *image, size_t len, size_t bytes)
{
    char part[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        die(path);
    /* What was written behind the page cache is read from the device, not from the cache. */
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    for (size_t at = 0; at < bytes;) {
        ssize_t n = pread(fd, part, sizeof part, (off_t)at);
        if (n <= 0) {
            fprintf(stderr, "%s ends at %zu, expected %zu\n", path, at, bytes);
            break;
        }
        for (ssize_t i = 0; i < n; i++, at++) {
            if (part[i] == (at < len ? image[at] : 0))
                continue;
            fprintf(stderr, "%s differs at %zu of %zu (image: %zu)\n", path, at, bytes, len);
            close(fd);
            return false;
        }
        if (at >= bytes) {
            close(fd);
            return true;
        }
    }
    close(fd);
    return bytes == 0;
}
