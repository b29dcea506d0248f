// SPDX-License-Identifier: Apache-2.0
/*
 * cluster/kube/test_kube_live_watch.c - watches, crowds and Events on a real API server. See
 * test_kube_live.c.
 */
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
#include "kube/event.h"
#include "kube/watch.h"
#include "kube/watch_priv.h"
#include "live.h"

#define MANY 400

struct crowd {
    unsigned left;
    bool all;
};

static void count_done(void *arg, const struct dc_kube_reply *reply)
{
    struct crowd *c = arg;

    if (reply->answer != DC_KUBE_DONE)
        fail_msg("%s", reply->err.msg);
    c->all = --c->left == 0;
}

static void all_of_them(enum dc_kube_verb verb)
{
    struct crowd crowd = {.left = MANY};
    struct dc_err err = {0};
    uint64_t begun = dc_clock_ns();

    for (int i = 0; i < MANY; i++) {
        char suffix[32];
        (void)snprintf(suffix, sizeof suffix, "many-%d", i);
        dc_autojson json_t *body =
            verb == DC_KUBE_CREATE ? live_config_map_body(suffix, "m") : NULL;
        struct dc_kube_request request = {
            .verb = verb, .ref = live_config_map(suffix), .body = body};

        if (verb == DC_KUBE_CREATE)
            request.ref.name = NULL;
        assert_int_equal(dc_kube_start(live_kube, &request, count_done, &crowd, NULL, &err), 0);
    }
    live_await(&crowd.all);
    print_message("%d %s at once: %llu ms\n", MANY,
                  verb == DC_KUBE_CREATE ? "creates" : "deletes",
                  (unsigned long long)((dc_clock_ns() - begun) / DC_NS_PER_MS));
}

/* --- Watch --- */

struct seen {
    struct dc_kube_watch *watch;
    unsigned added, modified, deleted, troubles, want;
    bool synced, enough;
};

static struct seen s; /* outlives a test that fails */

static int stop(void **state)
{
    (void)state;
    dc_kube_watch_stop(s.watch);
    s.watch = NULL;
    return 0;
}

static void on_change(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    (void)arg;
    (void)old;
    s.added += change == DC_KUBE_ADDED;
    s.modified += change == DC_KUBE_MODIFIED;
    s.deleted += change == DC_KUBE_DELETED;
    s.enough = s.added + s.modified + s.deleted >= s.want;
    if (now)
        assert_string_equal(dc_json_str(now, "kind"), "ConfigMap");
}

static void on_synced(void *arg)
{
    (void)arg;
    s.synced = true;
}

static void on_trouble(void *arg, const struct dc_err *err)
{
    (void)arg;
    s.troubles++;
    print_message("trouble: %s\n", err->msg);
}

static void watch(uint32_t page, bool metadata_only)
{
    char selector[96];
    struct dc_err err = {0};
    const struct dc_kube_watch_events events = {
        .changed = on_change, .synced = on_synced, .trouble = on_trouble};

    (void)snprintf(selector, sizeof selector, "decant-test=%s", live_run);
    const struct dc_kube_watch_spec spec = {.kind = DC_KUBE_CONFIGMAP,
                                            .label_selector = selector,
                                            .metadata_only = metadata_only,
                                            .page = page};
    s = (struct seen){0};
    assert_int_equal(dc_kube_watch_start(live_kube, &spec, &events, &s.watch, &err), 0);
    live_await(&s.synced);
}

/* Until so many changes have been told since the start. */
static void until(unsigned total)
{
    s.want = total;
    s.enough = s.added + s.modified + s.deleted >= total;
    live_await(&s.enough);
}

static void follows_changes(void **state)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch leave = dc_kube_patch();
    struct dc_kube_watch_stats stats;

    (void)state;
    all_of_them(DC_KUBE_CREATE);
    watch(150, false);
    assert_int_equal(s.added, MANY);
    assert_int_equal(dc_kube_cache_count(dc_kube_watch_cache(s.watch)), MANY);

    dc_autojson json_t *made = live_create("watched");
    until(MANY + 1);
    json_t *cached =
        dc_kube_cache_get(dc_kube_watch_cache(s.watch), "default", live_name_of("watched"));
    assert_string_equal(dc_json_str(cached, "metadata.uid"), dc_json_str(made, "metadata.uid"));
    assert_null(dc_json_at(cached, "metadata.managedFields"));
    dc_kube_patch_remove(&leave, "metadata", "labels", "decant-test");
    live_patch(DC_KUBE_DONE, "watched", &leave);
    until(MANY + 2);
    assert_int_equal(s.deleted, 1); /* it left the selection */
    live_remove_map(DC_KUBE_DONE, "watched", NULL);

    all_of_them(DC_KUBE_DELETE);
    until(2 * (MANY + 1));
    assert_int_equal(dc_kube_cache_count(dc_kube_watch_cache(s.watch)), 0);
    dc_kube_watch_stats(s.watch, &stats);
    assert_int_equal(stats.lists, 1); /* more watches than one: the server ends a slow one */
    assert_int_equal(stats.skipped, 0);
}

/* Lose the connection, and miss what happens meanwhile. */
static void cut(void)
{
    dc_kube_stream_close(s.watch);
}

static void resumes_after_a_cut(void **state)
{
    struct dc_kube_watch_stats stats;

    (void)state;
    json_decref(live_create("before"));
    watch(0, true);
    cut();
    json_decref(live_create("between"));
    live_remove_map(DC_KUBE_DONE, "before", NULL);
    dc_kube_watch_enter(s.watch, WATCH_STREAM);
    until(3);
    assert_int_equal(s.added, 2);
    assert_int_equal(s.deleted, 1);
    dc_kube_watch_stats(s.watch, &stats);
    assert_int_equal(stats.lists, 1); /* no list was needed */
    json_t *cached =
        dc_kube_cache_get(dc_kube_watch_cache(s.watch), "default", live_name_of("between"));
    assert_null(dc_json_at(cached, "data")); /* only metadata was asked for */
    live_remove_map(DC_KUBE_DONE, "between", NULL);
}

static void lists_again_after_410(void **state)
{
    struct dc_kube_watch_stats stats;

    (void)state;
    json_decref(live_create("stays"));
    json_decref(live_create("goes"));
    watch(0, false);
    cut();
    live_remove_map(DC_KUBE_DONE, "goes", NULL);
    json_decref(live_create("comes"));
    s.watch->version[0] = '1'; /* a version of long ago: the server answers 410 */
    s.watch->version[1] = '\0';
    dc_kube_watch_enter(s.watch, WATCH_STREAM);
    until(4);
    dc_kube_watch_stats(s.watch, &stats);
    if (stats.lists == 1 && !getenv("DECANT_TEST_RESTARTED")) {
        print_message("skipped: this API server is so young that it has all its history\n");
        skip();
    }
    assert_int_equal(s.added, 3);
    assert_int_equal(s.deleted, 1);
    assert_int_equal(s.modified, 0);
    dc_kube_watch_stats(s.watch, &stats);
    assert_int_equal(stats.lists, 2);
    assert_int_equal(s.troubles, 0);
    live_remove_map(DC_KUBE_DONE, "stays", NULL);
    live_remove_map(DC_KUBE_DONE, "comes", NULL);
}

/* --- Events --- */

static json_t *events_on(const char *uid)
{
    char selector[128];

    (void)snprintf(selector, sizeof selector, "involvedObject.uid=%s", uid);
    return live_ask(DC_KUBE_DONE,
                    &(struct dc_kube_request){.verb = DC_KUBE_LIST,
                                              .ref = {.kind = DC_KUBE_EVENT, .ns = "default"},
                                              .field_selector = selector});
}

static void event_failed(void *arg, const struct dc_err *err)
{
    (void)arg;
    fail_msg("%s", err->msg);
}

/* The Events on an object, once there are so many of them and one has this count. */
static json_t *events_counted(const char *uid, size_t n, int64_t count)
{
    uint64_t end = dc_clock_ns() + 20 * DC_NS_PER_S;
    json_t *list = NULL, *item;
    struct dc_err err = {0};
    size_t i;

    for (bool found = false; !found;) {
        json_decref(list);
        assert_true(dc_clock_ns() < end);
        assert_int_equal(dc_loop_step(live_loop, 20, &err), 0);
        list = events_on(uid);
        json_array_foreach (dc_json_at(list, "items"), i, item)
            found |= dc_json_int(item, "count") == count;
        found = found && json_array_size(dc_json_at(list, "items")) == n;
    }
    return list;
}

static void counts_events(void **state)
{
    dc_autojson json_t *about = live_create("event");
    struct dc_kube_events_spec spec = {.component = "decant-test",
                                       .instance = "here",
                                       .again_ms = 100,
                                       .failed = event_failed};
    struct dc_kube_events *events = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_kube_events_new(live_kube, &spec, &events, &err), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            dc_kube_event(events, about, DC_KUBE_WARNING, "Waiting", "for a \xff friend", &err),
            0);
    assert_int_equal(dc_kube_event(events, about, DC_KUBE_NORMAL, "Done", "done", &err), 0);
    dc_autojson json_t *list = events_counted(dc_json_str(about, "metadata.uid"), 2, 5);
    json_t *items = dc_json_at(list, "items"), *item;
    size_t i;
    assert_int_equal(json_array_size(items), 2);
    json_array_foreach (items, i, item) {
        bool waiting = strcmp(dc_json_str(item, "reason"), "Waiting") == 0;

        assert_int_equal(dc_json_int(item, "count"), waiting ? 5 : 1);
        assert_string_equal(dc_json_str(item, "type"), waiting ? "Warning" : "Normal");
        assert_string_equal(dc_json_str(item, "message"), waiting ? "for a ? friend" : "done");
        assert_string_equal(dc_json_str(item, "reportingComponent"), "decant-test");
        assert_string_equal(dc_json_str(item, "source.component"), "decant-test");
        assert_non_null(dc_json_str(item, "lastTimestamp"));
    }
    dc_kube_events_free(events);
    live_remove_map(DC_KUBE_DONE, "event", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(follows_changes, stop),
        cmocka_unit_test_teardown(resumes_after_a_cut, stop),
        cmocka_unit_test_teardown(lists_again_after_410, stop),
        cmocka_unit_test(counts_events),
    };
    if (!getenv("DECANT_TEST_KUBECONFIG"))
        return 77;
    return cmocka_run_group_tests(tests, live_set_up, live_tear_down);
}
