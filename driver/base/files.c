// SPDX-License-Identifier: Apache-2.0
/* base/files.c - small files and flat directories that survive a crash. */
#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "decant/cleanup.h"

enum dc_err_kind dc_file_kind(int sys)
{
    if (sys == ENOSPC || sys == EDQUOT)
        return DC_EXHAUSTED;
    return sys == EFBIG ? DC_NO_SPACE : DC_DEVICE;
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

int dc_file_write(int dir, const char *name, const char *text, struct dc_err *err)
{
    char tmp[NAME_MAX + 1];

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp", name) >= sizeof tmp)
        return dc_fail(err, DC_INTERNAL, 0, "file name %s is too long", name);
    dc_autoclose int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write_all(fd, text, strlen(text)) != 0 || fsync(fd) != 0 ||
        renameat(dir, tmp, dir, name) != 0) {
        int sys = errno;

        (void)unlinkat(dir, tmp, 0); /* on a full disk it would keep what it has taken */
        return dc_fail(err, dc_file_kind(sys), sys, "write %s", name);
    }
    return dc_dir_sync(dir, err);
}

int dc_file_read(int dir, const char *name, size_t max, char **ret, struct dc_err *err)
{
    struct stat st;

    /* O_NONBLOCK: a pipe of that name is refused below, not waited for. */
    dc_autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *ret = NULL;
        return 0;
    }
    if (fd < 0 || fstat(fd, &st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "read %s", name);
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > max)
        return dc_fail(err, DC_CORRUPT, 0, "%s is no file of at most %zu bytes", name, max);

    size_t len = (size_t)st.st_size, have = 0;
    dc_autofree char *text = malloc(len + 1);
    if (!text)
        return dc_fail(err, DC_NO_MEMORY, 0, "read %s", name);
    while (have < len) {
        ssize_t n = read(fd, text + have, len - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return dc_fail(err, DC_DEVICE, n < 0 ? errno : 0, "read %s", name);
        have += (size_t)n;
    }
    text[len] = '\0';
    *ret = dc_steal(text);
    return 0;
}

int dc_dir_sync(int dir, struct dc_err *err)
{
    if (fsync(dir) != 0)
        return dc_fail(err, dc_file_kind(errno), errno, "flush a directory");
    return 0;
}

static int unlink_name(void *arg, const char *name, struct dc_err *err)
{
    const int *dir = arg;

    if (unlinkat(*dir, name, 0) != 0 && errno != ENOENT)
        return dc_fail(err, dc_file_kind(errno), errno, "remove %s", name);
    return 0;
}

int dc_dir_erase(int dir, const char *name, struct dc_err *err)
{
    dc_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", name);
    if (dc_dir_each(fd, unlink_name, &fd, err) != 0)
        return dc_wrap(err, "erase %s", name);
    if (unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return dc_fail(err, dc_file_kind(errno), errno, "remove directory %s", name);
    return dc_dir_sync(dir, err);
}

static void close_dir_at(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

int dc_dir_each(int dir, int (*fn)(void *arg, const char *name, struct dc_err *err), void *arg,
                struct dc_err *err)
{
    dc_autoclose int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DC_AUTO(close_dir_at) DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d)
        return dc_fail(err, DC_DEVICE, errno, "list a directory");
    (void)dc_steal_fd(&fd); /* closed with d */

    for (;;) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e && errno != 0)
            return dc_fail(err, DC_DEVICE, errno, "list a directory");
        if (!e)
            return 0;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fn(arg, e->d_name, err) != 0)
            return -1;
    }
}
