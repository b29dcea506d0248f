// SPDX-License-Identifier: Apache-2.0
/*
 * source/file.c - a regular file or block device on this machine.
 *
 * Reads block for as long as the disk does. A file that changes while it is read is noticed at
 * its end by size and modification time; what writes into a device meanwhile is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "source/source.h"

struct source_file {
    struct dc_source src;
    int fd;
    uint64_t pos, end; /* bytes; end is the size, or where the head ends */
    bool to_the_end;
};

/* What must stay the same while the file is read. */
static void file_validator(const struct stat *st, char ret[256])
{
    snprintf(ret, 256, "%" PRIu64 "-%" PRIu64 "-%" PRIu64 "-%" PRId64 ".%09ld",
             (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
             (int64_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static int file_unchanged(const struct source_file *s, struct dc_err *err)
{
    struct stat st;
    char now[256];

    if (!s->src.info.validator[0] || !s->to_the_end)
        return 0;
    if (fstat(s->fd, &st) != 0)
        return dc_fail(err, DC_REMOTE, errno, "stat the source");
    file_validator(&st, now);
    if (strcmp(now, s->src.info.validator) != 0)
        return dc_fail(err, DC_CHANGED, 0, "the source file changed while it was read");
    return 0;
}

static enum dc_pull file_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct source_file *s = (struct source_file *)st;
    size_t want = DC_MIN(span->cap, s->end - s->pos);

    if (want == 0)
        return file_unchanged(s, err) == 0 ? DC_PULL_END : DC_PULL_FAIL;

    ssize_t n = pread(s->fd, span->buf, want, (off_t)s->pos);
    if (n < 0 && errno == EINTR)
        return file_pull(st, span, err);
    if (n < 0) {
        (void)dc_fail(err, DC_REMOTE, errno, "read the source at %" PRIu64, s->pos);
        return DC_PULL_FAIL;
    }
    if (n == 0) {
        (void)dc_fail(err, DC_CHANGED, 0,
                      "the source ended at %" PRIu64 " bytes and had %" PRIu64 " at the start",
                      s->pos, s->end);
        return DC_PULL_FAIL;
    }
    span->kind = DC_SPAN_DATA;
    span->off = s->pos;
    span->len = (uint64_t)n;
    s->pos += (uint64_t)n;
    s->src.pulled += (uint64_t)n;
    return DC_PULL_SPAN;
}

static int file_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    struct source_file *s = (struct source_file *)st;

    if (off > s->end)
        return dc_fail(err, DC_BAD_INPUT, 0, "seek to %" PRIu64 " behind the end at %" PRIu64,
                       off, s->end);
    s->pos = off;
    return 0;
}

static void file_close(struct dc_stage *st)
{
    struct source_file *s = (struct source_file *)st;

    dc_close_at(&s->fd);
    free(s);
}

static const struct dc_stage_ops file_ops = {
    .name = "file",
    .pull = file_pull,
    .seek = file_seek,
    .close = file_close,
};

static int file_size(int fd, const struct stat *st, const char *path, uint64_t *ret,
                     struct dc_err *err)
{
    if (S_ISREG(st->st_mode)) {
        *ret = (uint64_t)st->st_size;
        return 0;
    }
    if (!S_ISBLK(st->st_mode))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is neither a regular file nor a block device",
                       path);
    if (ioctl(fd, BLKGETSIZE64, ret) != 0)
        return dc_fail(err, DC_REMOTE, errno, "size of %s", path);
    return 0;
}

static enum dc_err_kind open_kind(int sys)
{
    if (sys == ENOENT || sys == ENOTDIR)
        return DC_NOT_FOUND;
    return sys == EACCES || sys == EPERM ? DC_DENIED : DC_REMOTE;
}

int dc_source_file_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                        const struct dc_source_ways *ways, struct dc_waker waker,
                        struct dc_source **ret, struct dc_err *err)
{
    dc_autoclose int fd = open(spec->url, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct dc_source_info info = {.seekable = true};
    struct stat st;

    (void)loop;
    (void)waker; /* a file never answers WAIT */
    if (fd < 0)
        return dc_fail(err, open_kind(errno), errno, "open %s", spec->url);
    if (fstat(fd, &st) != 0)
        return dc_fail(err, DC_REMOTE, errno, "stat %s", spec->url);
    if (file_size(fd, &st, spec->url, &info.served_bytes, err) != 0)
        return -1;
    if (S_ISREG(st.st_mode))
        file_validator(&st, info.validator);
    if (ways->validator && strcmp(ways->validator, info.validator) != 0)
        return dc_fail(err, DC_CHANGED, 0, "%s is not the file it was", spec->url);

    struct source_file *s = calloc(1, sizeof *s);
    if (!s)
        return dc_fail(err, DC_NO_MEMORY, 0, "file source");
    *s = (struct source_file){.src.st.ops = &file_ops, .fd = dc_steal_fd(&fd)};
    s->src.info = info;
    s->src.known = true;
    s->end = ways->head_bytes ? DC_MIN(ways->head_bytes, info.served_bytes) : info.served_bytes;
    s->to_the_end = s->end == info.served_bytes;
    (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
    *ret = &s->src;
    return 0;
}
