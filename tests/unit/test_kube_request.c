// SPDX-License-Identifier: Apache-2.0
/* What each verb becomes: method, path, query, body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/num.h"
#include "kube/request.h"

#define PVCS "/api/v1/namespaces/n/persistentvolumeclaims"

struct row {
    struct dc_kube_request request;
    const char *method, *path, *type, *body;
};

static void becomes(const struct row *r)
{
    DC_AUTO(dc_kube_wire_done) struct dc_kube_wire w = {0};
    struct dc_err err = {0};

    assert_int_equal(dc_kube_wire_build(&r->request, "me too", &w, &err), 0);
    assert_string_equal(w.send.method, r->method);
    assert_string_equal(w.send.path, r->path);
    assert_string_equal(w.send.content_type ? w.send.content_type : "-",
                        r->type ? r->type : "-");
    assert_string_equal(w.send.body ? w.send.body : "-", r->body ? r->body : "-");
}

static void test_wire(void **state)
{
    dc_autojson json_t *object = json_object();
    dc_autojson json_t *ops = json_array();
    const struct dc_kube_ref one = {DC_KUBE_PVC, "n", "c", NULL},
                             all = {DC_KUBE_PVC, "n", NULL, NULL};
    const struct row rows[] = {
        {{.verb = DC_KUBE_GET, .ref = one}, "GET", PVCS "/c", NULL, NULL},
        {{.verb = DC_KUBE_LIST, .ref = all}, "GET", PVCS "?limit=500", NULL, NULL},
        {{.verb = DC_KUBE_LIST,
          .ref = all,
          .limit = 3,
          .page = "a+b=",
          .label_selector = "x in (y)",
          .field_selector = "metadata.name=z"},
         "GET",
         PVCS "?limit=3&continue=a%2Bb%3D&labelSelector=x%20in%20%28y%29&fieldSelector="
              "metadata.name%3Dz",
         NULL,
         NULL},
        {{.verb = DC_KUBE_CREATE, .ref = all, .body = object},
         "POST",
         PVCS "?fieldManager=me%20too",
         "application/json",
         "{}"},
        {{.verb = DC_KUBE_REPLACE, .ref = one, .body = object},
         "PUT",
         PVCS "/c?fieldManager=me%20too",
         "application/json",
         "{}"},
        {{.verb = DC_KUBE_JSON_PATCH, .ref = one, .body = ops},
         "PATCH",
         PVCS "/c?fieldManager=me%20too",
         "application/json-patch+json",
         "[]"},
        {{.verb = DC_KUBE_MERGE_PATCH,
          .ref = {DC_KUBE_PVC, "n", "c", "status"},
          .body = object},
         "PATCH",
         PVCS "/c/status?fieldManager=me%20too",
         "application/merge-patch+json",
         "{}"},
        {{.verb = DC_KUBE_APPLY, .ref = one, .body = object},
         "PATCH",
         PVCS "/c?fieldManager=me%20too&force=true",
         "application/apply-patch+yaml",
         "{}"},
        {{.verb = DC_KUBE_DELETE, .ref = one},
         "DELETE",
         PVCS "/c",
         "application/json",
         "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":"
         "\"Background\","
         "\"preconditions\":{}}"},
        {{.verb = DC_KUBE_DELETE,
          .ref = one,
          .uid = "u",
          .resource_version = "7",
          .propagation = DC_KUBE_FOREGROUND},
         "DELETE",
         PVCS "/c",
         "application/json",
         "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":"
         "\"Foreground\","
         "\"preconditions\":{\"uid\":\"u\",\"resourceVersion\":\"7\"}}"},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++)
        becomes(&rows[i]);
}

static void test_refused(void **state)
{
    dc_autojson json_t *object = json_object();
    dc_autojson json_t *ops = json_array();
    const struct dc_kube_ref one = {DC_KUBE_PVC, "n", "c", NULL},
                             all = {DC_KUBE_PVC, "n", NULL, NULL};
    const struct dc_kube_request bad[] = {
        {.verb = DC_KUBE_GET, .ref = all},
        {.verb = DC_KUBE_LIST, .ref = one},
        {.verb = DC_KUBE_DELETE, .ref = all}, /* never a whole collection */
        {.verb = DC_KUBE_CREATE, .ref = all},
        {.verb = DC_KUBE_CREATE, .ref = {.kind = DC_KUBE_PVC}, .body = object},
        {.verb = DC_KUBE_CREATE, .ref = one, .body = object},
        {.verb = DC_KUBE_JSON_PATCH, .ref = one, .body = object},
        {.verb = DC_KUBE_MERGE_PATCH, .ref = one, .body = ops},
        {.verb = DC_KUBE_GET, .ref = one, .body = object},
        {.verb = DC_KUBE_GET, .ref = {DC_KUBE_PVC, "n", "../x", NULL}},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(bad); i++) {
        struct dc_kube_wire w = {0};
        struct dc_err err = {0};

        if (dc_kube_wire_build(&bad[i], "me", &w, &err) != -1)
            fail_msg("row %zu was taken", i);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        assert_null(w.path);
    }
}

static void test_watch_path(void **state)
{
    const struct dc_kube_request list = {
        .verb = DC_KUBE_LIST, .ref = {.kind = DC_KUBE_PV}, .label_selector = "a=b"};
    dc_autofree char *path = NULL;
    struct dc_err err = {0};
    (void)state;

    assert_int_equal(dc_kube_watch_path(&list, "12", 300, &path, &err), 0);
    assert_string_equal(path, "/api/v1/persistentvolumes?watch=true&allowWatchBookmarks=true"
                              "&timeoutSeconds=300&resourceVersion=12&labelSelector=a%3Db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_watch_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
