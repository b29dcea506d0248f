// SPDX-License-Identifier: Apache-2.0
/* cluster/kube/live.c - see live.h. */
#include "live.h"

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
#include "decant/cleanup.h"

struct dc_loop *live_loop;
struct dc_kube_config live_config;
struct dc_kube *live_kube;
char live_run[64];

int live_set_up(void **state)
{
    struct dc_err err = {0};

    (void)state;
    (void)snprintf(live_run, sizeof live_run, "live-%d-%lld", (int)getpid(),
                   (long long)dc_clock_wall_ms());
    if (dc_kube_config_load(getenv("DECANT_TEST_KUBECONFIG"), &live_config, &err) != 0 ||
        dc_loop_new(&live_loop, &err) != 0 ||
        dc_kube_new(live_loop, &live_config, "decant-test", &live_kube, &err) != 0) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

int live_tear_down(void **state)
{
    (void)state;
    dc_kube_free(live_kube);
    dc_loop_free(live_loop);
    dc_kube_config_done(&live_config);
    return 0;
}

static void keep(void *arg, const struct dc_kube_reply *reply)
{
    struct live_answer *a = arg;

    a->come = true;
    a->answer = reply->answer;
    a->body = json_incref(reply->body);
    a->err = reply->err;
}

/* Run the live_loop until *flag, for 20 s at most. */
void live_await(const bool *flag)
{
    uint64_t end = dc_clock_ns() + 20 * DC_NS_PER_S;
    struct dc_err err = {0};

    while (!*flag) {
        assert_true(dc_clock_ns() < end);
        assert_int_equal(dc_loop_step(live_loop, 100, &err), 0);
    }
}

struct live_answer live_ask_of(struct dc_kube *client, const struct dc_kube_request *request)
{
    struct live_answer a = {0};
    struct dc_err err = {0};

    if (dc_kube_start(client, request, keep, &a, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    assert_false(a.come);
    live_await(&a.come);
    assert_int_equal(a.answer == DC_KUBE_DONE, a.err.kind == DC_OK);
    return a;
}

/* Ask, and want this answer; the body is the caller's. */
json_t *live_ask(enum dc_kube_answer want, const struct dc_kube_request *request)
{
    struct live_answer a = live_ask_of(live_kube, request);

    if (a.answer != want)
        fail_msg("wanted %s, got %s: %s", dc_kube_answer_name(want),
                 dc_kube_answer_name(a.answer), a.err.msg);
    return a.body;
}

const char *live_name_of(const char *suffix)
{
    static char name[128];

    (void)snprintf(name, sizeof name, "%s-%s", live_run, suffix);
    return name;
}

struct dc_kube_ref live_config_map(const char *suffix)
{
    return (struct dc_kube_ref){DC_KUBE_CONFIGMAP, "default", live_name_of(suffix), NULL};
}

json_t *live_config_map_body(const char *suffix, const char *value)
{
    return json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s}}", "apiVersion", "v1", "kind",
                     "ConfigMap", "metadata", "name", live_name_of(suffix), "labels",
                     "decant-test", live_run, "data", "k", value);
}

json_t *live_create(const char *suffix)
{
    dc_autojson json_t *body = live_config_map_body(suffix, "1");

    return live_ask(DC_KUBE_DONE, &(struct dc_kube_request){
                                      .verb = DC_KUBE_CREATE,
                                      .ref = {.kind = DC_KUBE_CONFIGMAP, .ns = "default"},
                                      .body = body});
}

void live_patch(enum dc_kube_answer want, const char *suffix, const struct dc_kube_patch *p)
{
    struct dc_err err = {0};

    assert_int_equal(dc_kube_patch_check(p, &err), 0);
    json_decref(live_ask(want, &(struct dc_kube_request){.verb = DC_KUBE_JSON_PATCH,
                                                         .ref = live_config_map(suffix),
                                                         .body = p->ops}));
}

json_t *live_get(const char *suffix)
{
    return live_ask(DC_KUBE_DONE, &(struct dc_kube_request){.verb = DC_KUBE_GET,
                                                            .ref = live_config_map(suffix)});
}

void live_remove_map(enum dc_kube_answer want, const char *suffix, const char *uid)
{
    json_decref(live_ask(want, &(struct dc_kube_request){.verb = DC_KUBE_DELETE,
                                                         .ref = live_config_map(suffix),
                                                         .uid = uid}));
}
