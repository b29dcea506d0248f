// SPDX-License-Identifier: Apache-2.0
/*
 * kube/cache.h - the objects of one watch, by namespace and name and by UID.
 *
 * Objects are immutable once they are in: a change replaces the object. Whoever needs one for
 * longer than a call takes json_incref(), and then may keep it as the snapshot that it is. All
 * have apiVersion and kind, and none has metadata.managedFields.
 *
 * Belongs to the loop's thread. Readers use the first part; kube/watch.c writes.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "decant/err.h"
#include "kube/resource.h"

struct dc_kube_cache;

/* Borrowed; NULL: not there. ns NULL for cluster-scoped kinds. */
json_t *dc_kube_cache_get(const struct dc_kube_cache *cache, const char *ns, const char *name);
json_t *dc_kube_cache_by_uid(const struct dc_kube_cache *cache, const char *uid);
size_t dc_kube_cache_count(const struct dc_kube_cache *cache);

/*
 * All objects, in no order that means anything:
 *     for (void *it = dc_kube_cache_first(c); it; it = dc_kube_cache_next(c, it))
 *         use(dc_kube_cache_object(it));
 * Only until the loop runs again.
 */
void *dc_kube_cache_first(const struct dc_kube_cache *cache);
void *dc_kube_cache_next(const struct dc_kube_cache *cache, void *it);
json_t *dc_kube_cache_object(void *it);

/* --- For the watch --- */

enum dc_kube_change { DC_KUBE_ADDED, DC_KUBE_MODIFIED, DC_KUBE_DELETED };

struct dc_kube_cache_events {
    /*
     * After the cache has changed. old: NULL when ADDED; now: NULL when DELETED. Both
     * are borrowed for the call. An object that was deleted and made again under its
     * name is DELETED, then ADDED. What a list shows again unchanged (same UID and
     * resourceVersion) is not told.
     */
    void (*changed)(void *arg, enum dc_kube_change change, json_t *old, json_t *now);
    void *arg;
};

/* trim: see kube/watch.h; NULL: none. *events is copied. */
int dc_kube_cache_new(enum dc_kube_kind kind, void (*trim)(json_t *object),
                      const struct dc_kube_cache_events *events, struct dc_kube_cache **ret,
                      struct dc_err *err);
/* No callbacks. NULL is allowed. */
void dc_kube_cache_free(struct dc_kube_cache *cache);

/*
 * One event of a watch. object is changed (trimmed) and kept. DC_CORRUPT: no name or no UID.
 */
int dc_kube_cache_put(struct dc_kube_cache *cache, json_t *object, struct dc_err *err);
int dc_kube_cache_drop(struct dc_kube_cache *cache, json_t *object, struct dc_err *err);

/*
 * A list, page by page: begin, page..., commit. Readers see the old state until commit,
 * which tells all differences, deletions first; begin again forgets the pages so far. A
 * broken item fails (DC_CORRUPT) and the list is to be thrown away.
 */
int dc_kube_cache_list_begin(struct dc_kube_cache *cache, struct dc_err *err);
int dc_kube_cache_list_page(struct dc_kube_cache *cache, json_t *items, struct dc_err *err);
void dc_kube_cache_list_commit(struct dc_kube_cache *cache);
