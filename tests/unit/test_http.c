// SPDX-License-Identifier: Apache-2.0
/* unit/test_http.c - requests against a server that does as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"
#include "lib/http_server.h"
#include "net/http.h"

/* One request under way and what has come of it. */
struct fetch {
    struct dc_loop *loop;
    struct dc_http *http;
    struct dc_http_req *req;
    char body[4096];
    size_t len, heads;
    int head_status, status;
    struct dc_err err;
    bool done, refuse_head;
    enum dc_http_take answer; /* to the first body() */
    struct fetch *cancels;    /* from inside body()  */
    bool frees;               /* the client, from inside done() */
};

static bool on_head(void *arg, const struct dc_http_head *head)
{
    struct fetch *f = arg;

    f->heads++;
    f->head_status = head->status;
    return !f->refuse_head;
}

static enum dc_http_take on_body(void *arg, const void *data, size_t len)
{
    struct fetch *f = arg;
    enum dc_http_take answer = f->answer;

    if (f->cancels) {
        dc_http_cancel(f->cancels->req);
        f->cancels = NULL;
    }
    f->answer = DC_HTTP_TAKEN;
    if (answer != DC_HTTP_TAKEN)
        return answer;
    if (f->len + len <= sizeof f->body)
        memcpy(f->body + f->len, data, len);
    f->len += len;
    return DC_HTTP_TAKEN;
}

static void on_done(void *arg, int status, const struct dc_err *err)
{
    struct fetch *f = arg;

    assert_false(f->done);
    f->done = true;
    f->status = status;
    f->err = *err;
    if (f->frees)
        dc_http_free(f->http);
}

static void fetch_open(struct fetch *f)
{
    struct dc_err err = {0};

    assert_int_equal(dc_loop_new(&f->loop, &err), 0);
    assert_int_equal(dc_http_new(f->loop, &f->http, &err), 0);
}

static void fetch_close(struct fetch *f)
{
    dc_http_free(f->http);
    dc_loop_free(f->loop);
}

static void fetch_start(struct fetch *f, const struct dc_http_spec *spec)
{
    const struct dc_http_events ev = {
        .head = on_head, .body = on_body, .done = on_done, .arg = f};
    struct dc_err err = {0};

    f->done = false;
    f->len = f->heads = 0;
    f->err = err;
    assert_int_equal(dc_http_start(f->http, spec, &ev, &f->req, &err), 0);
}

static void fetch_turn(struct fetch *f, int ms)
{
    struct dc_err err = {0};

    assert_int_equal(dc_loop_step(f->loop, ms, &err), 0);
}

static void fetch_wait(struct fetch *f)
{
    uint64_t end = dc_clock_ns() + 10 * DC_NS_PER_S;

    while (!f->done && dc_clock_ns() < end)
        fetch_turn(f, 1000);
    assert_true(f->done);
}

static void gets_a_body(void **state)
{
    static const struct t_reply script[] = {{.body = "hello", .len = 5},
                                            {.body = "hello", .len = 5, .chunked = true},
                                            {.body = "hello", .len = 5, .no_length = true},
                                            {.body = "hello", .len = 5, .fragment = 1},
                                            {.status = 404, .body = "gone", .len = 4}};
    struct t_server *s = t_server_start(script, DC_LEN(script));
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    for (size_t i = 0; i < 4; i++) {
        fetch_start(&f,
                    &(struct dc_http_spec){.url = t_server_url(s, "/x"), .large_body = i % 2});
        fetch_wait(&f);
        assert_int_equal(f.err.kind, DC_OK);
        assert_int_equal(f.status, 200);
        assert_int_equal(f.len, 5);
        assert_memory_equal(f.body, "hello", 5);
        assert_int_equal(f.heads, 1);
    }
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK); /* any status is an answer */
    assert_int_equal(f.status, 404);
    fetch_close(&f);
    t_server_stop(s);
}

static void sends_what_it_is_told(void **state)
{
    static const struct t_reply script[] = {{.body = "", .len = 0}};
    struct t_server *s = t_server_start(script, 1);
    const char *const extra[] = {"X-Secret: 1", NULL};
    const char *const plain[] = {"Range: bytes=5-", NULL};
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"),
                                           .method = "PATCH",
                                           .body = "{}",
                                           .body_len = 2,
                                           .headers = extra,
                                           .plain_headers = plain,
                                           .bearer = "tok"});
    fetch_wait(&f);
    const char *head = t_server_request(s, 0);
    assert_true(strncmp(head, "PATCH /x HTTP/1.1\r\n", 19) == 0);
    assert_non_null(strstr(head, "\r\nX-Secret: 1\r\n"));
    assert_non_null(strstr(head, "\r\nRange: bytes=5-\r\n"));
    assert_non_null(strstr(head, "\r\nAuthorization: Bearer tok\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Length: 2\r\n"));
    assert_null(strstr(head, "Expect"));
    fetch_close(&f);
    t_server_stop(s);
}

static void refuses_split_headers_and_bad_urls(void **state)
{
    const char *const split[] = {"X: 1\r\nHost: evil", NULL};
    const struct dc_http_events ev = {.done = on_done};
    struct dc_err err = {0};
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    assert_int_equal(dc_http_start(f.http,
                                   &(struct dc_http_spec){.url = "http://a/", .headers = split},
                                   &ev, &f.req, &err),
                     -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_err_clear(&err);
    assert_int_equal(
        dc_http_start(f.http, &(struct dc_http_spec){.url = "gopher://a/"}, &ev, &f.req, &err),
        -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    fetch_close(&f);
}

static void a_redirect_home_keeps_secrets(void **state)
{
    static const struct t_reply script[] = {
        {.status = 302, .headers = "Location: /next\r\n", .body = "moved", .len = 5},
        {.body = "here", .len = 4}};
    struct t_server *s = t_server_start(script, DC_LEN(script));
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/a/b"),
                                           .user = "u",
                                           .password = "p",
                                           .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.heads, 1);
    assert_memory_equal(f.body, "here", 4);
    assert_non_null(strstr(t_server_request(s, 1), "GET /next "));
    assert_non_null(strstr(t_server_request(s, 1), "Authorization: Basic "));
    fetch_close(&f);
    t_server_stop(s);
}

/* From server a to server b and back to a: what was given for a is seen by neither any more. */
static void secrets_never_leave_home(void **state)
{
    char to_b[128], to_a[128];
    struct t_reply script_a[] = {{.status = 307, .headers = to_b}, {.body = "end", .len = 3}};
    struct t_reply script_b[] = {{.status = 308, .headers = to_a}};
    struct t_server *a = t_server_start(script_a, 2), *b = t_server_start(script_b, 1);
    const char *const extra[] = {"X-Secret: 1", NULL};
    const char *const plain[] = {"Range: bytes=0-", NULL};
    struct fetch f = {0};

    (void)state;
    snprintf(to_b, sizeof to_b, "Location: %s\r\n", t_server_url(b, "/b"));
    snprintf(to_a, sizeof to_a, "Location: %s\r\n", t_server_url(a, "/a2"));
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(a, "/a"),
                                           .user = "u",
                                           .password = "p",
                                           .headers = extra,
                                           .plain_headers = plain,
                                           .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    const char *seen[] = {t_server_request(b, 0), t_server_request(a, 1)};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(seen[i]);
        assert_null(strstr(seen[i], "Authorization"));
        assert_null(strstr(seen[i], "X-Secret"));
        assert_non_null(strstr(seen[i], "Range: bytes=0-"));
    }
    assert_non_null(strstr(t_server_request(a, 0), "Authorization: Basic"));
    fetch_close(&f);
    t_server_stop(a);
    t_server_stop(b);
}

/* A redirect's own body is of no interest, least of all one that never ends. */
static void a_redirect_with_a_long_body_is_left(void **state)
{
    static char big[400000];
    static const struct t_reply script[] = {{.status = 302,
                                             .headers = "Location: /next\r\n",
                                             .body = big,
                                             .len = sizeof big,
                                             .stall = true,
                                             .stall_after = 300000},
                                            {.body = "here", .len = 4}};
    struct t_server *s = t_server_start(script, DC_LEN(script));
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"),
                                           .stall_timeout_s = 1,
                                           .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.len, 4);
    assert_memory_equal(f.body, "here", 4);
    fetch_close(&f);
    t_server_stop(s);
}

static void redirects_are_bounded_and_optional(void **state)
{
    static const struct t_reply round[] = {{.status = 301, .headers = "Location: /x\r\n"}};
    static const struct t_reply file[] = {
        {.status = 302, .headers = "Location: file:///etc/passwd\r\n"}};
    struct t_server *s = t_server_start(round, 1), *t = t_server_start(file, 1);
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"), .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_REMOTE);
    assert_int_equal(t_server_requests(s), 4);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.status, 301);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(t, "/x"), .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_BAD_INPUT);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"),
                                           .method = "POST",
                                           .body = "",
                                           .max_redirects = 3});
    fetch_wait(&f);
    assert_int_equal(f.status, 301); /* a POST is not repeated elsewhere */
    fetch_close(&f);
    t_server_stop(s);
    t_server_stop(t);
}

static void failures_have_kinds_and_texts(void **state)
{
    static const struct t_reply script[] = {
        {.body = "half", .len = 4, .more_length = 4},
        {.silent = true},
        {.body = "abcd", .len = 4, .chunked = true, .cut = true, .cut_after = 2},
    };
    static const char *const text[] = {"too early", "without an answer", ""};
    struct t_server *s = t_server_start(script, DC_LEN(script));
    char gone[256];
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    for (size_t i = 0; i < DC_LEN(script); i++) {
        fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x?sig=secret")});
        fetch_wait(&f);
        assert_int_equal(f.err.kind, DC_REMOTE);
        assert_non_null(strstr(f.err.msg, text[i]));
        assert_non_null(strstr(f.err.msg, "127.0.0.1/x"));
        assert_null(strstr(f.err.msg, "secret"));
    }
    snprintf(gone, sizeof gone, "%s", t_server_url(s, "/x"));
    t_server_stop(s);
    fetch_start(&f, &(struct dc_http_spec){.url = gone});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_REMOTE);
    assert_non_null(strstr(f.err.msg, "check that the server runs"));
    assert_int_equal(f.status, 0);
    fetch_close(&f);
}

static void stalls_and_timeouts(void **state)
{
    static const struct t_reply script[] = {
        {.body = "abcd", .len = 4, .stall = true, .stall_after = 2}};
    struct t_server *s = t_server_start(script, 1);
    struct fetch f = {0};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"), .stall_timeout_s = 1});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_TIMEOUT);
    assert_int_equal(f.len, 2);
    fetch_start(&f,
                &(struct dc_http_spec){.url = t_server_url(s, "/x"), .total_timeout_ms = 50});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_TIMEOUT);
    fetch_close(&f);
    t_server_stop(s);
}

/* A receiver that is full for longer than the stall timeout is nobody's fault. */
static void a_full_receiver_is_no_stall(void **state)
{
    static char big[300000];
    static const struct t_reply script[] = {{.body = big, .len = sizeof big}};
    struct t_server *s = t_server_start(script, 1);
    struct fetch f = {.answer = DC_HTTP_FULL};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x"),
                                           .stall_timeout_s = 1,
                                           .large_body = true});
    uint64_t end = dc_clock_ns() + 1600 * DC_NS_PER_MS;
    while (dc_clock_ns() < end)
        fetch_turn(&f, 50);
    assert_false(f.done);
    assert_int_equal(f.len, 0);
    dc_http_resume(f.req);
    dc_http_resume(f.req);
    assert_int_equal(f.len, 0); /* never from inside the call */
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.len, sizeof big);
    fetch_close(&f);
    t_server_stop(s);
}

static void the_receiver_may_stop(void **state)
{
    static const struct t_reply script[] = {{.body = "abcd", .len = 4}};
    struct t_server *s = t_server_start(script, 1);
    struct fetch f = {.answer = DC_HTTP_STOP};

    (void)state;
    fetch_open(&f);
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.status, 200);
    f.refuse_head = true;
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_int_equal(f.err.kind, DC_OK);
    assert_int_equal(f.len, 0);
    fetch_close(&f);
    t_server_stop(s);
}

static void callbacks_may_cancel_and_free(void **state)
{
    static const struct t_reply script[] = {{.body = "abcd", .len = 4}};
    static const struct t_reply stuck[] = {{.body = "abcd", .len = 4, .stall = true}};
    struct t_server *s = t_server_start(script, 1), *t = t_server_start(stuck, 1);
    struct fetch f = {0}, g;

    (void)state;
    fetch_open(&f);
    g = f;
    fetch_start(&g, &(struct dc_http_spec){.url = t_server_url(t, "/x")});
    while (t_server_requests(t) == 0)
        fetch_turn(&f, 10);
    f.cancels = &g;
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_false(g.done);

    fetch_start(&g, &(struct dc_http_spec){.url = t_server_url(t, "/x")});
    f.frees = true;
    fetch_start(&f, &(struct dc_http_spec){.url = t_server_url(s, "/x")});
    fetch_wait(&f);
    assert_false(g.done);
    fetch_turn(&f, 0);
    dc_loop_free(f.loop);
    t_server_stop(s);
    t_server_stop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_a_body),
        cmocka_unit_test(sends_what_it_is_told),
        cmocka_unit_test(refuses_split_headers_and_bad_urls),
        cmocka_unit_test(a_redirect_home_keeps_secrets),
        cmocka_unit_test(secrets_never_leave_home),
        cmocka_unit_test(a_redirect_with_a_long_body_is_left),
        cmocka_unit_test(redirects_are_bounded_and_optional),
        cmocka_unit_test(failures_have_kinds_and_texts),
        cmocka_unit_test(stalls_and_timeouts),
        cmocka_unit_test(a_full_receiver_is_no_stall),
        cmocka_unit_test(the_receiver_may_stop),
        cmocka_unit_test(callbacks_may_cancel_and_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
