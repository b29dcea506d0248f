// SPDX-License-Identifier: Apache-2.0
/* csi/record.c - what the driver writes down about a volume: two small JSON documents. */
#include "csi/record.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define VERSION 1

/* The id says nothing of the name: that may hold '/', "..", or 128 bytes of anything. */
int dc_volume_id(const char *name, char ret[DC_VOLUME_ID], struct dc_err *err)
{
    char hex[DC_SHA256_HEX];

    if (dc_sha256_hex(name, strlen(name), hex, err) != 0)
        return -1;
    (void)snprintf(ret, DC_VOLUME_ID, "vol-%.32s", hex);
    return 0;
}

bool dc_volume_id_ok(const char *id)
{
    return strlen(id) == 36 && strncmp(id, "vol-", 4) == 0 &&
           strspn(id + 4, "0123456789abcdef") == 32;
}

char *dc_volume_encode(const struct dc_volume *v)
{
    dc_autojson json_t *j =
        json_pack("{si ss ss sI sI ss ss}", "version", VERSION, "id", v->id, "name", v->name,
                  "size", (json_int_t)v->size, "capacity", (json_int_t)v->capacity, "fs", v->fs,
                  "formatting", v->formatting);

    return j ? dc_json_text(j) : NULL;
}

/* A string member into a fixed field; false when it is absent or too long. */
static bool take(const json_t *j, const char *key, char *ret, size_t size)
{
    const char *s = dc_json_str(j, key);

    return s && (size_t)snprintf(ret, size, "%s", s) < size;
}

static int parse(const char *text, json_t **ret, struct dc_err *err)
{
    dc_autojson json_t *j = NULL;

    if (dc_json_parse(text, strlen(text), &j, err) != 0)
        return -1;
    if (dc_json_int(j, "version") != VERSION)
        return dc_fail(err, DC_CORRUPT, 0, "version is %lld, expected %d",
                       (long long)dc_json_int(j, "version"), VERSION);
    *ret = dc_steal(j);
    return 0;
}

int dc_volume_decode(const char *text, struct dc_volume *ret, struct dc_err *err)
{
    dc_autojson json_t *j = NULL;
    struct dc_volume v = {0};

    if (parse(text, &j, err) != 0)
        return dc_wrap(err, "meta.json");
    int64_t size = dc_json_int(j, "size"), capacity = dc_json_int(j, "capacity");
    if (!take(j, "id", v.id, sizeof v.id) || !take(j, "name", v.name, sizeof v.name) ||
        !take(j, "fs", v.fs, sizeof v.fs) ||
        !take(j, "formatting", v.formatting, sizeof v.formatting) || size <= 0 || capacity <= 0)
        return dc_fail(err, DC_CORRUPT, 0, "meta.json: a member is missing or out of range");
    v.size = (uint64_t)size;
    v.capacity = (uint64_t)capacity;
    *ret = v;
    return 0;
}

static void place_clear(struct dc_place *place)
{
    free(place->path);
    *place = (struct dc_place){0};
}

void dc_places_free(struct dc_places *p)
{
    place_clear(&p->staged);
    for (size_t i = 0; i < p->n; i++)
        place_clear(&p->published[i]);
    free(p->published);
    *p = (struct dc_places){0};
}

struct dc_place *dc_places_at(const struct dc_places *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->published[i].path, path) == 0)
            return &p->published[i];
    return NULL;
}

int dc_places_add(struct dc_places *p, const struct dc_place *place, struct dc_err *err)
{
    if (p->n >= DC_PLACES_MAX)
        return dc_fail(err, DC_EXHAUSTED, 0, "the volume has %d targets on this node already",
                       DC_PLACES_MAX);
    struct dc_place *grown = realloc(p->published, (p->n + 1) * sizeof *grown);
    if (!grown)
        return dc_fail(err, DC_NO_MEMORY, 0, "record a target");
    p->published = grown;
    grown[p->n] = *place;
    grown[p->n].path = strdup(place->path);
    if (!grown[p->n].path)
        return dc_fail(err, DC_NO_MEMORY, 0, "record a target");
    p->n++;
    return 0;
}

void dc_places_drop(struct dc_places *p, const char *path)
{
    struct dc_place *place = dc_places_at(p, path);

    if (!place)
        return;
    place_clear(place);
    *place = p->published[--p->n];
}

int dc_places_stage(struct dc_places *p, const struct dc_place *place, struct dc_err *err)
{
    struct dc_place copy = {0};

    if (place) {
        copy = *place;
        copy.path = strdup(place->path);
        if (!copy.path)
            return dc_fail(err, DC_NO_MEMORY, 0, "record a staging path");
    }
    place_clear(&p->staged);
    p->staged = copy;
    return 0;
}

static json_t *place_json(const struct dc_place *place)
{
    return json_pack("{ss sb sb sb ss}", "path", place->path, "block", place->block, "readonly",
                     place->readonly, "manyTargets", place->many_targets, "capability",
                     place->cap);
}

char *dc_places_encode(const struct dc_places *p, const char *boot_id)
{
    dc_autojson json_t *j =
        json_pack("{si ss s[]}", "version", VERSION, "boot", boot_id, "published");

    if (!j)
        return NULL;
    if (p->staged.path && json_object_set_new(j, "staged", place_json(&p->staged)) != 0)
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        if (json_array_append_new(json_object_get(j, "published"),
                                  place_json(&p->published[i])) != 0)
            return NULL;
    return dc_json_text(j);
}

/* A view of one place; path is borrowed from j. */
static int place_read(const json_t *j, struct dc_place *ret, struct dc_err *err)
{
    struct dc_place place = {
        .path = (char *)(uintptr_t)dc_json_str(j, "path"), /* only read, then copied */
        .block = dc_json_bool(j, "block"),
        .readonly = dc_json_bool(j, "readonly"),
        .many_targets = dc_json_bool(j, "manyTargets"),
    };

    if (!place.path || !take(j, "capability", place.cap, sizeof place.cap))
        return dc_fail(err, DC_CORRUPT, 0, "places.json: a member is missing");
    *ret = place;
    return 0;
}

static int places_read(const json_t *j, struct dc_places *p, struct dc_err *err)
{
    const json_t *staged = json_object_get(j, "staged"), *item;
    struct dc_place place;
    size_t i;

    if (staged &&
        (place_read(staged, &place, err) != 0 || dc_places_stage(p, &place, err) != 0))
        return -1;
    json_array_foreach (json_object_get(j, "published"), i, item)
        if (place_read(item, &place, err) != 0 || dc_places_add(p, &place, err) != 0)
            return -1;
    return 0;
}

int dc_places_decode(const char *text, const char *boot_id, struct dc_places *ret,
                     struct dc_err *err)
{
    dc_autojson json_t *j = NULL;
    struct dc_places p = {0};

    if (parse(text, &j, err) != 0)
        return dc_wrap(err, "places.json");
    if (strcmp(dc_json_text_or_empty(j, "boot"), boot_id) == 0 &&
        places_read(j, &p, err) != 0) {
        dc_places_free(&p);
        return -1;
    }
    *ret = p;
    return 0;
}
