// SPDX-License-Identifier: Apache-2.0
/*
 * kube/cache.c - the objects of one kind, by name and by UID.
 *
 * Both indexes are jansson objects, which are hash tables that hold references. A list is
 * gathered in a second pair of them, which takes the place of the first at the end: readers
 * see the old state or the new one, never a half. What has not changed is the same object in
 * both.
 */
#include "kube/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

/* "namespace/name" -> object, UID -> object. */
struct indexes {
    json_t *by_name, *by_uid;
};

struct dc_kube_cache {
    void (*trim)(json_t *object);
    struct dc_kube_cache_events events;
    struct indexes now, list;   /* list: NULL unless one is being taken in */
    json_t *api_version, *kind; /* one string each, shared by all objects */
};

static void indexes_done(struct indexes *x)
{
    json_decref(x->by_name);
    json_decref(x->by_uid);
    *x = (struct indexes){0};
}

static int indexes_init(struct indexes *x, struct dc_err *err)
{
    *x = (struct indexes){.by_name = json_object(), .by_uid = json_object()};
    if (x->by_name && x->by_uid)
        return 0;
    indexes_done(x);
    return dc_fail(err, DC_NO_MEMORY, 0, "cache");
}

int dc_kube_cache_new(enum dc_kube_kind kind, void (*trim)(json_t *object),
                      const struct dc_kube_cache_events *events, struct dc_kube_cache **ret,
                      struct dc_err *err)
{
    struct dc_kube_cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return dc_fail(err, DC_NO_MEMORY, 0, "cache");
    cache->trim = trim;
    cache->events = *events;
    cache->api_version = json_string(dc_kube_resource(kind)->api_version);
    cache->kind = json_string(dc_kube_resource(kind)->kind);
    if (!cache->api_version || !cache->kind)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "cache");
    if (err->kind != DC_OK || indexes_init(&cache->now, err) != 0) {
        dc_kube_cache_free(cache);
        return -1;
    }
    *ret = cache;
    return 0;
}

void dc_kube_cache_free(struct dc_kube_cache *cache)
{
    if (!cache)
        return;
    indexes_done(&cache->now);
    indexes_done(&cache->list);
    json_decref(cache->api_version);
    json_decref(cache->kind);
    free(cache);
}

/* --- Reading --- */

static char *key_of(const char *ns, const char *name)
{
    return dc_asprintf("%s/%s", ns ? ns : "", name);
}

json_t *dc_kube_cache_get(const struct dc_kube_cache *cache, const char *ns, const char *name)
{
    dc_autofree char *key = key_of(ns, name);

    return key ? json_object_get(cache->now.by_name, key) : NULL;
}

json_t *dc_kube_cache_by_uid(const struct dc_kube_cache *cache, const char *uid)
{
    return json_object_get(cache->now.by_uid, uid);
}

size_t dc_kube_cache_count(const struct dc_kube_cache *cache)
{
    return json_object_size(cache->now.by_name);
}

void *dc_kube_cache_first(const struct dc_kube_cache *cache)
{
    return json_object_iter(cache->now.by_name);
}

void *dc_kube_cache_next(const struct dc_kube_cache *cache, void *it)
{
    return json_object_iter_next(cache->now.by_name, it);
}

json_t *dc_kube_cache_object(void *it)
{
    return json_object_iter_value(it);
}

/* --- Writing --- */

static const char *uid_of(const json_t *object)
{
    return dc_json_text_or_empty(object, "metadata.uid");
}

static bool same_uid(const json_t *a, const json_t *b)
{
    return strcmp(uid_of(a), uid_of(b)) == 0;
}

static bool same_version(const json_t *a, const json_t *b)
{
    return same_uid(a, b) && strcmp(dc_json_text_or_empty(a, "metadata.resourceVersion"),
                                    dc_json_text_or_empty(b, "metadata.resourceVersion")) == 0;
}

/* The key under which object stands. *ret is the caller's to free(). */
static int identify(const json_t *object, char **ret, struct dc_err *err)
{
    const char *name = dc_json_str(object, "metadata.name");

    if (!name || !*uid_of(object))
        return dc_fail(err, DC_CORRUPT, 0, "an object without a name or without a UID");
    *ret = key_of(dc_json_str(object, "metadata.namespace"), name);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "cache");
}

/* Items of a list come without apiVersion and kind. */
static int prepare(struct dc_kube_cache *cache, json_t *object, struct dc_err *err)
{
    (void)json_object_del(dc_json_at(object, "metadata"), "managedFields"); /* may be absent */
    if (cache->trim)
        cache->trim(object);
    if (json_object_set(object, "apiVersion", cache->api_version) != 0 ||
        json_object_set(object, "kind", cache->kind) != 0)
        return dc_fail(err, DC_NO_MEMORY, 0, "cache");
    return 0;
}

static void indexes_remove(struct indexes *x, const char *key, const json_t *object)
{
    (void)json_object_del(x->by_uid, uid_of(object));
    (void)json_object_del(x->by_name, key);
}

static int indexes_add(struct indexes *x, const char *key, json_t *object, struct dc_err *err)
{
    if (json_object_set(x->by_name, key, object) == 0 &&
        json_object_set(x->by_uid, uid_of(object), object) == 0)
        return 0;
    indexes_remove(x, key, object);
    return dc_fail(err, DC_NO_MEMORY, 0, "cache");
}

static void tell(struct dc_kube_cache *cache, enum dc_kube_change change, json_t *old,
                 json_t *now)
{
    if (cache->events.changed)
        cache->events.changed(cache->events.arg, change, old, now);
}

int dc_kube_cache_put(struct dc_kube_cache *cache, json_t *object, struct dc_err *err)
{
    dc_autofree char *key = NULL;

    if (identify(object, &key, err) != 0)
        return -1;
    dc_autojson json_t *old = json_incref(json_object_get(cache->now.by_name, key));
    if (old && same_version(old, object))
        return 0;
    if (prepare(cache, object, err) != 0)
        return -1;
    if (old && !same_uid(old, object)) {
        indexes_remove(&cache->now, key, old);
        tell(cache, DC_KUBE_DELETED, old, NULL);
        json_decref(old);
        old = NULL;
    }
    if (indexes_add(&cache->now, key, object, err) != 0)
        return -1;
    tell(cache, old ? DC_KUBE_MODIFIED : DC_KUBE_ADDED, old, object);
    return 0;
}

int dc_kube_cache_drop(struct dc_kube_cache *cache, json_t *object, struct dc_err *err)
{
    dc_autofree char *key = NULL;

    if (identify(object, &key, err) != 0)
        return -1;
    dc_autojson json_t *old = json_incref(json_object_get(cache->now.by_name, key));
    if (!old || !same_uid(old, object))
        return 0; /* that one was never seen, or its successor is here already */
    indexes_remove(&cache->now, key, old);
    tell(cache, DC_KUBE_DELETED, old, NULL);
    return 0;
}

int dc_kube_cache_list_begin(struct dc_kube_cache *cache, struct dc_err *err)
{
    indexes_done(&cache->list);
    return indexes_init(&cache->list, err);
}

static int take_item(struct dc_kube_cache *cache, json_t *item, struct dc_err *err)
{
    dc_autofree char *key = NULL;

    if (identify(item, &key, err) != 0)
        return -1;
    json_t *old = json_object_get(cache->now.by_name, key);
    if (old && same_version(old, item))
        return indexes_add(&cache->list, key, old, err);
    if (prepare(cache, item, err) != 0)
        return -1;
    return indexes_add(&cache->list, key, item, err);
}

int dc_kube_cache_list_page(struct dc_kube_cache *cache, json_t *items, struct dc_err *err)
{
    json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        if (take_item(cache, item, err) != 0)
            return dc_wrap(err, "item %zu of a list", i);
    }
    return 0;
}

void dc_kube_cache_list_commit(struct dc_kube_cache *cache)
{
    DC_AUTO(indexes_done) struct indexes old = cache->now;
    const char *key;
    json_t *object;

    cache->now = cache->list;
    cache->list = (struct indexes){0};
    json_object_foreach (old.by_name, key, object) {
        json_t *now = json_object_get(cache->now.by_name, key);

        if (!now || !same_uid(now, object))
            tell(cache, DC_KUBE_DELETED, object, NULL);
    }
    json_object_foreach (cache->now.by_name, key, object) {
        json_t *was = json_object_get(old.by_name, key);

        if (was == object)
            continue;
        if (was && same_uid(was, object))
            tell(cache, DC_KUBE_MODIFIED, was, object);
        else
            tell(cache, DC_KUBE_ADDED, NULL, object);
    }
}
