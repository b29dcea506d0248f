// SPDX-License-Identifier: Apache-2.0
/*
 * kube/event.c - make an Event, or raise the count of the one that was made before.
 *
 * Each slot is one Event that is remembered by a hash of what makes it the same. What
 * happens again while its request is under way, or too soon after, is only counted; one
 * timer sends the counts later.
 */
#include "kube/event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/transport.h"

#define AGAIN_MS    5000
#define REMEMBERED  2048
#define IN_FLIGHT   64
#define NAME_PREFIX 200 /* an Event's name has 253 bytes at most, ".", 16 digits included */

struct slot {
    struct dc_kube_events *events;
    uint64_t hash; /* of UID, type, reason and message; 0: the slot is free */
    char *ns, *name;
    struct dc_kube_call *call; /* NULL: nothing under way */
    bool made;                 /* the Event exists         */
    uint32_t count, sent;      /* told to us, told to the server */
    int64_t last_ms;           /* wall time of the last one      */
    uint64_t sent_ns;
};

struct dc_kube_events {
    struct dc_kube *kube;
    struct dc_loop *loop;
    struct dc_loop_timer timer; /* counts that wait */
    char *component, *instance;
    uint64_t again_ns;
    void (*failed)(void *arg, const struct dc_err *err);
    void *arg;
    unsigned in_flight;
    uint64_t serial; /* makes names differ */
    size_t n;
    struct slot slots[];
};

static void slot_clear(struct slot *s)
{
    free(s->ns);
    free(s->name);
    *s = (struct slot){.events = s->events};
}

void dc_kube_events_free(struct dc_kube_events *e)
{
    if (!e)
        return;
    dc_loop_timer_disarm(e->loop, &e->timer);
    for (size_t i = 0; i < e->n; i++) {
        dc_kube_cancel(e->slots[i].call);
        slot_clear(&e->slots[i]);
    }
    free(e->component);
    free(e->instance);
    free(e);
}

static void timer_fired(struct dc_loop_timer *t);

int dc_kube_events_new(struct dc_kube *kube, const struct dc_kube_events_spec *spec,
                       struct dc_kube_events **ret, struct dc_err *err)
{
    size_t n = spec->remembered ? spec->remembered : REMEMBERED;
    struct dc_kube_events *e = calloc(1, sizeof *e + n * sizeof e->slots[0]);

    if (!e)
        return dc_fail(err, DC_NO_MEMORY, 0, "recorder of Events");
    e->kube = kube;
    e->loop = dc_kube_transport_of(kube)->loop;
    e->timer.fire = timer_fired;
    e->again_ns = (spec->again_ms ? spec->again_ms : AGAIN_MS) * DC_NS_PER_MS;
    e->failed = spec->failed;
    e->arg = spec->arg;
    e->component = strdup(spec->component);
    e->instance = strdup(spec->instance);
    e->n = n;
    for (size_t i = 0; i < n; i++)
        e->slots[i].events = e;
    if (!e->component || !e->instance) {
        dc_kube_events_free(e);
        return dc_fail(err, DC_NO_MEMORY, 0, "recorder of Events");
    }
    *ret = e;
    return 0;
}

/* --- Sending --- */

static void slot_done(void *arg, const struct dc_kube_reply *reply)
{
    struct slot *s = arg;
    struct dc_kube_events *e = s->events;

    s->call = NULL;
    e->in_flight--;
    if (reply->answer == DC_KUBE_DONE) {
        s->made = true;
        if (s->sent < s->count && !e->timer.armed)
            dc_loop_timer_arm(e->loop, &e->timer, e->again_ns / DC_NS_PER_MS);
        return;
    }
    /* An Event that was counted up has expired (an hour, by default): the next one is new. */
    if (!(s->made && reply->answer == DC_KUBE_NOT_FOUND) && e->failed)
        e->failed(e->arg, &reply->err);
    slot_clear(s);
}

static int slot_send(struct slot *s, enum dc_kube_verb verb, const json_t *body,
                     struct dc_err *err)
{
    const struct dc_kube_request request = {
        .verb = verb,
        .ref = {.kind = DC_KUBE_EVENT,
                .ns = s->ns,
                .name = verb == DC_KUBE_CREATE ? NULL : s->name},
        .body = body,
    };

    if (dc_kube_start(s->events->kube, &request, slot_done, s, &s->call, err) != 0)
        return -1;
    s->events->in_flight++;
    s->sent = s->count;
    s->sent_ns = dc_clock_ns();
    return 0;
}

static int slot_count_up(struct slot *s, struct dc_err *err)
{
    char last[DC_RFC3339_SIZE];

    dc_clock_rfc3339(s->last_ms, false, last);
    dc_autojson json_t *body =
        json_pack("{s:i, s:s}", "count", (int)s->count, "lastTimestamp", last);
    if (!body)
        return dc_fail(err, DC_NO_MEMORY, 0, "Event");
    return slot_send(s, DC_KUBE_MERGE_PATCH, body, err);
}

/* Send what is due, and come again for what is not. */
static void timer_fired(struct dc_loop_timer *t)
{
    struct dc_kube_events *e = dc_container_of(t, struct dc_kube_events, timer);
    uint64_t now = dc_clock_ns();
    bool more = false;

    for (size_t i = 0; i < e->n; i++) {
        struct slot *s = &e->slots[i];
        struct dc_err err = {0};

        if (!s->made || s->call || s->sent == s->count)
            continue;
        if (now - s->sent_ns < e->again_ns || e->in_flight >= IN_FLIGHT) {
            more = true;
            continue;
        }
        if (slot_count_up(s, &err) != 0 && e->failed)
            e->failed(e->arg, &err);
    }
    if (more)
        dc_loop_timer_arm(e->loop, t, DC_MAX(e->again_ns / DC_NS_PER_MS / 4, 1));
}

/* --- What it says --- */

/* FNV-1a: two Events that collide would only share a count. */
static uint64_t hash_add(uint64_t hash, const char *s)
{
    do {
        hash = (hash ^ (unsigned char)*s) * 0x100000001b3ull;
    } while (*s++);
    return hash;
}

/* Cut between characters; whatever is no UTF-8 would make the whole Event unsendable. */
static json_t *message_json(const char *message)
{
    char text[DC_KUBE_EVENT_MESSAGE + 1];
    size_t len = strnlen(message, DC_KUBE_EVENT_MESSAGE + 1);

    if (len > DC_KUBE_EVENT_MESSAGE) {
        len = DC_KUBE_EVENT_MESSAGE - strlen("...");
        while (len > 0 && ((unsigned char)message[len] & 0xc0) == 0x80)
            len--;
        memcpy(text, message, len);
        memcpy(text + len, "...", sizeof "...");
    } else {
        memcpy(text, message, len + 1);
    }
    json_t *j = json_string(text);
    if (j)
        return j;
    for (char *p = text; *p; p++)
        *p = (unsigned char)*p >= 0x80 ? '?' : *p;
    return json_string(text);
}

/* "NAME.HEX": unique, and a valid name when NAME had to be cut. */
static char *event_name(struct dc_kube_events *e, const char *name, int64_t wall_ms)
{
    size_t len = strnlen(name, NAME_PREFIX);

    while (len > 0 && (name[len - 1] == '.' || name[len - 1] == '-'))
        len--;
    return dc_asprintf("%.*s.%" PRIx64, (int)len, name,
                       (uint64_t)wall_ms * 1000000 + e->serial++ % 1000000);
}

static json_t *event_json(const struct slot *s, const json_t *object,
                          enum dc_kube_event_type type, const char *reason, const char *message)
{
    const struct dc_kube_events *e = s->events;
    char now[DC_RFC3339_SIZE];

    dc_clock_rfc3339(s->last_ms, false, now);
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s*, s:s, s:s, s:s*},"
                     " s:s, s:s, s:o, s:{s:s}, s:s, s:s, s:s, s:s, s:i}",
                     "apiVersion", "v1", "kind", "Event",             /* */
                     "metadata", "name", s->name, "namespace", s->ns, /* */
                     "involvedObject", "apiVersion", dc_json_str(object, "apiVersion"), "kind",
                     dc_json_str(object, "kind"), "namespace",
                     dc_json_str(object, "metadata.namespace"), "name",
                     dc_json_str(object, "metadata.name"), "uid",
                     dc_json_str(object, "metadata.uid"), "resourceVersion",
                     dc_json_str(object, "metadata.resourceVersion"), /* */
                     "type", type == DC_KUBE_WARNING ? "Warning" : "Normal", "reason", reason,
                     "message", message_json(message), "source", "component", e->component,
                     "reportingComponent", e->component, "reportingInstance", e->instance,
                     "firstTimestamp", now, "lastTimestamp", now, "count", 1);
}

/* --- Telling --- */

static int check(const json_t *object, const char *reason, struct dc_err *err)
{
    size_t len = strlen(reason);

    if (!dc_json_str(object, "apiVersion") || !dc_json_str(object, "kind") ||
        !dc_json_str(object, "metadata.name") || !dc_json_str(object, "metadata.uid"))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "Event %s: its object needs apiVersion, kind, name and uid", reason);
    if (len == 0 || len >= DC_KUBE_EVENT_REASON)
        return dc_fail(err, DC_BAD_INPUT, 0, "Event: a reason has 1 to %d bytes",
                       DC_KUBE_EVENT_REASON - 1);
    return 0;
}

/* The slot with this hash, else a free one, else the one that was silent for longest. */
static struct slot *slot_for(struct dc_kube_events *e, uint64_t hash)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < e->n; i++) {
        struct slot *s = &e->slots[i];

        if (s->hash == hash)
            return s;
        if (s->call)
            continue;
        if (!best || (best->hash && (!s->hash || s->last_ms < best->last_ms)))
            best = s;
    }
    return best;
}

static int make(struct slot *s, uint64_t hash, const json_t *object,
                enum dc_kube_event_type type, const char *reason, const char *message,
                struct dc_err *err)
{
    const char *ns = dc_json_str(object, "metadata.namespace");

    slot_clear(s);
    s->count = 1;
    s->last_ms = dc_clock_wall_ms();
    /* Events on cluster-scoped objects live in "default". Event validation, v1.36. */
    s->ns = strdup(ns ? ns : "default");
    s->name = event_name(s->events, dc_json_str(object, "metadata.name"), s->last_ms);
    dc_autojson json_t *body =
        s->ns && s->name ? event_json(s, object, type, reason, message) : NULL;
    if (!body)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "Event %s", reason);
    if (!body || slot_send(s, DC_KUBE_CREATE, body, err) != 0) {
        slot_clear(s);
        return -1;
    }
    s->hash = hash;
    return 0;
}

int dc_kube_event(struct dc_kube_events *e, const json_t *object, enum dc_kube_event_type type,
                  const char *reason, const char *message, struct dc_err *err)
{
    uint64_t hash = 0xcbf29ce484222325ull;

    if (check(object, reason, err) != 0)
        return -1;
    hash = hash_add(hash, dc_json_str(object, "metadata.uid"));
    hash = hash_add(hash, type == DC_KUBE_WARNING ? "W" : "N");
    hash = hash_add(hash, reason);
    hash = hash_add(hash, message) | 1; /* 0 is a free slot */

    struct slot *s = slot_for(e, hash);
    if (s && s->hash == hash) {
        s->count++;
        s->last_ms = dc_clock_wall_ms();
        if (!s->call && !e->timer.armed) {
            uint64_t ago = dc_clock_ns() - s->sent_ns;
            dc_loop_timer_arm(e->loop, &e->timer,
                              ago >= e->again_ns ? 0 : (e->again_ns - ago) / DC_NS_PER_MS + 1);
        }
        return 0;
    }
    if (!s || e->in_flight >= IN_FLIGHT)
        return dc_fail(err, DC_BUSY, 0, "Event %s: too many are under way", reason);
    return make(s, hash, object, type, reason, message, err);
}
