// SPDX-License-Identifier: Apache-2.0
/* kube/file.c - read a small file whole. */
#include "kube/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

static enum dc_err_kind kind_of(int sys)
{
    switch (sys) {
    case ENOENT:
    case ENOTDIR:
        return DC_NOT_FOUND;
    case EACCES:
    case EPERM:
        return DC_DENIED;
    case EISDIR:
        return DC_BAD_INPUT;
    default:
        return DC_UNAVAILABLE;
    }
}

int dc_kube_file_read(const char *path, size_t max, char **ret, size_t *ret_len,
                      struct dc_err *err)
{
    dc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    dc_autobuf struct dc_buf b = DC_BUF(max);
    char part[8192];

    if (fd < 0)
        return dc_fail(err, kind_of(errno), errno, "open %s", path);
    for (;;) {
        ssize_t got = read(fd, part, sizeof part);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return dc_fail(err, kind_of(errno), errno, "read %s", path);
        if (got == 0)
            break;
        if (b.len + (size_t)got > max)
            return dc_fail(err, DC_BAD_INPUT, 0, "%s has more than %zu bytes", path, max);
        if (!dc_buf_add(&b, part, (size_t)got))
            return dc_fail(err, DC_NO_MEMORY, 0, "read %s", path);
    }

    size_t len = b.len;
    char *text = dc_buf_adds(&b, "") ? dc_buf_steal(&b) : NULL;
    explicit_bzero(part, sizeof part); /* tokens pass through here */
    if (!text)
        return dc_fail(err, DC_NO_MEMORY, 0, "read %s", path);
    *ret = text;
    *ret_len = len;
    return 0;
}
