// SPDX-License-Identifier: Apache-2.0
/*
 * source/http.c - a GET whose body is pulled, and which goes on after a broken connection.
 *
 *   asking -> flowing -> ended
 *      ^         |
 *      +- waiting+   (backoff, or as long as Retry-After says)
 *
 * The rest is asked for with Range and If-Range, so that two versions of a file are never
 * mixed: a 206 has to begin at the byte that is missing and has to be of the same total; a 200
 * has to have the same validator, and its first bytes are skipped. Without a validator that
 * stands for one version a broken download cannot go on. RFC 9110 sections 8.8.2.2 (dates that
 * do), 13.1.5 (If-Range), 14.2 (Range), 15.3.7 (206).
 *
 * Ways to fail: the status says so (404, 401, 403, other 4xx; 408, 429 and 5xx are tried again),
 * the connection breaks too often, the source is no longer what it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "net/http.h"
#include "net/url.h"
#include "source/http_answer.h"
#include "source/ring.h"
#include "source/source.h"
#include "source/spec.h"

enum {
    MAX_REDIRECTS = 10,
    MAX_RETRY_AFTER_S = 60, /* a server that wants more may ask the owner's retry */
    MIN_BUFFER = 64 * 1024, /* two of what curl hands out fit, or a full ring never drains */
    PROGRESS_BYTES = 1024 * 1024, /* so much in one connection makes the tries start over */
};

enum http_state { HTTP_ASKING, HTTP_FLOWING, HTTP_WAITING, HTTP_ENDED, HTTP_FAILED };

struct source_http {
    struct dc_source src;
    struct dc_loop *loop;
    struct dc_waker waker;
    struct source_spec spec;
    struct dc_source_ways ways;
    char expected[256]; /* ways.validator, copied; "": any */
    char name[DC_URL_NAME];

    struct dc_http *http;
    struct dc_http_req *req; /* while ASKING or FLOWING */
    struct dc_loop_timer retry;
    enum http_state state;
    struct dc_err err; /* FAILED: why; else what this connection must end with */
    uint32_t retry_after_s;

    struct source_ring ring;
    uint64_t got;        /* bytes received into the ring                    */
    uint64_t total;      /* that there are to receive; 0: not told          */
    bool joins;          /* the validator stands for one version: may go on */
    uint64_t skip;       /* bytes of this body that we have already         */
    uint64_t got_before; /* when this connection began                      */
    unsigned tries;      /* failures in a row                               */
    size_t wanted;       /* wake the puller at so many bytes; 0: not asked  */
};

static int http_ask(struct source_http *s, struct dc_err *err);

static bool http_over(const struct source_http *s)
{
    return s->state == HTTP_ENDED || s->state == HTTP_FAILED;
}

/* Never from inside a pull: only the callbacks below come here. */
static void http_wake(struct source_http *s)
{
    if (s->wanted == 0 || (s->ring.len < s->wanted && !http_over(s)))
        return;
    s->wanted = 0;
    s->waker.wake(s->waker.arg);
}

static void http_fail(struct source_http *s, const struct dc_err *err)
{
    s->state = HTTP_FAILED;
    s->err = *err;
    http_wake(s);
}

/* --- A connection has ended too early --- */

static void http_again(struct dc_loop_timer *t)
{
    struct source_http *s = dc_container_of(t, struct source_http, retry);
    struct dc_err err = {0};

    if (http_ask(s, &err) != 0)
        http_fail(s, &err);
}

static uint64_t http_wait_ms(const struct source_http *s)
{
    uint32_t random = UINT32_MAX / 2; /* when the kernel has none, the middle will do */

    (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
    uint64_t ms = dc_backoff_ms(&s->ways.backoff, s->tries, random);
    return DC_MAX(ms, DC_MIN(s->retry_after_s, (uint32_t)MAX_RETRY_AFTER_S) * 1000u);
}

static void http_retry(struct source_http *s, struct dc_err *err)
{
    if (s->got - s->got_before >= PROGRESS_BYTES)
        s->tries = 0;
    if (s->tries >= s->ways.max_tries || s->ways.head_bytes > 0) {
        if (s->tries > 0)
            (void)dc_wrap(err, "gave up after %u tries", s->tries + 1);
        http_fail(s, err);
        return;
    }
    if (s->got > 0 && !s->joins) {
        (void)dc_wrap(err,
                      "the download broke at byte %" PRIu64 " and cannot go on, for the server "
                      "gives neither a strong ETag nor a Last-Modified well before its Date",
                      s->got);
        http_fail(s, err);
        return;
    }
    dc_loop_timer_arm(s->loop, &s->retry, http_wait_ms(s));
    s->state = HTTP_WAITING;
    s->tries++;
    s->src.retries++;
}

/* --- What the connection tells --- */

static bool on_head(void *arg, const struct dc_http_head *head)
{
    struct source_http *s = arg;
    const struct http_wish wish = {.name = s->name,
                                   .got = s->got,
                                   .head_only = s->ways.head_bytes > 0,
                                   .total = s->total,
                                   .validator =
                                       s->src.known ? s->src.info.validator : s->expected};

    s->retry_after_s = head->retry_after_s;
    if (http_answer_check(head, &wish, &s->skip, &s->err) != 0)
        return false;
    if (!s->src.known) {
        http_answer_learn(head, &s->src.info);
        s->src.known = true;
        s->joins = http_answer_joins(head);
        s->total = s->src.info.served_bytes;
    }
    if (s->total == 0 && head->status == 206)
        s->total = head->range_total; /* where the whole did not tell, the rest has to */
    s->state = HTTP_FLOWING;
    return true;
}

static enum dc_http_take on_body(void *arg, const void *data, size_t len)
{
    struct source_http *s = arg;
    size_t skip = DC_MIN(s->skip, len);
    size_t take = len - skip;
    uint64_t limit = s->ways.head_bytes;

    if (limit > 0)
        take = DC_MIN(take, limit - s->got);
    if (!source_ring_put(&s->ring, (const char *)data + skip, take))
        return DC_HTTP_FULL;
    s->skip -= skip;
    s->got += take;
    http_wake(s);
    return limit > 0 && s->got == limit ? DC_HTTP_STOP : DC_HTTP_TAKEN;
}

/* The body has come to its end: is it all that was announced? */
static void http_finish(struct source_http *s)
{
    bool head_only = s->ways.head_bytes > 0 && s->got == s->ways.head_bytes;

    if (s->skip > 0 || (s->total > 0 && s->got < s->total && !head_only)) {
        struct dc_err err = {0};

        (void)dc_fail(&err, DC_REMOTE, 0, "%s ended after %" PRIu64 " of %" PRIu64 " bytes",
                      s->name, s->got, s->total);
        http_retry(s, &err);
        return;
    }
    s->state = HTTP_ENDED;
    http_wake(s);
}

static void on_done(void *arg, int status, const struct dc_err *err)
{
    struct source_http *s = arg;
    struct dc_err why = s->err.kind != DC_OK ? s->err : *err;

    (void)status;
    s->req = NULL;
    dc_err_clear(&s->err);
    if (why.kind == DC_OK)
        http_finish(s);
    else if (why.kind == DC_REMOTE || why.kind == DC_TIMEOUT)
        http_retry(s, &why);
    else
        http_fail(s, &why);
}

static int http_ask(struct source_http *s, struct dc_err *err)
{
    char range[64] = "", if_range[300] = "";
    const char *plain[] = {"Accept-Encoding: identity", NULL, NULL, NULL};
    const struct dc_source_spec *spec = &s->spec.spec;

    if (s->got > 0) {
        snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-", s->got);
        snprintf(if_range, sizeof if_range, "If-Range: %s", s->src.info.validator);
        plain[1] = range;
        plain[2] = if_range;
    } else if (s->ways.head_bytes > 0) {
        snprintf(range, sizeof range, "Range: bytes=0-%" PRIu64, s->ways.head_bytes - 1);
        plain[1] = range;
    }
    const struct dc_http_spec ask = {.url = spec->url,
                                     .headers = spec->headers,
                                     .plain_headers = plain,
                                     .user = spec->user,
                                     .password = spec->password,
                                     .ca_pem = spec->ca_pem,
                                     .stall_timeout_s = s->ways.stall_timeout_s,
                                     .max_redirects = MAX_REDIRECTS,
                                     .use_proxy_env = true,
                                     .large_body = true};
    const struct dc_http_events ev = {
        .head = on_head, .body = on_body, .done = on_done, .arg = s};

    s->state = HTTP_ASKING;
    s->skip = 0;
    s->retry_after_s = 0;
    s->got_before = s->got;
    return dc_http_start(s->http, &ask, &ev, &s->req, err);
}

/* --- The stage --- */

/* Small pieces are held back until they make a whole pull: the format above then copies none. */
static enum dc_pull http_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct source_http *s = (struct source_http *)st;
    size_t enough = DC_MIN(span->cap, s->ring.cap / 2);

    if (s->state == HTTP_FAILED) {
        *err = s->err;
        return DC_PULL_FAIL;
    }
    if (s->ring.len < enough && s->state != HTTP_ENDED) {
        s->wanted = enough;
        return DC_PULL_WAIT;
    }
    if (s->ring.len == 0)
        return DC_PULL_END;

    span->kind = DC_SPAN_DATA;
    span->off = s->src.pulled;
    span->len = source_ring_take(&s->ring, span->buf, span->cap);
    s->src.pulled += span->len;
    if (s->req && s->ring.len <= s->ring.cap / 2)
        dc_http_resume(s->req);
    return DC_PULL_SPAN;
}

static void http_close(struct dc_stage *st)
{
    struct source_http *s = (struct source_http *)st;

    dc_loop_timer_disarm(s->loop, &s->retry);
    dc_http_free(s->http);
    source_ring_done(&s->ring);
    source_spec_done(&s->spec);
    free(s);
}

static const struct dc_stage_ops http_ops = {
    .name = "http",
    .pull = http_pull,
    .close = http_close,
};

static void http_close_at(struct source_http **s)
{
    if (*s)
        http_close(&(*s)->src.st);
}

int dc_source_http_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                        const struct dc_source_ways *ways, struct dc_waker waker,
                        struct dc_source **ret, struct dc_err *err)
{
    DC_AUTO(http_close_at) struct source_http *s = calloc(1, sizeof *s);
    DC_AUTO(dc_url_done) struct dc_url url = {0};

    if (!s)
        return dc_fail(err, DC_NO_MEMORY, 0, "http source");
    *s = (struct source_http){.src.st.ops = &http_ops,
                              .loop = loop,
                              .waker = waker,
                              .ways = *ways,
                              .retry.fire = http_again};
    if (dc_url_parse(spec->url, &url, err) != 0)
        return -1;
    memcpy(s->name, url.name, sizeof s->name);
    if (ways->validator)
        snprintf(s->expected, sizeof s->expected, "%s", ways->validator);
    s->ways.validator = NULL; /* the caller's; ours is in expected */
    if (source_spec_copy(spec, &s->spec, err) != 0 || dc_http_new(loop, &s->http, err) != 0)
        return -1;
    if (source_ring_init(&s->ring, DC_MAX(ways->buffer_bytes, (size_t)MIN_BUFFER)) != 0)
        return dc_fail(err, DC_NO_MEMORY, 0, "receive buffer");
    if (http_ask(s, err) != 0)
        return -1;
    *ret = &dc_steal(s)->src;
    return 0;
}
