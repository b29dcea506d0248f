// SPDX-License-Identifier: Apache-2.0
/* csi/place.c - stage and publish: what the node service does, without its messages. */
#include "csi/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "csi/format.h"
#include "csi/lodev.h"
#include "csi/mount.h"
#include "decant/cleanup.h"

/* A volume on its way to, or from, a place on this node. */
struct job {
    struct dc_store *store;
    struct dc_volume v;
    struct dc_places places;
    int image;
};

static void job_done(struct job *j)
{
    dc_places_free(&j->places);
    if (j->image >= 0)
        (void)close(j->image);
}

#define autojob DC_AUTO(job_done)

static int job_init(struct job *j, struct dc_store *store, const char *id, struct dc_err *err)
{
    j->store = store;
    if (dc_store_load(store, id, &j->v, err) != 0 ||
        dc_store_image(store, id, &j->image, err) != 0)
        return -1;
    return dc_store_places(store, id, &j->places, err);
}

static int save(struct job *j, struct dc_err *err)
{
    return dc_store_save_places(j->store, j->v.id, &j->places, err);
}

/* Whether what is mounted at a path is this volume: its device node, or its file system. */
static int is_ours(struct job *j, const struct dc_path_look *look, bool *ret,
                   struct dc_err *err)
{
    struct dc_lodev rw, ro;
    bool have_rw, have_ro;

    if (dc_lodev_find(j->image, false, &rw, &have_rw, err) != 0 ||
        dc_lodev_find(j->image, true, &ro, &have_ro, err) != 0)
        return -1;
    dev_t dev = look->is_block ? look->rdev : look->dev;
    *ret = look->mounted && ((have_rw && dev == rw.rdev) || (have_ro && dev == ro.rdev));
    return 0;
}

/* Unmount the volume from path. Another mount there is left alone, and an error. */
static int unmount_ours(struct job *j, const char *path, struct dc_err *err)
{
    struct dc_path_look look;
    bool ours;

    if (dc_path_look(path, &look, err) != 0)
        return -1;
    if (!look.mounted)
        return 0;
    if (is_ours(j, &look, &ours, err) != 0)
        return -1;
    if (!ours)
        return dc_fail(err, DC_PRECONDITION, 0, "%s is a mount point of something else", path);
    return dc_unmount(path, err);
}

/* --- Stage --- */

/* A volume is staged at one path. A record whose directory has gone is a leaving of the past. */
static int check_staged(const struct job *j, const char *path, const struct dc_cap *cap,
                        struct dc_err *err)
{
    const struct dc_place *staged = &j->places.staged;
    struct dc_path_look look;

    if (!staged->path)
        return 0;
    if (strcmp(staged->path, path) == 0) {
        if (strcmp(staged->cap, cap->digest) != 0)
            return dc_fail(
                err, DC_EXISTS, 0,
                "volume %s is staged at %s with another capability: unstage it first", j->v.id,
                path);
        return 0;
    }
    if (dc_path_look(staged->path, &look, err) != 0)
        return -1;
    if (look.exists)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s is staged at %s: unstage it first",
                       j->v.id, staged->path);
    return 0;
}

static int stage_mount(struct job *j, const char *path, const struct dc_cap *cap,
                       const struct dc_lodev *lo, struct dc_err *err)
{
    struct dc_mount_opts opts;
    struct dc_path_look look;

    if (dc_mount_opts_parse(cap->flags, cap->n_flags, &opts, err) != 0 ||
        dc_format(j->store, &j->v, j->image, lo->path, cap->fs, err) != 0 ||
        dc_path_look(path, &look, err) != 0)
        return -1;
    if (look.mounted && look.dev == lo->rdev)
        return 0;
    if (look.mounted)
        return dc_fail(err, DC_PRECONDITION, 0, "%s is a mount point of something else", path);
    return dc_mount_fs(lo->path, path, j->v.fs, &opts, err);
}

/* Nothing may be left of a volume that nobody uses. */
static int take_down(struct job *j, struct dc_err *err)
{
    if (j->places.staged.path && !j->places.staged.block &&
        unmount_ours(j, j->places.staged.path, err) != 0)
        return -1;
    if (fsync(j->image) != 0)
        return dc_fail(err, DC_DEVICE, errno, "flush the image of volume %s", j->v.id);
    if (dc_lodev_detach(j->image, true, err) != 0 ||
        dc_lodev_detach(j->image, false, err) != 0 ||
        dc_places_stage(&j->places, NULL, err) != 0)
        return -1;
    return save(j, err);
}

int dc_stage(struct dc_store *store, const char *id, const char *path, const struct dc_cap *cap,
             struct dc_err *err)
{
    autojob struct job j = {.image = -1};
    struct dc_place place = {.path = (char *)(uintptr_t)path, /* copied */
                             .block = cap->block,
                             .many_targets = cap->many_targets};
    struct dc_err ignored = {0};
    struct dc_path_look look;
    struct dc_lodev lo;

    memcpy(place.cap, cap->digest, sizeof place.cap);
    if (job_init(&j, store, id, err) != 0 || dc_path_look(path, &look, err) != 0)
        return -1;
    if (!look.is_dir)
        return dc_fail(err, DC_PRECONDITION, 0,
                       "staging_target_path %s is no directory: the caller makes it", path);
    if (check_staged(&j, path, cap, err) != 0 || dc_places_stage(&j.places, &place, err) != 0 ||
        save(&j, err) != 0)
        return -1;

    int rc = dc_lodev_attach(j.image, id, false, &lo, err);
    if (rc == 0 && !cap->block)
        rc = stage_mount(&j, path, cap, &lo, err);
    if (rc != 0 && j.places.n == 0)
        (void)take_down(&j, &ignored); /* what stays, unstage finds by the record */
    return rc;
}

/* Forget targets that the volume is not at: a crash came between the record and the mount. */
static int drop_stale(struct job *j, struct dc_err *err)
{
    for (size_t i = j->places.n; i-- > 0;) {
        struct dc_path_look look;
        bool ours;

        if (dc_path_look(j->places.published[i].path, &look, err) != 0 ||
            is_ours(j, &look, &ours, err) != 0)
            return -1;
        if (!ours)
            dc_places_drop(&j->places, j->places.published[i].path);
    }
    return 0;
}

int dc_unstage(struct dc_store *store, const char *id, const char *path, struct dc_err *err)
{
    autojob struct job j = {.image = -1};

    if (job_init(&j, store, id, err) != 0)
        return -1;
    if (j.places.staged.path && strcmp(j.places.staged.path, path) != 0)
        return 0; /* not staged there */
    if (drop_stale(&j, err) != 0)
        return -1;
    if (j.places.n > 0)
        return dc_fail(err, DC_PRECONDITION, 0,
                       "volume %s is published at %s: unpublish it first", id,
                       j.places.published[0].path);
    return take_down(&j, err);
}

/* --- Publish --- */

static int check_staging(const struct job *j, const char *staging, const struct dc_cap *cap,
                         struct dc_err *err)
{
    const struct dc_place *staged = &j->places.staged;

    if (staging[0] == '\0')
        return dc_fail(
            err, DC_PRECONDITION, 0,
            "staging_target_path is missing, and the driver has STAGE_UNSTAGE_VOLUME");
    if (!staged->path || strcmp(staged->path, staging) != 0)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s is not staged at %s", j->v.id,
                       staging);
    if (staged->block != cap->block)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s is staged as a %s volume", j->v.id,
                       staged->block ? "block" : "mounted");
    return 0;
}

/* CSI spec, NodePublishVolume, the table of a second publish on one node. */
static int check_targets(const struct job *j, const struct dc_place *want, struct dc_err *err)
{
    for (size_t i = 0; i < j->places.n; i++) {
        const struct dc_place *p = &j->places.published[i];
        bool same = strcmp(p->cap, want->cap) == 0;

        if (strcmp(p->path, want->path) == 0) {
            if (!same || p->readonly != want->readonly)
                return dc_fail(err, DC_EXISTS, 0,
                               "volume %s is published at %s with other arguments", j->v.id,
                               p->path);
        } else if (!same || !p->many_targets) {
            return dc_fail(err, DC_PRECONDITION, 0, "volume %s is published at %s, and %s",
                           j->v.id, p->path,
                           same ? "its access mode allows one target"
                                : "with another capability");
        }
    }
    return 0;
}

/* What to bind: the device node, read-only ones of their own, or the staged directory. */
static int find_source(struct job *j, const struct dc_place *want, char *ret, size_t size,
                       dev_t *ret_dev, struct dc_err *err)
{
    struct dc_path_look look;
    struct dc_lodev lo;

    if (dc_lodev_attach(j->image, j->v.id, want->block && want->readonly, &lo, err) != 0)
        return -1;
    if (!want->block) {
        if (dc_path_look(j->places.staged.path, &look, err) != 0)
            return -1;
        if (!look.mounted || look.dev != lo.rdev)
            return dc_fail(err, DC_PRECONDITION, 0,
                           "volume %s is not mounted at %s: stage it again", j->v.id,
                           j->places.staged.path);
    }
    (void)snprintf(ret, size, "%s", want->block ? lo.path : j->places.staged.path);
    *ret_dev = lo.rdev;
    return 0;
}

static int make_target(const struct dc_place *want, struct dc_err *err)
{
    if (!want->block) {
        if (mkdir(want->path, 0750) != 0 && errno != EEXIST)
            return dc_fail(err, errno == ENOENT ? DC_PRECONDITION : DC_DEVICE, errno,
                           "make the target directory %s", want->path);
        return 0;
    }
    dc_autoclose int fd =
        open(want->path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return dc_fail(err, errno == ENOENT ? DC_PRECONDITION : DC_DEVICE, errno,
                       "make the target file %s", want->path);
    return 0;
}

static int bind_target(struct job *j, const struct dc_place *want, struct dc_err *err)
{
    struct dc_path_look look;
    char source[PATH_MAX];
    dev_t dev;

    if (find_source(j, want, source, sizeof source, &dev, err) != 0 ||
        dc_path_look(want->path, &look, err) != 0)
        return -1;
    if (look.mounted && (look.is_block ? look.rdev : look.dev) == dev)
        return 0;
    if (look.mounted)
        return dc_fail(err, DC_PRECONDITION, 0, "%s is a mount point of something else",
                       want->path);
    if (make_target(want, err) != 0)
        return -1;
    return dc_mount_bind(source, want->path, want->readonly, err);
}

/* The target goes, but only what a target can be: an empty directory or an empty file. */
static int remove_target(const char *path, struct dc_err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return 0;
        return dc_fail(err, DC_DEVICE, errno, "look at %s", path);
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0)
        return dc_fail(err, DC_PRECONDITION, 0, "%s is a file with content, and no target",
                       path);
    int rc = S_ISREG(st.st_mode) ? unlink(path) : rmdir(path);
    if (rc != 0 && errno != ENOENT)
        return dc_fail(err, errno == ENOTEMPTY ? DC_PRECONDITION : DC_DEVICE, errno,
                       "remove %s", path);
    return 0;
}

/* A read-only device serves read-only targets alone. */
static int drop_readonly_device(struct job *j, struct dc_err *err)
{
    for (size_t i = 0; i < j->places.n; i++)
        if (j->places.published[i].block && j->places.published[i].readonly)
            return 0;
    return dc_lodev_detach(j->image, true, err);
}

static int leave_target(struct job *j, const char *target, struct dc_err *err)
{
    if (unmount_ours(j, target, err) != 0 || remove_target(target, err) != 0)
        return -1;
    dc_places_drop(&j->places, target);
    if (drop_readonly_device(j, err) != 0)
        return -1;
    return save(j, err);
}

int dc_publish(struct dc_store *store, const char *id, const char *staging, const char *target,
               const struct dc_cap *cap, bool readonly, struct dc_err *err)
{
    autojob struct job j = {.image = -1};
    struct dc_place want = {.path = (char *)(uintptr_t)target, /* copied */
                            .block = cap->block,
                            .readonly = readonly || cap->reader_only,
                            .many_targets = cap->many_targets};
    struct dc_err ignored = {0};

    memcpy(want.cap, cap->digest, sizeof want.cap);
    if (job_init(&j, store, id, err) != 0 || check_staging(&j, staging, cap, err) != 0 ||
        drop_stale(&j, err) != 0 || check_targets(&j, &want, err) != 0)
        return -1;
    if (!dc_places_at(&j.places, target) &&
        (dc_places_add(&j.places, &want, err) != 0 || save(&j, err) != 0))
        return -1;

    if (bind_target(&j, &want, err) == 0)
        return 0;
    (void)leave_target(&j, target, &ignored); /* what stays, unpublish finds by the record */
    return -1;
}

int dc_unpublish(struct dc_store *store, const char *id, const char *target, struct dc_err *err)
{
    autojob struct job j = {.image = -1};

    if (job_init(&j, store, id, err) != 0)
        return -1;
    return leave_target(&j, target, err);
}

/* --- Looking --- */

int dc_place_unused(struct dc_store *store, const char *id, struct dc_err *err)
{
    autojob struct job j = {.image = -1};
    struct dc_path_look look = {0};

    if (job_init(&j, store, id, err) != 0 || drop_stale(&j, err) != 0)
        return -1;
    if (j.places.n > 0)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s is in use: published at %s", id,
                       j.places.published[0].path);
    if (j.places.staged.path && dc_path_look(j.places.staged.path, &look, err) != 0)
        return -1;
    if (look.exists)
        return dc_fail(err, DC_PRECONDITION, 0, "volume %s is in use: staged at %s", id,
                       j.places.staged.path);
    return 0;
}

static int usage_of_fs(const char *path, struct dc_usage *ret, struct dc_err *err)
{
    struct statvfs vfs;

    if (statvfs(path, &vfs) != 0)
        return dc_fail(err, DC_DEVICE, errno, "free space of %s", path);
    *ret = (struct dc_usage){
        .total = (uint64_t)vfs.f_blocks * vfs.f_frsize,
        .available = (uint64_t)vfs.f_bavail * vfs.f_frsize,
        .used = (uint64_t)(vfs.f_blocks - vfs.f_bfree) * vfs.f_frsize,
        .inodes = vfs.f_files,
        .inodes_available = vfs.f_favail,
        .inodes_used = vfs.f_files - vfs.f_ffree,
    };
    return 0;
}

int dc_place_usage(struct dc_store *store, const char *id, const char *path,
                   struct dc_usage *ret, struct dc_err *err)
{
    autojob struct job j = {.image = -1};
    struct dc_path_look look = {0};
    bool ours = false;

    if (job_init(&j, store, id, err) != 0)
        return -1;
    /* Nothing is ever published at a relative path: that is no wrong argument, only a miss. */
    if (path[0] == '/' &&
        (dc_path_look(path, &look, err) != 0 || is_ours(&j, &look, &ours, err) != 0))
        return -1;
    if (!ours)
        return dc_fail(err, DC_NOT_FOUND, 0, "volume %s is not at %s", id, path);
    if (!look.is_block)
        return usage_of_fs(path, ret, err);
    *ret = (struct dc_usage){.block = true, .total = j.v.size};
    return 0;
}
