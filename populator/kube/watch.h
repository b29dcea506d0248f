// SPDX-License-Identifier: Apache-2.0
/*
 * kube/watch.h - keep a cache of one kind's objects equal to what the API server has.
 *
 *     list (pages of 500, newest state) -> watch from its resourceVersion -> ...
 *
 * A watch that ends (each does after some minutes, jittered) goes on from the last
 * resourceVersion seen, bookmarks included. 410 Gone, or an event that cannot be read: list
 * again and tell the differences, deletions too. A watch that says nothing, not even a
 * bookmark, for stall_ms is left and begun again. Failures are tried again for ever, with back-off and
 * jitter; the cache keeps its last state meanwhile.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "decant/err.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "kube/resource.h"

struct dc_kube_watch;

/* Strings are copied. */
struct dc_kube_watch_spec {
    enum dc_kube_kind kind;
    const char *ns;             /* NULL: all namespaces                                      */
    const char *label_selector; /* NULL: none                                                */
    const char *field_selector; /* NULL: none                                                */
    bool metadata_only;         /* objects have apiVersion, kind and metadata, no more       */
    /*
     * Optional. Take out what is not needed before the object goes into the cache; to be kept:
     * metadata.name, .namespace, .uid and .resourceVersion. managedFields are gone already.
     */
    void (*trim)(json_t *object);
    uint32_t stall_ms; /* 0: 100 s; bookmarks come about once a minute              */
    uint32_t page;     /* objects a page; 0: 500                                    */
};

/* All on the loop's thread, none from inside dc_kube_watch_start(). */
struct dc_kube_watch_events {
    /* Optional. See struct dc_kube_cache_events. */
    void (*changed)(void *arg, enum dc_kube_change change, json_t *old, json_t *now);
    /* Optional. The first list is in the cache, and its objects have been told. Once. */
    void (*synced)(void *arg);
    /*
     * Optional. Something failed that is being tried again: for the log and for health.
     * Not told for ordinary ends. err says what and, for DC_DENIED and DC_NOT_FOUND,
     * what to set right.
     */
    void (*trouble)(void *arg, const struct dc_err *err);
    void *arg;
};

/* kube must outlive the watch. *events is copied. DC_BAD_INPUT, DC_NO_MEMORY. */
int dc_kube_watch_start(struct dc_kube *kube, const struct dc_kube_watch_spec *spec,
                        const struct dc_kube_watch_events *events, struct dc_kube_watch **ret,
                        struct dc_err *err);
/* Ends it and frees the cache. Not from inside one of its callbacks. NULL is allowed. */
void dc_kube_watch_stop(struct dc_kube_watch *watch);

/* Valid as long as the watch. */
const struct dc_kube_cache *dc_kube_watch_cache(const struct dc_kube_watch *watch);
/* The first list is in. It stays true, whatever happens to the connection. */
bool dc_kube_watch_synced(const struct dc_kube_watch *watch);

struct dc_kube_watch_stats {
    uint64_t lists;   /* finished                                           */
    uint64_t watches; /* opened                                             */
    uint64_t events;  /* taken in                                           */
    uint64_t skipped; /* not readable                                       */
    bool connected;   /* a watch is open now                                */
};
void dc_kube_watch_stats(const struct dc_kube_watch *watch, struct dc_kube_watch_stats *ret);
