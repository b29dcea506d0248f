// SPDX-License-Identifier: Apache-2.0
/* Lists and watches over a scripted server that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/watch.h"
#include "lib/http_server.h"
#include "unit/kube_fixture.h"

static struct kube_fixture fx;

#define ITEM(name, uid, version)                                              \
    "{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name "\",\"uid\":\"" uid \
    "\",\"resourceVersion\":\"" version "\"}}"
#define LIST(version, page, items)                                                     \
    {                                                                                  \
        BODY("{\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" page \
             "\"},\"items\":[" items "]}")                                             \
    }
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version) \
    EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" version "\"}}")
#define GONE EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}")
#define FOR_EVER                                   \
    {                                              \
        BODY(" "), .stall = true, .stall_after = 0 \
    }

struct seen {
    struct dc_kube_watch *watch;
    unsigned synced, troubles, changes;
    char told[256]; /* "+a1 ~a2 -a2 " */
    char trouble[512];
};

static void changed(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct seen *s = arg;
    size_t len = strlen(s->told);
    json_t *some = now ? now : old;

    s->changes++;
    (void)snprintf(s->told + len, sizeof s->told - len, "%c%s%s ", "+~-"[change],
                   dc_json_str(some, "metadata.name"),
                   dc_json_str(some, "metadata.resourceVersion"));
}

static void synced(void *arg)
{
    ((struct seen *)arg)->synced++;
}

static void trouble(void *arg, const struct dc_err *err)
{
    struct seen *s = arg;

    s->troubles++;
    (void)snprintf(s->trouble, sizeof s->trouble, "%s", err->msg);
}

static void start(struct seen *s, const struct t_reply *script, size_t n, uint32_t stall_ms)
{
    const struct dc_kube_watch_events events = {
        .changed = changed, .synced = synced, .trouble = trouble, .arg = s};
    const struct dc_kube_watch_spec spec = {
        .kind = DC_KUBE_PVC, .stall_ms = stall_ms, .page = 2};
    struct dc_err err = {0};

    *s = (struct seen){0};
    kube_begin(&fx, script, n);
    assert_int_equal(dc_kube_watch_start(fx.kube, &spec, &events, &s->watch, &err), 0);
    assert_int_equal(s->troubles + s->synced, 0);
}

static void stop(struct seen *s)
{
    dc_kube_watch_stop(s->watch);
    kube_end(&fx);
}

static bool asked(size_t i, const char *what)
{
    const char *head = t_server_request(fx.server, i);

    return head && strstr(head, what);
}

static void until_requests(size_t n)
{
    const unsigned never = 0;

    for (int tries = 0; t_server_requests(fx.server) < n && tries < 400; tries++)
        (void)kube_reaches(&fx, &never, 1, 5);
    assert_true(t_server_requests(fx.server) >= n);
    (void)kube_reaches(&fx, &never, 1, 10);
}

static void lists_watches_resumes(size_t fragment, bool chunked)
{
    struct t_reply script[] = {
        LIST("10", "p/2", ITEM("a", "ua", "1") "," ITEM("b", "ub", "2")),
        LIST("10", "", ITEM("c", "uc", "3")),
        {BODY(
            EVENT("ADDED", ITEM("d", "ud", "11")) "\n" EVENT("MODIFIED", ITEM("a", "ua", "12"))
                EVENT("STRANGE", ITEM("a", "ua", "13")) EVENT("ADDED", "{\"metadata\":{}}")
                    EVENT("DELETED", ITEM("b", "ub", "14")) BOOKMARK("20") "{\"type\":\"ADD")},
        {BODY(GONE)},
        LIST("30", "", ITEM("c", "uc", "3") "," ITEM("d", "ud", "29")),
        FOR_EVER,
    };
    struct dc_kube_watch_stats stats;
    struct seen s;

    for (size_t i = 0; i < DC_LEN(script) - 1; i++) {
        script[i].fragment = fragment;
        script[i].chunked = chunked;
    }
    start(&s, script, DC_LEN(script), 0);
    until_requests(6);
    assert_string_equal(s.told, "+a1 +b2 +c3 +d11 ~a12 -b2 -a12 ~d29 ");
    assert_int_equal(s.synced, 1);
    assert_true(asked(0, "GET /api/v1/persistentvolumeclaims?limit=2 HTTP"));
    assert_true(asked(1, "?limit=2&continue=p%2F2 HTTP"));
    assert_true(asked(2, "watch=true&allowWatchBookmarks=true&timeoutSeconds="));
    assert_true(asked(2, "&resourceVersion=10 HTTP"));
    assert_true(asked(3, "&resourceVersion=20 HTTP")); /* the bookmark's */
    assert_true(asked(4, "?limit=2 HTTP"));
    assert_true(asked(5, "&resourceVersion=30 HTTP"));
    dc_kube_watch_stats(s.watch, &stats);
    assert_int_equal(stats.lists, 2);
    assert_int_equal(stats.skipped, 2);
    assert_int_equal(stats.events, 4);
    assert_true(stats.connected);
    assert_true(dc_kube_watch_synced(s.watch));
    assert_int_equal(dc_kube_cache_count(dc_kube_watch_cache(s.watch)), 2);
    stop(&s);
}

static void goes_the_whole_way(void **state)
{
    (void)state;
    lists_watches_resumes(0, false);
    lists_watches_resumes(0, true);
    lists_watches_resumes(1, true);
    lists_watches_resumes(7, false);
}

static void lists_again_after(const struct t_reply *bad)
{
    struct t_reply script[] = {LIST("10", "", ITEM("a", "ua", "1")), *bad,
                               LIST("30", "", ITEM("b", "ub", "2")), FOR_EVER};
    struct seen s;

    start(&s, script, DC_LEN(script), 0);
    until_requests(4);
    assert_string_equal(s.told, "+a1 -a1 +b2 ");
    assert_int_equal(s.synced, 1);
    assert_true(asked(2, "?limit=2 HTTP"));
    assert_true(asked(3, "&resourceVersion=30 HTTP"));
    stop(&s);
}

static void lists_again_when_events_are_lost(void **state)
{
    static const struct t_reply gone = {BODY(GONE)}, gone_status = {.status = 410, BODY("{}")},
                                no_json = {BODY("{\"type\":\"ADDED\",\"obj\n" BOOKMARK("20"))};
    size_t len = 9 * DC_MIB;
    char *much = malloc(len);
    (void)state;

    assert_non_null(much);
    memset(much, 'x', len);
    lists_again_after(&gone);
    lists_again_after(&gone_status);
    lists_again_after(&no_json);
    lists_again_after(&(struct t_reply){.body = much, .len = len});
    free(much);
}

static void survives_a_failing_list(void **state)
{
    static const struct t_reply script[] = {{.status = 500},
                                            {BODY("[]")},
                                            {BODY("{\"items\":[{}]}")},
                                            {BODY("{}"), .more_length = 1},
                                            LIST("10", "", ""),
                                            FOR_EVER};
    struct seen s;
    (void)state;

    start(&s, script, DC_LEN(script), 0);
    until_requests(6);
    assert_int_equal(s.troubles, 4);
    assert_int_equal(s.synced, 1);
    assert_int_equal(s.changes, 0);
    stop(&s);
}

/* The pages expire while they are read: then all at once. */
static void takes_one_large_page(void **state)
{
    static const struct t_reply script[] = {LIST("10", "p2", ITEM("a", "ua", "1")),
                                            {.status = 410, BODY("{\"message\":\"old\"}")},
                                            LIST("11", "", ITEM("b", "ub", "2")),
                                            FOR_EVER};
    struct seen s;
    (void)state;

    start(&s, script, DC_LEN(script), 0);
    until_requests(4);
    assert_true(asked(2, "?limit=4294967295 HTTP"));
    assert_string_equal(s.told, "+b2 ");
    stop(&s);
}

static void leaves_a_silent_connection(void **state)
{
    static const struct t_reply script[] = {
        LIST("10", "", ""),
        {BODY(BOOKMARK("15") " "), .stall = true, .stall_after = sizeof(BOOKMARK("15")) - 1},
        {.status = 503, BODY(" "), .stall = true},
        FOR_EVER};
    struct seen s;
    (void)state;

    start(&s, script, DC_LEN(script), 60);
    until_requests(3);
    assert_int_equal(s.troubles, 0); /* nothing to tell is ordinary */
    assert_true(asked(2, "&resourceVersion=15 HTTP"));
    until_requests(4);
    assert_int_equal(s.troubles, 1);
    assert_non_null(strstr(s.trouble, "no answer for"));
    assert_true(asked(3, "&resourceVersion=15 HTTP"));
    stop(&s);
}

static void doubts_its_version_at_last(void **state)
{
    static const struct t_reply script[] = {
        LIST("10", "", ""),
        {.status = 500},
        {BODY(EVENT("ERROR", "{\"code\":504,\"message\":\"too large resource version\"}"))},
        {.status = 403},
        LIST("5", "", ""),
        FOR_EVER};
    struct seen s;
    (void)state;

    start(&s, script, DC_LEN(script), 0);
    until_requests(6);
    assert_true(asked(3, "&resourceVersion=10 HTTP"));
    assert_true(asked(4, "?limit=2 HTTP"));
    assert_true(asked(5, "&resourceVersion=5 HTTP"));
    assert_int_equal(s.troubles, 3);
    stop(&s);
}

static void keeps_its_version_while_nobody_answers(void **state)
{
    static const struct t_reply script[] = {LIST("10", "", ""), {.silent = true},
                                            {.status = 429},    {.silent = true},
                                            {.status = 503},    FOR_EVER};
    struct seen s;
    (void)state;

    start(&s, script, DC_LEN(script), 0);
    until_requests(6);
    assert_true(asked(5, "&resourceVersion=10 HTTP"));
    stop(&s);
}

static void refuses_what_cannot_work(void **state)
{
    static const struct t_reply script[] = {FOR_EVER};
    const struct dc_kube_watch_events events = {0};
    const struct dc_kube_watch_spec spec = {.kind = DC_KUBE_PV, .ns = "n"};
    struct dc_kube_watch *watch = NULL;
    struct dc_err err = {0};
    (void)state;

    kube_begin(&fx, script, 1);
    assert_int_equal(dc_kube_watch_start(fx.kube, &spec, &events, &watch, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_null(watch);
    kube_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_the_whole_way),
        cmocka_unit_test(lists_again_when_events_are_lost),
        cmocka_unit_test(survives_a_failing_list),
        cmocka_unit_test(takes_one_large_page),
        cmocka_unit_test(leaves_a_silent_connection),
        cmocka_unit_test(doubts_its_version_at_last),
        cmocka_unit_test(keeps_its_version_while_nobody_answers),
        cmocka_unit_test(refuses_what_cannot_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
