// SPDX-License-Identifier: Apache-2.0
/* Requests over a scripted server: what is tried again, and what is told when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/client.h"
#include "lib/http_server.h"
#include "unit/kube_fixture.h"

static struct kube_fixture fx;

static const struct dc_kube_request get = {
    .verb = DC_KUBE_GET, .ref = {DC_KUBE_PVC, "n", "c", NULL}, .timeout_ms = 2000};

struct got {
    unsigned n;
    enum dc_kube_answer answer;
    int status;
    char uid[32];
    struct dc_err err;
};

static void done(void *arg, const struct dc_kube_reply *reply)
{
    struct got *g = arg;

    g->n++;
    g->answer = reply->answer;
    g->status = reply->status;
    g->err = reply->err;
    (void)snprintf(g->uid, sizeof g->uid, "%s",
                   dc_json_text_or_empty(reply->body, "metadata.uid"));
    assert_int_equal(reply->answer == DC_KUBE_DONE, reply->err.kind == DC_OK);
}

static struct got ask(const struct dc_kube_request *request)
{
    struct got g = {0};
    struct dc_err err = {0};

    assert_int_equal(dc_kube_start(fx.kube, request, done, &g, NULL, &err), 0);
    assert_int_equal(g.n, 0); /* never from inside */
    assert_true(kube_reaches(&fx, &g.n, 1, 5000));
    return g;
}

static void answers(void **state)
{
    static const struct t_reply script[] = {{BODY("{\"metadata\":{\"uid\":\"u\"}}")}};
    (void)state;

    kube_begin(&fx, script, DC_LEN(script));
    struct got g = ask(&get);
    assert_int_equal(g.answer, DC_KUBE_DONE);
    assert_int_equal(g.status, 200);
    assert_string_equal(g.uid, "u");
    const char *head = t_server_request(fx.server, 0);
    assert_non_null(strstr(head, "GET /api/v1/namespaces/n/persistentvolumeclaims/c HTTP"));
    assert_non_null(strstr(head, "User-Agent: test/"));
    assert_non_null(strstr(head, "Accept: application/json\r\n"));
    kube_end(&fx);
}

static void tries_again_when_told_so(void **state)
{
    static const struct t_reply script[] = {
        {.status = 429}, {.status = 429, BODY("{}")}, {BODY("{\"metadata\":{\"uid\":\"u\"}}")}};
    struct dc_kube_stats stats;
    (void)state;

    kube_begin(&fx, script, DC_LEN(script));
    struct got g = ask(&get);
    assert_int_equal(g.answer, DC_KUBE_DONE);
    assert_string_equal(g.uid, "u");
    dc_kube_stats(fx.kube, &stats);
    assert_int_equal(stats.retries, 2);
    assert_int_equal(stats.calls, 1);
    assert_int_equal(stats.running, 0);
    kube_end(&fx);
}

static void gives_up_in_time(void **state)
{
    static const struct t_reply script[] = {{.status = 429}};
    struct dc_kube_request request = get;
    (void)state;

    kube_begin(&fx, script, DC_LEN(script));
    request.timeout_ms = 150;
    uint64_t begun = dc_clock_ns();
    struct got g = ask(&request);
    assert_true(dc_clock_ns() - begun < 500 * DC_NS_PER_MS);
    assert_int_equal(g.answer, DC_KUBE_UNKNOWN);
    assert_int_equal(g.status, 429);
    assert_int_equal(g.err.kind, DC_UNAVAILABLE);
    kube_end(&fx);
}

static void tells_what_is_no_answer(void **state)
{
    static const struct row {
        struct t_reply reply;
        int status;
        enum dc_err_kind kind;
        const char *text;
    } rows[] = {
        {{BODY("{\"metadata\":")},
         200,
         DC_UNAVAILABLE,
         "get persistentvolumeclaims: not valid JSON"},
        {{.silent = true}, 0, DC_UNAVAILABLE, "get persistentvolumeclaims: "},
        {{BODY("{}"), .more_length = 5}, 200, DC_UNAVAILABLE, "get persistentvolumeclaims: "},
        {{BODY("{}"), .stall = true}, 200, DC_TIMEOUT, "get persistentvolumeclaims: "},
        {{.status = 503, BODY("<html>")}, 503, DC_UNAVAILABLE, "(503)"},
        {{.status = 500, BODY("{\"message\":\"etcd\"}")}, 500, DC_UNAVAILABLE, "etcd (500)"},
    };
    struct dc_kube_request request = get;
    (void)state;

    request.timeout_ms = 200;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        kube_begin(&fx, &rows[i].reply, 1);
        struct got g = ask(&request);
        assert_int_equal(g.answer, DC_KUBE_UNKNOWN);
        assert_int_equal(g.err.kind, rows[i].kind);
        if (!strstr(g.err.msg, rows[i].text))
            fail_msg("row %zu: got \"%s\"", i, g.err.msg);
        assert_int_equal(t_server_requests(fx.server), 1); /* a write may have been done */
        kube_end(&fx);
    }
}

static void tells_refused_connections(void **state)
{
    static const struct t_reply script[] = {{BODY("{}")}};
    (void)state;

    kube_begin(&fx, script, 1);
    free(fx.config.server);
    fx.config.server = strdup("http://127.0.0.1:1");
    struct got g = ask(&get);
    assert_int_equal(g.answer, DC_KUBE_UNKNOWN);
    assert_int_equal(g.status, 0);
    kube_end(&fx);
}

static void put_token(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static void takes_up_a_new_token(void **state)
{
    static const struct t_reply script[] = {{.status = 401}, {BODY("{}")}, {.status = 401}};
    char path[] = "/tmp/decant-client.XXXXXX";
    struct got g = {0};
    struct dc_err err = {0};
    (void)state;

    assert_int_equal(close(mkstemp(path)), 0);
    put_token(path, "first");
    kube_begin(&fx, script, DC_LEN(script));
    dc_kube_free(fx.kube);
    fx.config.token_file = strdup(path);
    assert_int_equal(dc_kube_new(fx.loop, &fx.config, "test", &fx.kube, &err), 0);

    assert_int_equal(dc_kube_start(fx.kube, &get, done, &g, NULL, &err), 0);
    put_token(path, "second");
    assert_true(kube_reaches(&fx, &g.n, 1, 5000));
    assert_int_equal(g.answer, DC_KUBE_DONE);
    assert_non_null(strstr(t_server_request(fx.server, 0), "Authorization: Bearer first\r\n"));
    assert_non_null(strstr(t_server_request(fx.server, 1), "Authorization: Bearer second\r\n"));

    g = ask(&get); /* refused for good: one more try, not more */
    assert_int_equal(g.answer, DC_KUBE_DENIED);
    assert_int_equal(t_server_requests(fx.server), 4);
    assert_int_equal(unlink(path), 0);
    kube_end(&fx);
}

static void misses_its_token_later(void **state)
{
    static const struct t_reply script[] = {{BODY("{}")}};
    struct dc_err err = {0};
    (void)state;

    kube_begin(&fx, script, 1);
    dc_kube_free(fx.kube);
    fx.config.token_file = strdup("/nonexistent/token");
    assert_int_equal(dc_kube_new(fx.loop, &fx.config, "test", &fx.kube, &err), 0);
    struct got g = ask(&get);
    assert_int_equal(g.answer, DC_KUBE_UNKNOWN);
    assert_non_null(strstr(g.err.msg, "/nonexistent/token"));
    assert_int_equal(t_server_requests(fx.server), 0);
    kube_end(&fx);
}

static void cancels(void **state)
{
    static const struct t_reply script[] = {{BODY("{}"), .stall = true}};
    struct dc_kube_call *call = NULL;
    struct got g = {0}, waiting = {0};
    struct dc_kube_stats stats;
    struct dc_err err = {0};
    (void)state;

    kube_begin(&fx, script, 1);
    assert_int_equal(dc_kube_start(fx.kube, &get, done, &g, &call, &err), 0);
    assert_int_equal(dc_kube_start(fx.kube, &get, done, &waiting, NULL, &err), 0);
    assert_false(kube_reaches(&fx, &g.n, 1, 20));
    dc_kube_cancel(call);
    dc_kube_cancel(NULL);
    dc_kube_stats(fx.kube, &stats);
    assert_int_equal(stats.running, 1);
    kube_end(&fx); /* with one still under way */
    assert_int_equal(g.n + waiting.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(tries_again_when_told_so),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(tells_what_is_no_answer),
        cmocka_unit_test(tells_refused_connections),
        cmocka_unit_test(takes_up_a_new_token),
        cmocka_unit_test(misses_its_token_later),
        cmocka_unit_test(cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
