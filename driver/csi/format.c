// SPDX-License-Identifier: Apache-2.0
/* csi/format.c - a file system on a volume, made once and never over data. */
#include "csi/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "csi/mkfs.h"

/* Find out what is on a volume of which nothing is recorded; v->fs stays "" for nothing. */
static int recognise(struct dc_volume *v, int image, struct dc_err *err)
{
    enum dc_content content;

    if (dc_content_probe(image, &content, err) != 0)
        return -1;
    switch (content) {
    case DC_CONTENT_EMPTY:
        return 0;
    case DC_CONTENT_EXT:
        (void)snprintf(v->fs, sizeof v->fs, "ext4"); /* which mounts ext2 and ext3 too */
        return 0;
    case DC_CONTENT_XFS:
        (void)snprintf(v->fs, sizeof v->fs, "xfs");
        return 0;
    case DC_CONTENT_OTHER:
        break;
    }
    return dc_fail(
        err, DC_PRECONDITION, 0,
        "volume %s holds data that is no ext4 or xfs: it cannot be mounted, and is not "
        "formatted over; use it as a block volume",
        v->id);
}

static int make(struct dc_store *store, struct dc_volume *v, int image, const char *device,
                const char *fs, struct dc_err *err)
{
    if (strcmp(fs, "xfs") == 0 && v->size < DC_XFS_MIN_BYTES)
        return dc_fail(err, DC_NO_SPACE, 0, "volume %s has %llu bytes, xfs needs %llu", v->id,
                       (unsigned long long)v->size, DC_XFS_MIN_BYTES);

    (void)snprintf(v->formatting, sizeof v->formatting, "%s", fs);
    if (dc_store_save(store, v, err) != 0 || dc_mkfs(fs, device, err) != 0)
        return dc_wrap(err, "format volume %s", v->id);
    if (fsync(image) != 0)
        return dc_fail(err, DC_DEVICE, errno, "flush the image of volume %s", v->id);
    (void)snprintf(v->fs, sizeof v->fs, "%s", fs);
    v->formatting[0] = '\0';
    return 0;
}

int dc_format(struct dc_store *store, struct dc_volume *v, int image, const char *device,
              const char *fs, struct dc_err *err)
{
    struct dc_volume now = *v;

    if (now.fs[0] == '\0' && now.formatting[0] == '\0' && recognise(&now, image, err) != 0)
        return -1;
    if (now.fs[0] == '\0' && make(store, &now, image, device, fs[0] ? fs : "ext4", err) != 0)
        return -1;
    if (fs[0] != '\0' && strcmp(fs, now.fs) != 0)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s has %s on it, and %s was asked for",
                       v->id, now.fs, fs);
    if (strcmp(v->fs, now.fs) != 0 && dc_store_save(store, &now, err) != 0)
        return -1;
    *v = now;
    return 0;
}
