// SPDX-License-Identifier: Apache-2.0
/* csi/mount.c - what is at a path, and mount(2) without mount(8). */
#include "csi/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/num.h"
#include "decant/cleanup.h"

/* Mounts can be stacked by a retry that a crash cut in two; more than this is not ours. */
#define STACK_MAX 16

/* mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS": those that are flags of mount(2). */
static const struct {
    const char *word;
    unsigned long set, clear;
} words_known[] = {
    {"defaults", 0, 0},
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"nosuid", MS_NOSUID, 0},
    {"suid", 0, MS_NOSUID},
    {"nodev", MS_NODEV, 0},
    {"dev", 0, MS_NODEV},
    {"noexec", MS_NOEXEC, 0},
    {"exec", 0, MS_NOEXEC},
    {"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},
    {"noatime", MS_NOATIME, 0},
    {"atime", 0, MS_NOATIME},
    {"nodiratime", MS_NODIRATIME, 0},
    {"diratime", 0, MS_NODIRATIME},
    {"relatime", MS_RELATIME, 0},
    {"norelatime", 0, MS_RELATIME},
    {"strictatime", MS_STRICTATIME, 0},
    {"lazytime", MS_LAZYTIME, 0},
    {"nolazytime", 0, MS_LAZYTIME},
};

static bool apply_flag(const char *word, size_t len, unsigned long *flags)
{
    for (size_t i = 0; i < DC_LEN(words_known); i++) {
        if (strlen(words_known[i].word) != len || strncmp(words_known[i].word, word, len) != 0)
            continue;
        *flags = (*flags & ~words_known[i].clear) | words_known[i].set;
        return true;
    }
    return false;
}

/* One word of a comma-separated list. */
static int add_word(const char *word, size_t len, struct dc_mount_opts *o, struct dc_err *err)
{
    size_t used = strlen(o->data), comma = used > 0 ? 1 : 0;

    if (len == 0 || apply_flag(word, len, &o->flags))
        return 0;
    if (used + comma + len >= sizeof o->data)
        return dc_fail(err, DC_BAD_INPUT, 0, "mount flags are longer than %zu bytes",
                       sizeof o->data - 1);
    if (comma)
        o->data[used++] = ',';
    memcpy(o->data + used, word, len);
    o->data[used + len] = '\0';
    return 0;
}

int dc_mount_opts_parse(char *const *words, size_t n, struct dc_mount_opts *ret,
                        struct dc_err *err)
{
    struct dc_mount_opts o = {0};

    for (size_t i = 0; i < n; i++) {
        const char *at = words[i];

        while (at) {
            size_t len = strcspn(at, ",");

            if (add_word(at, len, &o, err) != 0)
                return -1;
            at = at[len] ? at + len + 1 : NULL;
        }
    }
    *ret = o;
    return 0;
}

int dc_path_look(const char *path, struct dc_path_look *ret, struct dc_err *err)
{
    struct statx sx;

    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &sx) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return dc_fail(err, DC_DEVICE, errno, "look at %s", path);
        *ret = (struct dc_path_look){0};
        return 0;
    }
    *ret = (struct dc_path_look){
        .exists = true,
        .mounted = (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
        .is_dir = S_ISDIR(sx.stx_mode),
        .is_block = S_ISBLK(sx.stx_mode),
        .dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
        .rdev = makedev(sx.stx_rdev_major, sx.stx_rdev_minor),
    };
    return 0;
}

int dc_mount_fs(const char *device, const char *path, const char *fs,
                const struct dc_mount_opts *opts, struct dc_err *err)
{
    const char *data = opts->data[0] != '\0' ? opts->data : NULL;

    if (mount(device, path, fs, opts->flags, data) == 0)
        return 0;
    /* EINVAL is what file systems answer to options they do not know, and to foreign content. */
    return dc_fail(err, errno == EINVAL ? DC_BAD_INPUT : DC_DEVICE, errno,
                   "mount %s at %s as %s%s", device, path, fs,
                   errno == EINVAL ? ": check the mount options, then the kernel log" : "");
}

int dc_mount_bind(const char *source, const char *path, bool readonly, struct dc_err *err)
{
    struct mount_attr attr = {.attr_set = readonly ? MOUNT_ATTR_RDONLY : 0};

    dc_autoclose int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return dc_fail(err, DC_DEVICE, errno, "take a mount of %s", source);
    if (readonly && mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof attr) != 0)
        return dc_fail(err, DC_DEVICE, errno, "make a mount of %s read-only", source);
    if (move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return dc_fail(err, DC_DEVICE, errno, "put a mount of %s at %s", source, path);
    return 0;
}

int dc_unmount(const char *path, struct dc_err *err)
{
    struct dc_path_look look;

    for (int i = 0; i < STACK_MAX; i++) {
        if (dc_path_look(path, &look, err) != 0)
            return -1;
        if (!look.mounted)
            return 0;
        if (umount2(path, UMOUNT_NOFOLLOW) != 0)
            return dc_fail(err, errno == EBUSY ? DC_PRECONDITION : DC_DEVICE, errno,
                           "unmount %s", path);
    }
    return dc_fail(err, DC_DEVICE, 0, "%s is mounted more than %d times over", path, STACK_MAX);
}
