// SPDX-License-Identifier: Apache-2.0
/* kube/watch_stream.c - one open watch: from its first byte to what its end means. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/request.h"
#include "kube/status.h"
#include "kube/watch_priv.h"

#define EVENT_MAX      (8 * DC_MIB)  /* an object has 1.5 MiB at most, and its JSON is larger */
#define REFUSAL_MAX    (64 * DC_KIB) /* of a Status */
#define WATCH_MIN_S    240u          /* the server ends a watch after this, ...               */
#define WATCH_JITTER_S 240u          /* ... and up to so much, lest all end at the same time  */
#define SHORT_MS       1000          /* a watch that ends sooner has failed, whatever it says */
#define LIST_AFTER     3u            /* refused watches in a row */

/* What is to happen after some bytes were read, or when a watch has ended. */
enum verdict { GO_ON, WATCH_AGAIN, LIST_AGAIN };

/* The server ends the watch with a Status: 410, or some trouble of its own. */
static enum verdict take_error(struct dc_kube_watch *w, const json_t *status,
                               struct dc_err *err)
{
    const struct dc_kube_asked asked = {.verb = "watch", .ref = w->list.ref};
    int code = (int)dc_json_int(status, "code");

    if (code == 410)
        return LIST_AGAIN;
    w->refused++;
    (void)dc_kube_status_fail(&asked, code < 400 ? 500 : code, status, err);
    return WATCH_AGAIN;
}

static int take_object(struct dc_kube_watch *w, const char *type, json_t *object,
                       struct dc_err *err)
{
    if (dc_kube_watch_version(w, object, err) != 0)
        return -1;
    if (strcmp(type, "BOOKMARK") == 0)
        return 0;
    if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
        return dc_kube_cache_put(w->cache, object, err);
    if (strcmp(type, "DELETED") == 0)
        return dc_kube_cache_drop(w->cache, object, err);
    return dc_fail(err, DC_CORRUPT, 0, "an event of unknown type \"%.32s\"", type);
}

static enum verdict take_line(struct dc_kube_watch *w, const char *line, size_t len,
                              struct dc_err *err)
{
    const char *plural = dc_kube_resource(w->list.ref.kind)->plural;
    dc_autojson json_t *event = NULL;

    if (dc_json_parse(line, len, &event, err) != 0) {
        w->stats.skipped++;
        (void)dc_wrap(err, "watch %s: an event", plural);
        return LIST_AGAIN;
    }
    const char *type = dc_json_text_or_empty(event, "type");
    json_t *object = dc_json_at(event, "object");

    if (strcmp(type, "ERROR") == 0)
        return take_error(w, object, err);
    w->refused = 0;
    if (take_object(w, type, object, err) == 0) {
        w->stats.events++;
        return GO_ON;
    }
    w->stats.skipped++;
    (void)dc_wrap(err, "watch %s", plural);
    if (err->kind != DC_CORRUPT)
        return LIST_AGAIN;
    dc_kube_watch_trouble(w, err);
    dc_err_clear(err);
    return GO_ON;
}

/* All whole lines, up to the one that ends the watch. */
static enum verdict read_lines(struct dc_kube_watch *w, struct dc_err *err)
{
    enum verdict verdict = GO_ON;
    const char *line;
    size_t len;

    if (w->status != 200)
        return GO_ON; /* the body of a refusal: stream_refused() reads it */
    while (verdict == GO_ON) {
        line = dc_kube_lines_next(&w->lines, &len);
        if (!line)
            break;
        if (len > 0)
            verdict = take_line(w, line, len, err);
    }
    return verdict;
}

void dc_kube_stream_close(struct dc_kube_watch *w)
{
    if (w->req)
        dc_http_cancel(dc_steal(w->req));
    dc_loop_timer_disarm(w->transport->loop, &w->read_timer);
    dc_loop_timer_disarm(w->transport->loop, &w->stall_timer);
    w->stats.connected = false;
    w->full = false;
}

static uint64_t ms_since(uint64_t then_ns)
{
    return (dc_clock_ns() - then_ns) / DC_NS_PER_MS;
}

/* The watch is over: *err is DC_OK when the server ended it in order. */
static void stream_over(struct dc_kube_watch *w, enum verdict verdict, struct dc_err *err)
{
    uint64_t lived_ms = w->status == 200 ? ms_since(w->opened_ns) : 0;
    enum dc_kube_watch_state next = verdict == LIST_AGAIN ? WATCH_LIST : WATCH_STREAM;

    dc_kube_stream_close(w);
    if (w->refused >= LIST_AFTER)
        next = WATCH_LIST;
    if (lived_ms >= SHORT_MS)
        w->failures = 0;
    if (err->kind == DC_OK && (lived_ms >= SHORT_MS || (next == WATCH_LIST && !w->failures))) {
        /* So that a server which says 410 every time is not asked without a rest. */
        w->failures += next == WATCH_LIST;
        dc_kube_watch_enter(w, next);
        return;
    }
    if (err->kind == DC_OK)
        (void)dc_fail(err, DC_UNAVAILABLE, 0,
                      "watch %s: ended by the server after %" PRIu64 " ms",
                      dc_kube_resource(w->list.ref.kind)->plural, lived_ms);
    dc_kube_watch_rest(w, next, err);
}

/* The server answered the watch with something else than 200. */
static enum verdict stream_refused(struct dc_kube_watch *w, struct dc_err *err)
{
    const struct dc_kube_asked asked = {.verb = "watch", .ref = w->list.ref};
    dc_autojson json_t *status = NULL;
    struct dc_err ignored = {0}; /* a proxy's answer in HTML: the code says enough */
    size_t len = 0;
    const char *text = dc_kube_lines_rest(&w->lines, &len);

    if (w->status == 410)
        return LIST_AGAIN;
    (void)dc_json_parse(text, len, &status, &ignored);
    w->refused += w->status != 429 && w->status != 503;
    (void)dc_kube_status_fail(&asked, w->status, status, err);
    return WATCH_AGAIN;
}

static void http_done(void *arg, int status, const struct dc_err *why)
{
    struct dc_kube_watch *w = arg;
    struct dc_err err = {0};

    w->req = NULL;
    w->status = status;
    enum verdict verdict = read_lines(w, &err);
    if (verdict == GO_ON && why->kind != DC_OK)
        (void)dc_fail(&err, DC_UNAVAILABLE, 0, "watch %s: %s",
                      dc_kube_resource(w->list.ref.kind)->plural, why->msg);
    else if (verdict == GO_ON && status != 200)
        verdict = stream_refused(w, &err);
    if (status == 401)
        dc_kube_token_distrust(&w->transport->token);
    stream_over(w, verdict, &err);
}

static bool http_head(void *arg, const struct dc_http_head *head)
{
    struct dc_kube_watch *w = arg;

    w->status = head->status;
    w->retry_after_s = head->retry_after_s;
    w->opened_ns = w->heard_ns = dc_clock_ns();
    if (head->status == 200) {
        w->stats.watches++;
        w->stats.connected = true;
    }
    return true;
}

static enum dc_http_take http_body(void *arg, const void *data, size_t len)
{
    struct dc_kube_watch *w = arg;

    w->heard_ns = dc_clock_ns();
    if (w->status != 200 && w->lines.buf.len + len > REFUSAL_MAX)
        return DC_HTTP_STOP;
    dc_loop_timer_arm(w->transport->loop, &w->read_timer, 0);
    switch (dc_kube_lines_add(&w->lines, data, len)) {
    case DC_KUBE_LINES_TAKEN:
        return DC_HTTP_TAKEN;
    case DC_KUBE_LINES_FULL:
        w->full = true;
        return DC_HTTP_FULL;
    case DC_KUBE_LINES_NO_MEMORY:
        break;
    }
    return DC_HTTP_STOP;
}

static void read_fired(struct dc_loop_timer *t)
{
    struct dc_kube_watch *w = dc_container_of(t, struct dc_kube_watch, read_timer);
    struct dc_err err = {0};
    enum verdict verdict = read_lines(w, &err);

    if (verdict == GO_ON && w->full && w->lines.at == 0) {
        (void)dc_fail(&err, DC_CORRUPT, 0, "watch %s: an event of more than %llu MiB",
                      dc_kube_resource(w->list.ref.kind)->plural, EVENT_MAX / DC_MIB);
        verdict = LIST_AGAIN;
    }
    if (verdict != GO_ON) {
        stream_over(w, verdict, &err);
        return;
    }
    if (w->full) {
        w->full = false;
        dc_http_resume(w->req);
    }
}

/*
 * Not even a bookmark came. A server sends none for a kind that nobody has written since it was
 * started, so this may be ordinary; or the other end is gone, or a middle box has forgotten us.
 * Watching again is cheap, and tells which. Trouble is only a watch without an answer.
 */
static void stall_fired(struct dc_loop_timer *t)
{
    struct dc_kube_watch *w = dc_container_of(t, struct dc_kube_watch, stall_timer);
    uint64_t quiet_ms = ms_since(w->heard_ns);
    struct dc_err err = {0};

    if (quiet_ms < w->stall_ms) {
        dc_loop_timer_arm(w->transport->loop, t, w->stall_ms - quiet_ms);
        return;
    }
    bool answered = w->status == 200;
    dc_kube_stream_close(w);
    if (!answered) {
        (void)dc_fail(&err, DC_TIMEOUT, 0, "watch %s: no answer for %" PRIu64 " ms",
                      dc_kube_resource(w->list.ref.kind)->plural, quiet_ms);
        dc_kube_watch_trouble(w, &err);
    }
    dc_kube_watch_enter(w, WATCH_STREAM);
}

void dc_kube_stream_open(struct dc_kube_watch *w)
{
    const struct dc_http_events events = {
        .head = http_head, .body = http_body, .done = http_done, .arg = w};
    dc_autofree char *path = NULL;
    struct dc_err err = {0};
    struct dc_kube_send send = {
        .method = "GET",
        .accept = w->list.metadata_only ? DC_KUBE_ACCEPT_META : DC_KUBE_ACCEPT,
    };

    w->status = 0;
    w->heard_ns = dc_clock_ns();
    dc_kube_lines_reset(&w->lines);
    if (dc_kube_watch_path(&w->list, w->version,
                           WATCH_MIN_S + arc4random_uniform(WATCH_JITTER_S), &path,
                           &err) != 0) {
        dc_kube_watch_rest(w, WATCH_STREAM, &err);
        return;
    }
    send.path = path;
    if (dc_kube_transport_send(w->transport, &send, &events, &w->req, &err) != 0) {
        dc_kube_watch_rest(w, WATCH_STREAM, &err);
        return;
    }
    dc_loop_timer_arm(w->transport->loop, &w->stall_timer, w->stall_ms);
}

void dc_kube_stream_init(struct dc_kube_watch *w)
{
    w->lines = DC_KUBE_LINES(EVENT_MAX);
    w->read_timer.fire = read_fired;
    w->stall_timer.fire = stall_fired;
}
