// SPDX-License-Identifier: Apache-2.0
/*
 * net/http.c - the life of a request.
 *
 * start -> added to curl -> head lines -> head() -> body()... -> done() -> swept away
 *            ^                  |
 *            +--- next hop -----+  (a redirect: its body is dropped)
 *
 * It may end early because the receiver has enough (done: DC_OK), because curl fails, because
 * nothing comes for too long, because a redirect is refused, or by dc_http_cancel() (no done()).
 */
#include "net/http.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "net/http_err.h"
#include "net/request.h"

enum {
    MAX_REDIRECT_BODY = 64 * 1024, /* beyond, dropping the connection is cheaper   */
    LOOKS_PER_STALL = 4,           /* so a stall is seen within 1.25 times its time */
};

static void req_free(struct dc_http_req *req)
{
    dc_loop_timer_disarm(req->http->loop, &req->stall);
    if (req->easy && req->added)
        curl_multi_remove_handle(req->http->multi, req->easy);
    if (req->easy)
        curl_easy_cleanup(req->easy);
    curl_slist_free_all(req->all);
    curl_slist_free_all(req->plain);
    dc_url_done(&req->url);
    free(req);
}

static void req_free_at(struct dc_http_req **req)
{
    if (*req)
        req_free(*req);
}

static void req_link(struct dc_http_req *req)
{
    struct dc_http *http = req->http;

    req->prev = http->last;
    *(http->last ? &http->last->next : &http->first) = req;
    http->last = req;
}

static void req_unlink(struct dc_http_req *req)
{
    *(req->prev ? &req->prev->next : &req->http->first) = req->next;
    *(req->next ? &req->next->prev : &req->http->last) = req->prev;
}

/* Tell the owner, once; after it the request is only waiting to be swept away. */
static void req_done(struct dc_http_req *req, const struct dc_err *err)
{
    if (req->dead)
        return;
    req->dead = true;
    req->ev.done(req->ev.arg, req->head.say.status, err);
}

/* --- Redirects --- */

static bool is_redirect(const struct dc_http_req *req)
{
    int status = req->head.say.status;

    if (!req->follows || (!req->head.location[0] && !req->head.location_too_long))
        return false;
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The handle is out of curl: point it at the next hop. http_sweep() adds it again. */
static int req_follow(struct dc_http_req *req, struct dc_err *err)
{
    struct dc_url next = {0};

    if (req->redirects >= req->max_redirects)
        return dc_fail(err, DC_REMOTE, 0,
                       "%s redirects again after %u redirects; use the final url",
                       req->url.name, req->redirects);
    if (req->head.location_too_long)
        return dc_fail(err, DC_REMOTE, 0, "%s redirects to a url of more than %zu bytes",
                       req->url.name, sizeof req->head.location - 1);
    if (dc_url_follow(&req->url, req->head.location, &next, err) != 0)
        return -1;
    if (req->url.https && !next.https) {
        (void)dc_fail(err, DC_DENIED, 0,
                      "%s redirects from https to http (%s), which anybody on the way can read "
                      "and change; use an https url",
                      req->url.name, next.name);
        dc_url_done(&next);
        return -1;
    }
    if (!dc_url_same_origin(&req->url, &next))
        http_forget_secrets(req);
    dc_url_done(&req->url);
    req->url = next;
    req->redirects++;
    req->dropped = 0;
    req->detail[0] = '\0';
    req->head = (struct http_head){0};
    return http_setup_url(req, err);
}

/* --- What curl tells --- */

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct dc_http_req *req = arg;
    bool was_complete = req->head.complete;

    req->received += size * n;
    if (req->dead || req->stopped)
        return 0;
    http_head_line(&req->head, line, size * n);
    if (was_complete || !req->head.complete || is_redirect(req))
        return size * n;

    if (req->ev.head && !req->ev.head(req->ev.arg, &req->head.say)) {
        req->stopped = true;
        return 0;
    }
    return size * n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct dc_http_req *req = arg;
    size_t len = size * n;

    if (req->dead || req->stopped)
        return 0;
    if (is_redirect(req)) {
        req->dropped += len;
        return req->dropped <= MAX_REDIRECT_BODY ? len : 0;
    }
    switch (req->ev.body ? req->ev.body(req->ev.arg, data, len) : DC_HTTP_TAKEN) {
    case DC_HTTP_TAKEN:
        req->received += len;
        return len;
    case DC_HTTP_FULL:
        req->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    case DC_HTTP_STOP:
        req->stopped = true;
        return 0;
    }
    return 0;
}

void http_transfer_ended(CURL *easy, CURLcode rc)
{
    struct dc_http_req *req = NULL;
    struct dc_err err = {0};
    long asked = 0;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &req);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &asked); /* 0: never connected */
    curl_multi_remove_handle(req->http->multi, easy);
    req->added = false;
    if (req->dead)
        return;
    if (req->head.complete && is_redirect(req) &&
        (rc == CURLE_OK || req->dropped > MAX_REDIRECT_BODY)) {
        if (req_follow(req, &err) != 0)
            req_done(req, &err);
        return;
    }
    if (rc != CURLE_OK && !req->stopped)
        http_err_set(&err, rc, req->url.name, req->detail, asked > 0);
    req_done(req, &err);
}

/* Give a request to curl; one that cannot be given is done. */
static void req_add(struct dc_http_req *req)
{
    struct dc_err err = {0};

    if (http_multi(req->http, &err) == 0) {
        CURLMcode rc = curl_multi_add_handle(req->http->multi, req->easy);

        if (rc == CURLM_OK) {
            req->added = true;
            return;
        }
        (void)dc_fail(&err, DC_NO_MEMORY, 0, "%s: %s", req->url.name, curl_multi_strerror(rc));
    }
    req_done(req, &err); /* may start others: they stand behind this one */
}

void http_sweep(struct dc_http *http)
{
    struct dc_http_req *next;

    for (struct dc_http_req *req = http->first; req; req = next) {
        if (!req->dead && !http->dying && !http->broken && !req->added)
            req_add(req);
        next = req->next;
        if (req->dead || http->dying) {
            req_unlink(req);
            req_free(req);
        }
    }
}

void http_fail_all(struct dc_http *http, const struct dc_err *err)
{
    for (struct dc_http_req *req = http->first; req; req = req->next) {
        if (req->added)
            req_done(req, err);
    }
}

void http_resume_all(struct dc_http *http)
{
    for (struct dc_http_req *req = http->first; req; req = req->next) {
        if (!req->resume || req->dead)
            continue;
        req->resume = req->paused = false;
        (void)curl_easy_pause(req->easy, CURLPAUSE_CONT); /* a failure ends the transfer */
    }
}

static void stall_fire(struct dc_loop_timer *t)
{
    struct dc_http_req *req = dc_container_of(t, struct dc_http_req, stall);
    struct dc_http *http = req->http;
    uint64_t enough = DC_MAX(req->stall_timeout_s / LOOKS_PER_STALL, 1u);

    if (req->paused || req->received - req->received_before >= enough)
        req->slow_looks = 0;
    else
        req->slow_looks++;
    req->received_before = req->received;
    if (req->slow_looks < LOOKS_PER_STALL) {
        dc_loop_timer_arm(http->loop, t, req->stall_timeout_s * 1000u / LOOKS_PER_STALL);
        return;
    }
    struct dc_err err = {0};
    (void)dc_fail(&err, DC_TIMEOUT, 0,
                  "%s: nothing has come for %u s; the server or the way to it "
                  "is stuck",
                  req->url.name, req->stall_timeout_s);
    http_enter(http);
    req_done(req, &err);
    http_leave(http);
}

/* --- For users --- */

static int req_make(struct dc_http *http, const struct dc_http_spec *spec,
                    const struct dc_http_events *events, struct dc_http_req **ret,
                    struct dc_err *err)
{
    DC_AUTO(req_free_at) struct dc_http_req *req = calloc(1, sizeof *req);

    if (!req)
        return dc_fail(err, DC_NO_MEMORY, 0, "http request");
    req->http = http;
    req->ev = *events;
    req->stall = (struct dc_loop_timer){.fire = stall_fire};
    req->stall_timeout_s = spec->stall_timeout_s;
    req->max_redirects = spec->max_redirects;
    req->follows = spec->max_redirects > 0 && (!spec->method || !strcmp(spec->method, "GET") ||
                                               !strcmp(spec->method, "HEAD"));
    if (dc_url_parse(spec->url, &req->url, err) != 0)
        return -1;
    req->easy = curl_easy_init();
    if (!req->easy)
        return dc_fail(err, DC_NO_MEMORY, 0, "http request");
    if (http_setup(req, spec, err) != 0)
        return -1;
    curl_easy_setopt(req->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(req->easy, CURLOPT_HEADERDATA, req);
    curl_easy_setopt(req->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(req->easy, CURLOPT_WRITEDATA, req);
    *ret = dc_steal(req);
    return 0;
}

int dc_http_start(struct dc_http *http, const struct dc_http_spec *spec,
                  const struct dc_http_events *events, struct dc_http_req **ret,
                  struct dc_err *err)
{
    struct dc_http_req *req = NULL;

    assert(events->done && !http->dying);
    if (http_multi(http, err) != 0 || req_make(http, spec, events, &req, err) != 0)
        return -1;
    if (http->busy == 0) {
        CURLMcode rc = curl_multi_add_handle(http->multi, req->easy);

        if (rc != CURLM_OK) {
            req_free(req);
            return dc_fail(err, DC_NO_MEMORY, 0, "http request: %s", curl_multi_strerror(rc));
        }
        req->added = true;
    }
    req_link(req);
    if (req->stall_timeout_s > 0)
        dc_loop_timer_arm(http->loop, &req->stall,
                          req->stall_timeout_s * 1000u / LOOKS_PER_STALL);
    *ret = req;
    return 0;
}

void dc_http_resume(struct dc_http_req *req)
{
    if (!req->paused || req->resume)
        return;
    req->resume = true;
    dc_loop_timer_arm(req->http->loop, &req->http->defer, 0);
}

void dc_http_cancel(struct dc_http_req *req)
{
    struct dc_http *http = req->http;

    http_enter(http);
    req->dead = true;
    http_leave(http);
}
