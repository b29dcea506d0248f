// SPDX-License-Identifier: Apache-2.0
/* node/journal.c - what is attached on this node, remembered across a crash. */
#include "node/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/json.h"
#include "decant/cleanup.h"
#include "decant/log.h"

#define VERSION    1
#define RECORD_MAX (16u << 10)

static const char suffix[] = ".json";

bool dc_fill_id_valid(const char *id)
{
    size_t len = strlen(id);

    return len >= 1 && len <= DC_FILL_ID_MAX && id[0] != '.' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               len;
}

int dc_journal_open(const char *dir, int *ret_lock, struct dc_err *err)
{
    dc_autofree char *path = dc_asprintf("%s/lock", dir);

    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "journal %s", dir);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return dc_fail(err, DC_DEVICE, errno, "make the journal's directory %s", dir);
    dc_autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return dc_fail(err, DC_BUSY, 0, "another agent runs with the journal in %s", dir);
    *ret_lock = dc_steal_fd(&fd);
    return 0;
}

/* A name that is created, replaced or removed is durable when its directory is. */
static int sync_dir(const char *dir, struct dc_err *err)
{
    dc_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return dc_fail(err, DC_DEVICE, errno, "flush the journal's directory %s", dir);
    return 0;
}

static int write_file(const char *path, const char *text, struct dc_err *err)
{
    dc_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text), at = 0;

    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", path);
    while (at < len) {
        ssize_t n = write(fd, text + at, len - at);

        if (n < 0 && errno != EINTR)
            return dc_fail(err, DC_DEVICE, errno, "write %s", path);
        at += n > 0 ? (size_t)n : 0;
    }
    if (fsync(fd) != 0)
        return dc_fail(err, DC_DEVICE, errno, "flush %s", path);
    return 0;
}

int dc_journal_save(const char *dir, const struct dc_journal_record *r, struct dc_err *err)
{
    dc_autojson json_t *j = json_pack(
        "{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "version", VERSION, "fill", r->fill_id,
        "generation", (json_int_t)r->generation, "claim", r->claim, "driver", r->driver,
        "volume", r->volume_id, "staging", r->paths.staging, "target", r->paths.target);
    dc_autofree char *text = j ? dc_json_text(j) : NULL;
    dc_autofree char *path = dc_asprintf("%s/%s%s", dir, r->fill_id, suffix);
    dc_autofree char *fresh = dc_asprintf("%s/%s.new", dir, r->fill_id);

    if (!text || !path || !fresh)
        return dc_fail(err, DC_NO_MEMORY, 0, "journal of fill %s", r->fill_id);
    if (write_file(fresh, text, err) != 0)
        return -1;
    if (rename(fresh, path) != 0)
        return dc_fail(err, DC_DEVICE, errno, "rename %s", fresh);
    return sync_dir(dir, err);
}

int dc_journal_remove(const char *dir, const char *fill_id, struct dc_err *err)
{
    dc_autofree char *path = dc_asprintf("%s/%s%s", dir, fill_id, suffix);

    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "journal of fill %s", fill_id);
    if (unlink(path) != 0)
        return errno == ENOENT ? 0 : dc_fail(err, DC_DEVICE, errno, "remove %s", path);
    return sync_dir(dir, err);
}

static int read_file(const char *path, struct dc_buf *ret, struct dc_err *err)
{
    dc_autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char part[4096];
    ssize_t n;

    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", path);
    while ((n = read(fd, part, sizeof part)) > 0)
        dc_buf_add(ret, part, (size_t)n);
    if (n < 0 || ret->failed)
        return dc_fail(err, DC_CORRUPT, n < 0 ? errno : 0, "read %s (at most %u bytes)", path,
                       RECORD_MAX);
    return 0;
}

static bool take(const json_t *j, const char *key, char *ret, size_t size)
{
    const char *value = dc_json_str(j, key);

    if (!value || strlen(value) >= size)
        return false;
    memcpy(ret, value, strlen(value) + 1);
    return true;
}

static int parse(const char *path, struct dc_journal_record *ret, struct dc_err *err)
{
    dc_autobuf struct dc_buf text = DC_BUF(RECORD_MAX);
    struct dc_journal_record r = {0};
    json_t *made = NULL;

    if (read_file(path, &text, err) != 0)
        return -1;
    if (dc_json_parse(text.data ? text.data : "", text.len, &made, err) != 0)
        return dc_wrap(err, "%s", path);
    dc_autojson json_t *j = made;
    if (dc_json_int(j, "version") != VERSION)
        return dc_fail(err, DC_CORRUPT, 0, "%s: version %lld, expected %d", path,
                       (long long)dc_json_int(j, "version"), VERSION);
    r.generation = dc_json_int(j, "generation");
    if (!take(j, "fill", r.fill_id, sizeof r.fill_id) || !dc_fill_id_valid(r.fill_id) ||
        !take(j, "claim", r.claim, sizeof r.claim) ||
        !take(j, "driver", r.driver, sizeof r.driver) ||
        !take(j, "volume", r.volume_id, sizeof r.volume_id) ||
        !take(j, "staging", r.paths.staging, sizeof r.paths.staging) ||
        !take(j, "target", r.paths.target, sizeof r.paths.target))
        return dc_fail(err, DC_CORRUPT, 0, "%s: a field is missing or too long", path);
    *ret = r;
    return 0;
}

static void load_one(const char *dir, const char *name,
                     void (*found)(void *arg, const struct dc_journal_record *record),
                     void *arg)
{
    dc_autofree char *path = dc_asprintf("%s/%s", dir, name);
    size_t len = strlen(name), tail = strlen(suffix);
    struct dc_journal_record record;
    struct dc_err err = {0};

    if (!path || len <= tail || strcmp(name + len - tail, suffix) != 0)
        return; /* half-written ones end in ".new": their CSI calls never began */
    if (parse(path, &record, &err) == 0)
        found(arg, &record);
    else
        dc_log_err(
            DC_LOG_ERROR, "node",
            "ignoring a record of the journal: the volume it names may still be attached", &err,
            NULL);
}

static void dir_close_at(DIR **d)
{
    if (*d)
        (void)closedir(*d); /* read only */
}

int dc_journal_load(const char *dir,
                    void (*found)(void *arg, const struct dc_journal_record *record), void *arg,
                    struct dc_err *err)
{
    DC_AUTO(dir_close_at) DIR *d = opendir(dir);

    if (!d)
        return dc_fail(err, DC_DEVICE, errno, "open the journal's directory %s", dir);
    for (const struct dirent *e; (e = readdir(d));)
        load_one(dir, e->d_name, found, arg);
    return 0;
}
