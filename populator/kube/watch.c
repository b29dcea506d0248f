// SPDX-License-Identifier: Apache-2.0
/*
 * kube/watch.c - list, then watch, for ever.
 *
 *     LIST --(last page)--> STREAM --(ended)--> STREAM --(410, unreadable)--> LIST
 *       |                      |
 *       +--(failed)--> REST <--+  and back after a while
 *
 * A list asks for the newest state (no resourceVersion), so that a cache never goes back in
 * time behind one of several API servers; its pages continue the same state. Bytes of a
 * watch are gathered in the HTTP callback and read in a timer's, where requests may be
 * started and ended.
 *
 * What goes wrong, and what is done:
 *     connection refused, cut, 5xx, 429    again after a while, from the last resourceVersion
 *     nothing comes for stall_ms           the same, at once; told if there was no answer
 *     410, as a status or as an event      list again
 *     an event that is no JSON, too long   list again: nobody knows what it would have said
 *     an event without name or UID         skipped and told
 *     refused three times in a row         list again: the resourceVersion may be of a state
 *                                          that was lost (etcd restored from a backup)
 */
#include "kube/watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "decant/log.h"
#include "kube/watch_priv.h"

#define STALL_MS        100000
#define LIST_TIMEOUT_MS 60000 /* one page */

static void list_start(struct dc_kube_watch *w, const char *page);

#define TO(s) (1u << WATCH_##s)
static const struct {
    const char *name;
    unsigned may_go_to;
} states[] = {
    [WATCH_LIST] = {"list", TO(STREAM) | TO(REST)},
    [WATCH_STREAM] = {"stream", TO(STREAM) | TO(LIST) | TO(REST)},
    [WATCH_REST] = {"rest", TO(LIST) | TO(STREAM)},
};

void dc_kube_watch_trouble(struct dc_kube_watch *w, const struct dc_err *err)
{
    if (w->events.trouble)
        w->events.trouble(w->events.arg, err);
}

void dc_kube_watch_enter(struct dc_kube_watch *w, enum dc_kube_watch_state next)
{
    uint64_t wait_ms;

    assert(!w->call && !w->req && (states[w->state].may_go_to & (1u << next)));
    dc_debug("kube", "%s: %s -> %s", dc_kube_resource(w->list.ref.kind)->plural,
             states[w->state].name, states[next].name);
    w->state = next;
    switch (next) {
    case WATCH_LIST:
        list_start(w, NULL);
        break;
    case WATCH_STREAM:
        dc_kube_stream_open(w);
        break;
    case WATCH_REST:
        wait_ms = dc_kube_wait_ms(w->failures);
        dc_loop_timer_arm(w->transport->loop, &w->rest_timer,
                          DC_MAX(wait_ms, w->retry_after_s * 1000ull));
        w->failures++;
        break;
    }
}

void dc_kube_watch_rest(struct dc_kube_watch *w, enum dc_kube_watch_state after,
                        const struct dc_err *why)
{
    dc_kube_watch_trouble(w, why);
    w->after_rest = after;
    dc_kube_watch_enter(w, WATCH_REST);
}

static void rest_fired(struct dc_loop_timer *t)
{
    struct dc_kube_watch *w = dc_container_of(t, struct dc_kube_watch, rest_timer);

    w->retry_after_s = 0;
    dc_kube_watch_enter(w, w->after_rest);
}

/* --- LIST --- */

int dc_kube_watch_version(struct dc_kube_watch *w, const json_t *object, struct dc_err *err)
{
    const char *version = dc_json_str(object, "metadata.resourceVersion");

    if (!version)
        return 0;
    char *copy = strdup(version);
    if (!copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "watch");
    free(w->version);
    w->version = copy;
    return 0;
}

/* One page. *ret_page: the next one (borrowed from the reply), NULL after the last. */
static int take_page(struct dc_kube_watch *w, const struct dc_kube_reply *reply,
                     const char **ret_page, struct dc_err *err)
{
    json_t *items = dc_json_at(reply->body, "items");

    if (reply->answer != DC_KUBE_DONE) {
        *err = reply->err;
        return -1;
    }
    if (!json_is_array(items) && !json_is_null(items))
        return dc_fail(err, DC_CORRUPT, 0, "list %s: the answer is no list",
                       dc_kube_resource(w->list.ref.kind)->plural);
    if (dc_kube_cache_list_page(w->cache, items, err) != 0 ||
        dc_kube_watch_version(w, reply->body, err) != 0)
        return -1;
    const char *page = dc_json_str(reply->body, "metadata.continue");
    *ret_page = page && *page ? page : NULL;
    return 0;
}

static void list_finish(struct dc_kube_watch *w)
{
    w->unpaged = false;
    w->refused = 0;
    w->stats.lists++;
    dc_kube_cache_list_commit(w->cache);
    if (!w->synced) {
        w->synced = true;
        if (w->events.synced)
            w->events.synced(w->events.arg);
    }
    dc_kube_watch_enter(w, WATCH_STREAM);
}

static void list_done(void *arg, const struct dc_kube_reply *reply)
{
    struct dc_kube_watch *w = arg;
    const char *page = NULL;
    struct dc_err err = {0};

    w->call = NULL;
    if (take_page(w, reply, &page, &err) == 0) {
        if (page)
            list_start(w, page);
        else
            list_finish(w);
        return;
    }
    if (reply->answer == DC_KUBE_EXPIRED)
        w->unpaged = true;
    dc_kube_watch_rest(w, WATCH_LIST, &err);
}

static void list_start(struct dc_kube_watch *w, const char *page)
{
    struct dc_kube_request request = w->list;
    struct dc_err err = {0};

    request.page = page;
    if (w->unpaged)
        request.limit = UINT32_MAX;
    if ((!page && dc_kube_cache_list_begin(w->cache, &err) != 0) ||
        dc_kube_start(w->kube, &request, list_done, w, &w->call, &err) != 0)
        dc_kube_watch_rest(w, WATCH_LIST, &err);
}

/* --- From outside --- */

static int copy(const char *s, char **ret, const char **ret_field, struct dc_err *err)
{
    if (!s)
        return 0;
    *ret = strdup(s);
    *ret_field = *ret;
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "watch");
}

static int set_up(struct dc_kube_watch *w, const struct dc_kube_watch_spec *spec,
                  const struct dc_kube_watch_events *events, struct dc_err *err)
{
    const struct dc_kube_cache_events told = {.changed = events->changed, .arg = events->arg};
    dc_autofree char *path = NULL;

    w->list = (struct dc_kube_request){
        .verb = DC_KUBE_LIST,
        .ref.kind = spec->kind,
        .limit = spec->page,
        .metadata_only = spec->metadata_only,
        .timeout_ms = LIST_TIMEOUT_MS,
    };
    if (copy(spec->ns, &w->ns, &w->list.ref.ns, err) != 0 ||
        copy(spec->label_selector, &w->label_selector, &w->list.label_selector, err) != 0 ||
        copy(spec->field_selector, &w->field_selector, &w->list.field_selector, err) != 0)
        return -1;
    /* Only to refuse now what could never work. */
    if (dc_kube_path(&w->list.ref, &path, err) != 0)
        return -1;
    return dc_kube_cache_new(spec->kind, spec->trim, &told, &w->cache, err);
}

int dc_kube_watch_start(struct dc_kube *kube, const struct dc_kube_watch_spec *spec,
                        const struct dc_kube_watch_events *events, struct dc_kube_watch **ret,
                        struct dc_err *err)
{
    struct dc_kube_watch *w = calloc(1, sizeof *w);

    if (!w)
        return dc_fail(err, DC_NO_MEMORY, 0, "watch");
    w->kube = kube;
    w->transport = dc_kube_transport_of(kube);
    w->events = *events;
    w->stall_ms = spec->stall_ms ? spec->stall_ms : STALL_MS;
    w->rest_timer.fire = rest_fired;
    w->state = WATCH_REST;
    w->after_rest = WATCH_LIST;
    dc_kube_stream_init(w);
    if (set_up(w, spec, events, err) != 0) {
        dc_kube_watch_stop(w);
        return -1;
    }
    dc_loop_timer_arm(w->transport->loop, &w->rest_timer, 0);
    *ret = w;
    return 0;
}

void dc_kube_watch_stop(struct dc_kube_watch *w)
{
    if (!w)
        return;
    dc_kube_cancel(w->call);
    dc_kube_stream_close(w);
    dc_kube_lines_done(&w->lines);
    dc_loop_timer_disarm(w->transport->loop, &w->rest_timer);
    dc_kube_cache_free(w->cache);
    free(w->version);
    free(w->ns);
    free(w->label_selector);
    free(w->field_selector);
    free(w);
}

const struct dc_kube_cache *dc_kube_watch_cache(const struct dc_kube_watch *w)
{
    return w->cache;
}

bool dc_kube_watch_synced(const struct dc_kube_watch *w)
{
    return w->synced;
}

void dc_kube_watch_stats(const struct dc_kube_watch *w, struct dc_kube_watch_stats *ret)
{
    *ret = w->stats;
}
