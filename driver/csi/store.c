// SPDX-License-Identifier: Apache-2.0
/* csi/store.c - volumes on disk: a directory each, no database. */
#include "csi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/files.h"
#include "csi/lodev.h"
#include "decant/log.h"

#define NEW ".new"
#define DEL ".del"

/* A volume's directory and how it is called on its way in and out. */
#define NAME_SIZE (DC_VOLUME_ID + 8)

struct dc_store {
    char *path; /* of volumes/, for people and dc_store_alive() */
    int dir;    /* volumes/                                     */
    int lock;
    char boot[DC_BOOT_ID];
};

int dc_store_alive(const struct dc_store *store, struct dc_err *err)
{
    struct stat now, then;

    if (stat(store->path, &now) == 0 && fstat(store->dir, &then) == 0 &&
        now.st_dev == then.st_dev && now.st_ino == then.st_ino)
        return 0;
    return dc_fail(err, DC_UNAVAILABLE, 0,
                   "the data directory %s is gone or is another one now: mount its disk again, "
                   "then restart the driver",
                   store->path);
}

int dc_store_free_bytes(const struct dc_store *store, uint64_t *ret, struct dc_err *err)
{
    struct statvfs vfs;

    if (fstatvfs(store->dir, &vfs) != 0)
        return dc_fail(err, DC_DEVICE, errno, "free space of %s", store->path);
    *ret = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    return 0;
}

/* The volume's directory; DC_NOT_FOUND when it has none, DC_UNAVAILABLE when nothing has. */
static int open_volume(const struct dc_store *store, const char *id, int *ret,
                       struct dc_err *err)
{
    int fd = -1;

    if (dc_store_alive(store, err) != 0)
        return -1;
    if (dc_volume_id_ok(id))
        fd = openat(store->dir, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && dc_volume_id_ok(id) && errno != ENOENT)
        return dc_fail(err, DC_DEVICE, errno, "open %s/%s", store->path, id);
    if (fd < 0)
        return dc_fail(err, DC_NOT_FOUND, 0, "volume %.*s is not on this node", DC_CSI_TEXT_MAX,
                       id);
    *ret = fd;
    return 0;
}

int dc_store_load(const struct dc_store *store, const char *id, struct dc_volume *ret,
                  struct dc_err *err)
{
    dc_autofree char *text = NULL;
    dc_autoclose int dir = -1;

    if (open_volume(store, id, &dir, err) != 0)
        return -1;
    if (dc_file_read(dir, "meta.json", DC_RECORD_MAX, &text, err) != 0)
        return dc_wrap(err, "volume %s", id);
    if (!text)
        return dc_fail(err, DC_CORRUPT, 0, "volume %s has no meta.json in %s", id, store->path);
    if (dc_volume_decode(text, ret, err) != 0)
        return dc_wrap(err, "volume %s", id);
    return 0;
}

static int write_meta(int dir, const struct dc_volume *v, struct dc_err *err)
{
    dc_autofree char *text = dc_volume_encode(v);

    if (!text)
        return dc_fail(err, DC_NO_MEMORY, 0, "record of volume %s", v->id);
    return dc_file_write(dir, "meta.json", text, err);
}

int dc_store_save(const struct dc_store *store, const struct dc_volume *v, struct dc_err *err)
{
    dc_autoclose int dir = -1;

    if (open_volume(store, v->id, &dir, err) != 0)
        return -1;
    return write_meta(dir, v, err);
}

int dc_store_image(const struct dc_store *store, const char *id, int *ret_fd,
                   struct dc_err *err)
{
    dc_autoclose int dir = -1;

    if (open_volume(store, id, &dir, err) != 0)
        return -1;
    int fd = openat(dir, "image", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return dc_fail(err, errno == ENOENT ? DC_CORRUPT : DC_DEVICE, errno,
                       "open the image of volume %s in %s", id, store->path);
    *ret_fd = fd;
    return 0;
}

/* --- Making and removing --- */

static int make_image(int dir, uint64_t size, struct dc_err *err)
{
    dc_autoclose int fd = openat(dir, "image", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 || fsync(fd) != 0)
        return dc_fail(err, dc_file_kind(errno), errno, "make an image of %llu bytes",
                       (unsigned long long)size);
    return 0;
}

static int fill_new(const struct dc_store *store, const char *name, const struct dc_volume *v,
                    struct dc_err *err)
{
    if (mkdirat(store->dir, name, 0700) != 0)
        return dc_fail(err, dc_file_kind(errno), errno, "make %s/%s", store->path, name);
    dc_autoclose int dir = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s/%s", store->path, name);
    if (make_image(dir, v->size, err) != 0 || write_meta(dir, v, err) != 0)
        return -1;
    if (renameat(store->dir, name, store->dir, v->id) != 0)
        return dc_fail(err, dc_file_kind(errno), errno, "rename %s/%s", store->path, name);
    return dc_dir_sync(store->dir, err);
}

int dc_store_create(const struct dc_store *store, const struct dc_volume *v, struct dc_err *err)
{
    struct dc_err ignored = {0};
    char name[NAME_SIZE];

    if (dc_store_alive(store, err) != 0)
        return -1;
    (void)snprintf(name, sizeof name, "%s" NEW, v->id);
    if (dc_dir_erase(store->dir, name, err) != 0) /* a crash's leavings */
        return -1;
    if (fill_new(store, name, v, err) == 0)
        return 0;
    (void)dc_dir_erase(store->dir, name, &ignored); /* the first failure is the one to tell */
    return dc_wrap(err, "create volume %s", v->id);
}

/* Loop devices of the image in a directory of whatever name; no image, no devices. */
static int detach(const struct dc_store *store, const char *name, struct dc_err *err)
{
    char path[NAME_SIZE + sizeof "/image"];

    (void)snprintf(path, sizeof path, "%s/image", name);
    dc_autoclose int fd = openat(store->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s/%s", store->path, path);
    if (dc_lodev_detach(fd, true, err) != 0 || dc_lodev_detach(fd, false, err) != 0)
        return dc_wrap(err, "%s/%s", store->path, name);
    return 0;
}

static int erase(const struct dc_store *store, const char *name, struct dc_err *err)
{
    if (detach(store, name, err) != 0)
        return -1;
    return dc_dir_erase(store->dir, name, err);
}

int dc_store_remove(const struct dc_store *store, const char *id, struct dc_err *err)
{
    char del[NAME_SIZE];

    if (dc_store_alive(store, err) != 0)
        return -1;
    if (!dc_volume_id_ok(id))
        return 0;
    (void)snprintf(del, sizeof del, "%s" DEL, id);
    if (erase(store, del, err) != 0 || detach(store, id, err) != 0)
        return -1;
    if (renameat(store->dir, id, store->dir, del) != 0) {
        if (errno == ENOENT)
            return 0;
        return dc_fail(err, dc_file_kind(errno), errno, "rename %s/%s", store->path, id);
    }
    if (dc_dir_sync(store->dir, err) != 0)
        return -1;
    return erase(store, del, err);
}

/* --- Where volumes are on this node --- */

int dc_store_places(const struct dc_store *store, const char *id, struct dc_places *ret,
                    struct dc_err *err)
{
    dc_autofree char *text = NULL;
    dc_autoclose int dir = -1;

    if (open_volume(store, id, &dir, err) != 0)
        return -1;
    if (dc_file_read(dir, "places.json", DC_RECORD_MAX, &text, err) != 0)
        return dc_wrap(err, "volume %s", id);
    if (!text) {
        *ret = (struct dc_places){0};
        return 0;
    }
    if (dc_places_decode(text, store->boot, ret, err) != 0)
        return dc_wrap(err, "volume %s", id);
    return 0;
}

int dc_store_save_places(const struct dc_store *store, const char *id,
                         const struct dc_places *p, struct dc_err *err)
{
    dc_autofree char *text = dc_places_encode(p, store->boot);
    dc_autoclose int dir = -1;

    if (!text)
        return dc_fail(err, DC_NO_MEMORY, 0, "record where volume %s is", id);
    if (open_volume(store, id, &dir, err) != 0)
        return -1;
    return dc_file_write(dir, "places.json", text, err);
}

static int add_id(void *arg, const char *name, struct dc_err *err)
{
    struct dc_ids *ids = arg;

    if (!dc_volume_id_ok(name))
        return 0;
    void *grown = realloc(ids->id, (ids->n + 1) * sizeof *ids->id);
    if (!grown)
        return dc_fail(err, DC_NO_MEMORY, 0, "list volumes");
    ids->id = grown;
    (void)snprintf(ids->id[ids->n++], DC_VOLUME_ID, "%s", name);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

int dc_store_list(const struct dc_store *store, struct dc_ids *ret, struct dc_err *err)
{
    struct dc_ids ids = {0};

    if (dc_store_alive(store, err) != 0)
        return -1;
    if (dc_dir_each(store->dir, add_id, &ids, err) != 0) {
        dc_ids_free(&ids);
        return -1;
    }
    if (ids.n > 0)
        qsort(ids.id, ids.n, sizeof *ids.id, by_text);
    *ret = ids;
    return 0;
}

void dc_ids_free(struct dc_ids *ids)
{
    free(ids->id);
    *ids = (struct dc_ids){0};
}

/* --- Opening and sweeping --- */

static bool ends_with(const char *s, const char *tail)
{
    size_t len = strlen(s), cut = strlen(tail);

    return len >= cut && strcmp(s + len - cut, tail) == 0;
}

/* A volume that is nowhere on this node needs no loop device. */
static int sweep_devices(const struct dc_store *store, const char *id, struct dc_err *err)
{
    dc_autoplaces struct dc_places p = {0};

    if (dc_store_places(store, id, &p, err) != 0)
        return -1;
    return p.staged.path || p.n > 0 ? 0 : detach(store, id, err);
}

/* One bad volume must not keep the others from their node. */
static int sweep_one(void *arg, const char *name, struct dc_err *err)
{
    const struct dc_store *store = arg;
    struct dc_err own = {0};
    int rc = 0;

    (void)err;
    if (ends_with(name, NEW) || ends_with(name, DEL))
        rc = erase(store, name, &own);
    else if (dc_volume_id_ok(name))
        rc = sweep_devices(store, name, &own);
    if (rc != 0)
        dc_log_err(DC_LOG_WARN, "csi", "ignoring: sweep of a volume failed", &own,
                   (const struct dc_field[]){{"name", name}, {NULL, NULL}});
    return 0;
}

static int lock_dir(const char *dir, int *ret, struct dc_err *err)
{
    dc_autoclose int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (top < 0)
        return dc_fail(err, DC_DEVICE, errno, "open the data directory %s", dir);
    if (mkdirat(top, "volumes", 0700) != 0 && errno != EEXIST)
        return dc_fail(err, dc_file_kind(errno), errno, "make %s/volumes", dir);
    dc_autoclose int lock = openat(top, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return dc_fail(err, dc_file_kind(errno), errno, "open %s/lock", dir);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        return dc_fail(err, DC_BUSY, 0,
                       "another driver works on the data directory %s: give each its own", dir);
    *ret = dc_steal_fd(&lock);
    return 0;
}

static int read_boot_id(char ret[DC_BOOT_ID], struct dc_err *err)
{
    dc_autoclose int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret, DC_BOOT_ID - 1);

    if (n <= 0)
        return dc_fail(err, DC_INTERNAL, errno, "read the kernel's boot id");
    ret[n] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    return 0;
}

int dc_store_open(const char *dir, struct dc_store **ret, struct dc_err *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return dc_fail(err, dc_file_kind(errno), errno, "make the data directory %s", dir);

    dc_autofree struct dc_store *store = calloc(1, sizeof *store);
    dc_autofree char *real = realpath(dir, NULL);
    dc_autofree char *path = NULL;
    dc_autoclose int lock = -1;
    if (!store || !real || asprintf(&path, "%s/volumes", real) < 0)
        return dc_fail(err, DC_NO_MEMORY, 0, "open the data directory %s", dir);
    if (read_boot_id(store->boot, err) != 0 || lock_dir(real, &lock, err) != 0)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", path);

    store->path = dc_steal(path);
    store->dir = fd;
    store->lock = dc_steal_fd(&lock);
    if (dc_dir_each(fd, sweep_one, store, err) != 0) {
        dc_store_close(dc_steal(store));
        return dc_wrap(err, "sweep %s", dir);
    }
    dc_lodev_sweep_deleted(store->path);
    *ret = dc_steal(store);
    return 0;
}

void dc_store_close(struct dc_store *store)
{
    if (!store)
        return;
    (void)close(store->dir);
    (void)close(store->lock);
    free(store->path);
    free(store);
}
