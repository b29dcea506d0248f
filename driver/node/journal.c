// SPDX-License-Identifier: Apache-2.0
/* node/journal.c - what is attached on this node, remembered across a crash. */
#include "node/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/files.h"
#include "base/json.h"
#include "base/name.h"
#include "decant/cleanup.h"
#include "decant/log.h"

#define VERSION    1
#define RECORD_MAX (16u << 10)
#define SUFFIX     ".json"
#define NAME_SIZE  (DC_FILL_ID_MAX + sizeof SUFFIX)

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

/* The directory, or -1. */
static int open_dir(const char *dir, struct dc_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fd
                   : dc_fail(err, DC_DEVICE, errno, "open the journal's directory %s", dir);
}

static void name_of(const char *fill_id, char ret[NAME_SIZE])
{
    (void)snprintf(ret, NAME_SIZE, "%s" SUFFIX, fill_id);
}

int dc_journal_save(const char *dir, const struct dc_journal_record *r, struct dc_err *err)
{
    dc_autojson json_t *j = json_pack(
        "{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "version", VERSION, "fill", r->fill_id,
        "generation", (json_int_t)r->generation, "claim", r->claim, "driver", r->driver,
        "volume", r->volume_id, "staging", r->paths.staging, "target", r->paths.target);
    dc_autofree char *text = j ? dc_json_text(j) : NULL;
    struct dc_err ignored = {0};
    char name[NAME_SIZE];

    if (!text)
        return dc_fail(err, DC_NO_MEMORY, 0, "journal of fill %s", r->fill_id);
    dc_autoclose int fd = open_dir(dir, err);
    if (fd < 0)
        return -1;
    name_of(r->fill_id, name);
    if (dc_file_write(fd, name, text, err) == 0)
        return 0;
    (void)dc_journal_remove(dir, r->fill_id, &ignored); /* the caller attaches nothing */
    return dc_wrap(err, "write down in %s what is to be attached", dir);
}

int dc_journal_remove(const char *dir, const char *fill_id, struct dc_err *err)
{
    dc_autoclose int fd = open_dir(dir, err);
    char name[NAME_SIZE];

    if (fd < 0)
        return -1;
    name_of(fill_id, name);
    if (unlinkat(fd, name, 0) != 0)
        return errno == ENOENT ? 0 : dc_fail(err, DC_DEVICE, errno, "remove %s/%s", dir, name);
    return dc_dir_sync(fd, err);
}

static bool take(const json_t *j, const char *key, char *ret, size_t size)
{
    const char *value = dc_json_str(j, key);

    if (!value || strlen(value) >= size)
        return false;
    memcpy(ret, value, strlen(value) + 1);
    return true;
}

static int parse(const char *text, struct dc_journal_record *ret, struct dc_err *err)
{
    struct dc_journal_record r = {0};
    dc_autojson json_t *j = NULL;

    if (dc_json_parse(text, strlen(text), &j, err) != 0)
        return -1;
    if (dc_json_int(j, "version") != VERSION)
        return dc_fail(err, DC_CORRUPT, 0, "version %lld, expected %d",
                       (long long)dc_json_int(j, "version"), VERSION);
    r.generation = dc_json_int(j, "generation");
    if (!take(j, "fill", r.fill_id, sizeof r.fill_id) ||
        !take(j, "claim", r.claim, sizeof r.claim) ||
        !take(j, "driver", r.driver, sizeof r.driver) ||
        !take(j, "volume", r.volume_id, sizeof r.volume_id) ||
        !take(j, "staging", r.paths.staging, sizeof r.paths.staging) ||
        !take(j, "target", r.paths.target, sizeof r.paths.target))
        return dc_fail(err, DC_CORRUPT, 0, "a field is missing or too long");
    /* A detach of these would fail for ever. */
    if (!dc_csi_name_ok(r.driver) || !dc_csi_paths_ok(&r.paths))
        return dc_fail(err, DC_CORRUPT, 0, "its driver or its paths are none of ours");
    *ret = r;
    return 0;
}

static int read_record(int dir, const char *name, struct dc_journal_record *ret,
                       struct dc_err *err)
{
    dc_autofree char *text = NULL;
    struct dc_journal_record r;
    char expected[NAME_SIZE];

    if (dc_file_read(dir, name, RECORD_MAX, &text, err) != 0 ||
        parse(text ? text : "", &r, err) != 0)
        return -1;
    name_of(r.fill_id, expected);
    if (strcmp(expected, name) != 0)
        return dc_fail(err, DC_CORRUPT, 0, "it is about another fill, %s", r.fill_id);
    *ret = r;
    return 0;
}

struct load {
    int dir;
    const char *path;
    void (*found)(void *arg, const struct dc_journal_record *record);
    void *arg;
};

/* One bad record must not keep the others from being undone. */
static void complain(const struct load *l, const char *name, const struct dc_err *why)
{
    const struct dc_field fields[] = {{"journal", l->path}, {"record", name}, {NULL, NULL}};
    char aside[NAME_MAX + 1];

    if (why->kind != DC_CORRUPT) {
        dc_log_err(DC_LOG_ERROR, "node",
                   "cannot read a record now: what it names may still be attached", why,
                   fields);
        return;
    }
    if ((size_t)snprintf(aside, sizeof aside, "%s.bad", name) < sizeof aside)
        (void)renameat(l->dir, name, l->dir, aside); /* else the next start tells of it again */
    dc_log_err(DC_LOG_ERROR, "node",
               "a record is damaged and set aside as .bad: what it names may still be attached",
               why, fields);
}

static int load_one(void *arg, const char *name, struct dc_err *err)
{
    const struct load *l = arg;
    size_t len = strlen(name), tail = strlen(SUFFIX);
    struct dc_journal_record record;
    struct dc_err own = {0};

    (void)err;
    if (len <= tail || strcmp(name + len - tail, SUFFIX) != 0)
        return 0; /* half-written ones have another end: their CSI calls never began */
    if (read_record(l->dir, name, &record, &own) == 0)
        l->found(l->arg, &record);
    else
        complain(l, name, &own);
    return 0;
}

int dc_journal_load(const char *dir,
                    void (*found)(void *arg, const struct dc_journal_record *record), void *arg,
                    struct dc_err *err)
{
    dc_autoclose int fd = open_dir(dir, err);

    if (fd < 0)
        return -1;
    return dc_dir_each(fd, load_one, &(struct load){fd, dir, found, arg}, err);
}
