// SPDX-License-Identifier: Apache-2.0
/*
 * cluster/kube/test_kube_live.c - requests to a real API server, the one that
 * DECANT_TEST_KUBECONFIG names: KUBECONFIG may be that of a cluster that people use.
 *
 * Makes and removes objects labelled decant-test=... in the namespace "default". Without the
 * variable: exit 77, which ctest shows as skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "live.h"

static void creates_and_reads(void **state)
{
    dc_autojson json_t *made = live_create("one");
    dc_autojson json_t *again = live_config_map_body("one", "2");
    dc_autojson json_t *bad = live_config_map_body("One/..", "2");

    (void)state;
    json_decref(
        live_ask(DC_KUBE_EXISTS,
                 &(struct dc_kube_request){.verb = DC_KUBE_CREATE,
                                           .ref = {.kind = DC_KUBE_CONFIGMAP, .ns = "default"},
                                           .body = again}));
    json_decref(
        live_ask(DC_KUBE_INVALID,
                 &(struct dc_kube_request){.verb = DC_KUBE_CREATE,
                                           .ref = {.kind = DC_KUBE_CONFIGMAP, .ns = "default"},
                                           .body = bad}));
    json_decref(
        live_ask(DC_KUBE_NOT_FOUND, &(struct dc_kube_request){.verb = DC_KUBE_GET,
                                                              .ref = live_config_map("none")}));
    dc_autojson json_t *read = live_get("one");
    assert_string_equal(dc_json_str(read, "metadata.uid"), dc_json_str(made, "metadata.uid"));
    dc_autojson json_t *meta =
        live_ask(DC_KUBE_DONE, &(struct dc_kube_request){.verb = DC_KUBE_GET,
                                                         .ref = live_config_map("one"),
                                                         .metadata_only = true});
    assert_string_equal(dc_json_str(meta, "metadata.uid"), dc_json_str(made, "metadata.uid"));
    assert_null(dc_json_at(meta, "data"));
    live_remove_map(DC_KUBE_DONE, "one", NULL);
}

static void patches_only_what_it_knows(void **state)
{
    dc_autojson json_t *made = live_create("patch");
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch good = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch wrong_test = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch no_path = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch not_valid = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch stale = dc_kube_patch();

    (void)state;
    dc_kube_patch_test_identity(&good, made, true);
    dc_kube_patch_replace(&good, json_string("2"), "data", "k");
    dc_kube_patch_test(&wrong_test, json_string("other"), "metadata", "uid");
    dc_kube_patch_remove(&no_path, "data", "nothing");
    dc_kube_patch_add(&not_valid, json_string("x"), "metadata", "labels", "not a label!");
    dc_kube_patch_test_identity(&stale, made, true);
    dc_kube_patch_replace(&stale, json_string("3"), "data", "k");

    live_patch(DC_KUBE_CONFLICT, "patch", &wrong_test);
    live_patch(DC_KUBE_CONFLICT, "patch", &no_path);
    live_patch(DC_KUBE_INVALID, "patch", &not_valid);
    live_patch(DC_KUBE_DONE, "patch", &good);
    live_patch(DC_KUBE_CONFLICT, "patch", &stale);
    live_patch(DC_KUBE_NOT_FOUND, "none", &good);
    dc_autojson json_t *read = live_get("patch");
    assert_string_equal(dc_json_str(read, "data.k"), "2");

    /* A replacement of an older state. */
    json_decref(
        live_ask(DC_KUBE_CONFLICT, &(struct dc_kube_request){.verb = DC_KUBE_REPLACE,
                                                             .ref = live_config_map("patch"),
                                                             .body = made}));
    live_remove_map(DC_KUBE_DONE, "patch", NULL);
}

static void merges_and_applies(void **state)
{
    json_decref(live_create("merge"));
    dc_autojson json_t *merge = json_pack("{s:{s:n, s:s}}", "data", "k", "m", "merged");
    dc_autojson json_t *merged =
        live_ask(DC_KUBE_DONE, &(struct dc_kube_request){.verb = DC_KUBE_MERGE_PATCH,
                                                         .ref = live_config_map("merge"),
                                                         .body = merge});
    dc_autojson json_t *apply = live_config_map_body("applied", "a");
    dc_autojson json_t *applied =
        live_ask(DC_KUBE_DONE, &(struct dc_kube_request){.verb = DC_KUBE_APPLY,
                                                         .ref = live_config_map("applied"),
                                                         .body = apply});
    json_t *manager = json_array_get(dc_json_at(applied, "metadata.managedFields"), 0);

    (void)state;
    assert_null(dc_json_at(merged, "data.k"));
    assert_string_equal(dc_json_str(merged, "data.m"), "merged");
    assert_string_equal(dc_json_str(applied, "data.k"), "a");
    assert_string_equal(dc_json_str(manager, "manager"), "decant-test");
    assert_string_equal(dc_json_str(manager, "operation"), "Apply");
    live_remove_map(DC_KUBE_DONE, "merge", NULL);
    live_remove_map(DC_KUBE_DONE, "applied", NULL);
}

static void deletes_only_what_it_knows(void **state)
{
    dc_autojson json_t *made = live_create("delete");
    const char *uid = dc_json_str(made, "metadata.uid");

    (void)state;
    live_remove_map(DC_KUBE_CONFLICT, "delete", "00000000-0000-0000-0000-000000000000");
    live_remove_map(DC_KUBE_DONE, "delete", uid);
    live_remove_map(DC_KUBE_NOT_FOUND, "delete", uid);
}

static void holds_by_finalizer(void **state)
{
    dc_autojson json_t *made = live_create("held");
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch add = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch more = dc_kube_patch();
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch take = dc_kube_patch();

    (void)state;
    assert_true(dc_kube_patch_finalizer_add(&add, made, "decant.example/one"));
    live_patch(DC_KUBE_DONE, "held", &add);
    live_patch(DC_KUBE_CONFLICT, "held", &add); /* the list is not any more what it was */
    dc_autojson json_t *one = live_get("held");
    assert_true(dc_kube_patch_finalizer_add(&more, one, "decant.example/two"));
    live_patch(DC_KUBE_DONE, "held", &more);
    live_remove_map(DC_KUBE_DONE, "held", NULL);

    dc_autojson json_t *held = live_get("held"); /* still there, and being deleted */
    assert_non_null(dc_json_str(held, "metadata.deletionTimestamp"));
    assert_true(dc_kube_has_finalizer(held, "decant.example/one"));
    assert_true(dc_kube_patch_finalizer_remove(&take, held, "decant.example/one"));
    live_patch(DC_KUBE_DONE, "held", &take);
    live_patch(DC_KUBE_CONFLICT, "held", &take);
    dc_autojson json_t *last = live_get("held");
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch end = dc_kube_patch();
    assert_true(dc_kube_patch_finalizer_remove(&end, last, "decant.example/two"));
    live_patch(DC_KUBE_DONE, "held", &end);
    live_remove_map(DC_KUBE_NOT_FOUND, "held", NULL);
}

static void writes_status(void **state)
{
    const char *name = live_name_of("status");
    const struct dc_kube_ref claim = {DC_KUBE_PVC, "default", name, NULL};
    const struct dc_kube_ref status = {DC_KUBE_PVC, "default", name, "status"};
    dc_autojson json_t *body =
        json_pack("{s:{s:s}, s:{s:s, s:[s], s:{s:{s:s}}}}", "metadata", "name", name, "spec",
                  "storageClassName", "decant-test-none", "accessModes", "ReadWriteOnce",
                  "resources", "requests", "storage", "1Gi");
    dc_autojson json_t *change = json_pack("{s:{s:[{s:s, s:s}]}}", "status", "conditions",
                                           "type", "Resizing", "status", "True");

    (void)state;
    json_decref(live_ask(
        DC_KUBE_DONE, &(struct dc_kube_request){.verb = DC_KUBE_CREATE,
                                                .ref = {.kind = DC_KUBE_PVC, .ns = "default"},
                                                .body = body}));
    dc_autojson json_t *changed = live_ask(
        DC_KUBE_DONE,
        &(struct dc_kube_request){.verb = DC_KUBE_MERGE_PATCH, .ref = status, .body = change});
    assert_int_equal(json_array_size(dc_json_at(changed, "status.conditions")), 1);
    json_decref(live_ask(DC_KUBE_DONE,
                         &(struct dc_kube_request){.verb = DC_KUBE_DELETE, .ref = claim}));
}

static void says_what_is_denied(void **state)
{
    struct dc_kube_config nobody = live_config;
    struct dc_kube *client = NULL;
    struct dc_err err = {0};

    (void)state;
    nobody.token = nobody.token_file = nobody.cert_file = nobody.cert_pem = NULL;
    nobody.key_file = nobody.key_pem = NULL;
    assert_int_equal(dc_kube_new(live_loop, &nobody, "nobody", &client, &err), 0);
    struct live_answer a =
        live_ask_of(client, &(struct dc_kube_request){.verb = DC_KUBE_LIST,
                                                      .ref = {.kind = DC_KUBE_SECRET}});
    assert_int_equal(a.answer, DC_KUBE_DENIED);
    assert_int_equal(a.err.kind, DC_DENIED);
    assert_non_null(strstr(a.err.msg, "list secrets: "));
    json_decref(a.body);
    dc_kube_free(client);
}

static void does_not_talk_to_a_stranger(void **state)
{
    struct dc_kube_config other = live_config;
    struct dc_kube *client = NULL;
    struct dc_err err = {0};

    (void)state;
    other.ca_file = other.ca_pem = NULL; /* the system's authorities did not sign this one */
    other.insecure = false;
    assert_int_equal(dc_kube_new(live_loop, &other, "wary", &client, &err), 0);
    struct live_answer a = live_ask_of(
        client, &(struct dc_kube_request){.verb = DC_KUBE_LIST, .ref = {.kind = DC_KUBE_PV}});
    assert_int_equal(a.answer, DC_KUBE_UNKNOWN);
    dc_kube_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_and_reads),   cmocka_unit_test(patches_only_what_it_knows),
        cmocka_unit_test(merges_and_applies),  cmocka_unit_test(deletes_only_what_it_knows),
        cmocka_unit_test(holds_by_finalizer),  cmocka_unit_test(writes_status),
        cmocka_unit_test(says_what_is_denied), cmocka_unit_test(does_not_talk_to_a_stranger),
    };
    if (!getenv("DECANT_TEST_KUBECONFIG"))
        return 77;
    return cmocka_run_group_tests(tests, live_set_up, live_tear_down);
}
