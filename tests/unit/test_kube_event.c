// SPDX-License-Identifier: Apache-2.0
/* Events: made once, counted up, bounded. The server's reader leaves a body before the next head. */
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
#include "lib/http_server.h"
#include "unit/kube_fixture.h"

static struct kube_fixture fx;

static unsigned failures;

static void failed(void *arg, const struct dc_err *err)
{
    (void)arg;
    (void)err;
    failures++;
}

static struct dc_kube_events *recorder(uint32_t remembered)
{
    const struct dc_kube_events_spec spec = {.component = "decant-controller",
                                             .instance = "pod-1",
                                             .again_ms = 30,
                                             .remembered = remembered,
                                             .failed = failed};
    struct dc_kube_events *events = NULL;
    struct dc_err err = {0};

    failures = 0;
    assert_int_equal(dc_kube_events_new(fx.kube, &spec, &events, &err), 0);
    return events;
}

static json_t *object(const char *ns, const char *name)
{
    return json_pack("{s:s, s:s, s:{s:s*, s:s, s:s}}", "apiVersion", "v1", "kind", "X",
                     "metadata", "namespace", ns, "name", name, "uid", "u");
}

static int tell(struct dc_kube_events *events, const char *message)
{
    dc_autojson json_t *about = object("n", "c");
    struct dc_err err = {0};

    int rc = dc_kube_event(events, about, DC_KUBE_NORMAL, "Told", message, &err);
    assert_int_equal(rc != 0, err.kind == DC_BUSY);
    return rc;
}

static void run_for(uint64_t ms)
{
    const unsigned never = 0;
    (void)kube_reaches(&fx, &never, 1, ms);
}

static bool asked(size_t i, const char *what)
{
    const char *head = t_server_request(fx.server, i);
    return head && strstr(head, what);
}

static void counts_up(void **state)
{
    static const struct t_reply script[] = {{.status = 201, BODY("{}")}, {BODY("{}")}};
    (void)state;

    kube_begin(&fx, script, DC_LEN(script));
    struct dc_kube_events *events = recorder(0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tell(events, "same"), 0);
    run_for(120);
    assert_int_equal(t_server_requests(fx.server), 2); /* one made, one update for three more */
    assert_true(asked(0, "POST /api/v1/namespaces/n/events?fieldManager=test"));
    assert_true(asked(1, "PATCH /api/v1/namespaces/n/events/c."));
    assert_true(asked(1, "\"reportingComponent\":\"decant-controller\"")); /* the first body */
    assert_true(asked(1, "\"count\":1"));
    tell(events, "same");
    run_for(120);
    assert_int_equal(t_server_requests(fx.server), 3);
    assert_true(asked(2, "{\"count\":4,\"lastTimestamp\":\""));
    tell(events, "other");
    run_for(30);
    assert_true(asked(3, "POST "));
    assert_int_equal(failures, 0);
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void makes_anew_what_has_expired(void **state)
{
    static const struct t_reply script[] = {
        {.status = 201, BODY("{}")}, {.status = 404, BODY("{}")}, {.status = 201, BODY("{}")}};
    (void)state;

    kube_begin(&fx, script, DC_LEN(script));
    struct dc_kube_events *events = recorder(0);
    tell(events, "same");
    tell(events, "same");
    run_for(100);
    tell(events, "same");
    run_for(50);
    assert_int_equal(t_server_requests(fx.server), 3);
    assert_true(asked(1, "PATCH "));
    assert_true(asked(2, "POST "));
    assert_int_equal(failures, 0);
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void tells_failures_and_forgets(void **state)
{
    static const struct t_reply script[] = {{.status = 403, BODY("{}")}};
    (void)state;

    kube_begin(&fx, script, 1);
    struct dc_kube_events *events = recorder(0);
    tell(events, "same");
    assert_true(kube_reaches(&fx, &failures, 1, 2000));
    tell(events, "same");
    assert_true(kube_reaches(&fx, &failures, 2, 2000));
    assert_true(asked(1, "POST "));
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void remembers_a_bounded_number(void **state)
{
    static const struct t_reply script[] = {{.status = 201, BODY("{}")}};
    static const char *const messages[] = {"1", "2", "3", "1", "3"};
    (void)state;

    kube_begin(&fx, script, 1);
    struct dc_kube_events *events = recorder(2);
    for (size_t i = 0; i < DC_LEN(messages); i++) {
        tell(events, messages[i]);
        run_for(60);
    }
    assert_int_equal(t_server_requests(fx.server), 5);
    assert_true(asked(2, "POST "));
    assert_true(asked(3, "POST "));  /* "1" had made room for "3" */
    assert_true(asked(4, "PATCH ")); /* "3" was still known */
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void bounds_what_is_under_way(void **state)
{
    static const struct t_reply script[] = {{BODY("{}"), .stall = true}};
    char message[16];
    int refused = 0;
    (void)state;

    kube_begin(&fx, script, 1);
    struct dc_kube_events *events = recorder(0);
    for (int i = 0; i < 70; i++) {
        (void)snprintf(message, sizeof message, "%d", i);
        refused += tell(events, message) != 0;
    }
    assert_int_equal(refused, 6);
    assert_int_equal(tell(events, "1"), 0); /* counting needs no request */
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void cuts_and_cleans(void **state)
{
    static const struct t_reply script[] = {{.status = 201, BODY("{}")}};
    char message[3000], name[254];
    struct dc_err err = {0};
    (void)state;

    kube_begin(&fx, script, 1);
    struct dc_kube_events *events = recorder(0);
    memset(message, 'm', sizeof message);
    memcpy(message + DC_KUBE_EVENT_MESSAGE - 4, "\xc3\xa9", 2); /* a letter across the cut */
    message[sizeof message - 1] = '\0';
    memset(name, 'n', sizeof name);
    memcpy(name + 195, "-.-.-", 5);
    name[sizeof name - 1] = '\0';
    dc_autojson json_t *about = object(NULL, name);
    assert_int_equal(dc_kube_event(events, about, DC_KUBE_NORMAL, "Told", message, &err), 0);
    run_for(40);
    assert_int_equal(dc_kube_event(events, about, DC_KUBE_NORMAL, "Told", message, &err), 0);
    run_for(80);
    assert_true(asked(0, "POST /api/v1/namespaces/default/events?")); /* cluster-scoped */
    assert_true(asked(1, "mmm...\""));
    const char *path =
        strstr(t_server_request(fx.server, 1), "/events/nnn") + strlen("/events/");
    assert_int_equal(strspn(path, "n"), 195); /* no name ends in "-" */
    assert_int_equal(strcspn(path, "?"), 195 + 1 + strspn(path + 196, "0123456789abcdef"));
    const char *text = strstr(t_server_request(fx.server, 1), "\"mmm");
    assert_int_equal(strcspn(text + 1, "\""), DC_KUBE_EVENT_MESSAGE - 1);
    dc_kube_events_free(events);
    kube_end(&fx);
}

static void refuses_what_cannot_be_told(void **state)
{
    static const struct t_reply script[] = {{.status = 201, BODY("{}")}};
    dc_autojson json_t *no_kind =
        json_pack("{s:{s:s, s:s}}", "metadata", "name", "c", "uid", "u");
    dc_autojson json_t *about = object("n", "c");
    char reason[DC_KUBE_EVENT_REASON + 1] = {0};
    struct dc_err err = {0};
    (void)state;

    memset(reason, 'R', DC_KUBE_EVENT_REASON);
    kube_begin(&fx, script, 1);
    struct dc_kube_events *events = recorder(0);
    assert_int_equal(dc_kube_event(events, no_kind, DC_KUBE_NORMAL, "R", "m", &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_err_clear(&err);
    assert_int_equal(dc_kube_event(events, about, DC_KUBE_NORMAL, "", "m", &err), -1);
    dc_err_clear(&err);
    assert_int_equal(dc_kube_event(events, about, DC_KUBE_NORMAL, reason, "m", &err), -1);
    dc_kube_events_free(events);
    kube_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_up),
        cmocka_unit_test(makes_anew_what_has_expired),
        cmocka_unit_test(tells_failures_and_forgets),
        cmocka_unit_test(remembers_a_bounded_number),
        cmocka_unit_test(bounds_what_is_under_way),
        cmocka_unit_test(cuts_and_cleans),
        cmocka_unit_test(refuses_what_cannot_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
