// SPDX-License-Identifier: Apache-2.0
/* What answers of the API server mean. The bodies are as kube-apiserver v1.36 sends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/num.h"
#include "kube/status.h"

#define STATUS(reason, message, details)                               \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"" reason \
    "\",\"message\":\"" message "\",\"details\":" details "}"
#define UNPROCESSABLE "the server rejected our request due to an error in our request"
#define RBAC                                                                               \
    "persistentvolumeclaims \\\"c\\\" is forbidden: User \\\"x\\\" cannot patch resource " \
    "\\\"persistentvolumeclaims\\\" in API group \\\"\\\" in the namespace \\\"n\\\""

static const struct row {
    int http;
    bool json_patch;
    const char *body;
    enum dc_kube_answer answer;
    enum dc_err_kind kind;
    const char *text;
} rows[] = {
    {200, false, "{}", DC_KUBE_DONE, DC_OK, ""},
    {201, false, NULL, DC_KUBE_DONE, DC_OK, ""},
    {404, false, STATUS("NotFound", "pvc not found", "{\"name\":\"c\"}"), DC_KUBE_NOT_FOUND,
     DC_NOT_FOUND, "patch persistentvolumeclaims n/c: pvc not found (404)"},
    {404, false, STATUS("NotFound", "the server could not find the requested resource", "{}"),
     DC_KUBE_NOT_FOUND, DC_NOT_FOUND, "the API server has no persistentvolumeclaims in v1"},
    {404, false, NULL, DC_KUBE_NOT_FOUND, DC_NOT_FOUND, "no reason given"},
    {409, false, STATUS("AlreadyExists", "it exists", "{}"), DC_KUBE_EXISTS, DC_EXISTS,
     "it exists"},
    {409, false, STATUS("Conflict", "modified", "{}"), DC_KUBE_CONFLICT, DC_BUSY, "modified"},
    {409, false, NULL, DC_KUBE_CONFLICT, DC_BUSY, "(409)"},
    {422, true, STATUS("Invalid", UNPROCESSABLE, "{}"), DC_KUBE_CONFLICT, DC_BUSY,
     "a test failed"},
    {422, true,
     STATUS("Invalid", "bad", "{\"kind\":\"PersistentVolumeClaim\",\"causes\":[{}]}"),
     DC_KUBE_INVALID, DC_BAD_INPUT, "bad"},
    {422, false, STATUS("Invalid", UNPROCESSABLE, "{}"), DC_KUBE_INVALID, DC_BAD_INPUT,
     "rejected"},
    {400, true, STATUS("BadRequest", "no patch", "{}"), DC_KUBE_INVALID, DC_BAD_INPUT,
     "no patch"},
    {413, false, NULL, DC_KUBE_INVALID, DC_BAD_INPUT, "(413)"},
    {403, false, STATUS("Forbidden", RBAC, "{}"), DC_KUBE_DENIED, DC_DENIED,
     "a Role or ClusterRole must allow verb \"patch\" on resource \"persistentvolumeclaims\" "
     "in API "
     "group \"\""},
    {403, false, STATUS("Forbidden", "exceeded quota: q", "{}"), DC_KUBE_DENIED, DC_DENIED,
     "n/c: exceeded quota: q"},
    {401, false, STATUS("Unauthorized", "Unauthorized", "{}"), DC_KUBE_DENIED, DC_DENIED,
     "check the token"},
    {410, false, STATUS("Expired", "too old", "{}"), DC_KUBE_EXPIRED, DC_CHANGED, "too old"},
    {429, false, NULL, DC_KUBE_UNKNOWN, DC_UNAVAILABLE, "(429)"},
    {500, false, STATUS("InternalError", "etcd", "{}"), DC_KUBE_UNKNOWN, DC_UNAVAILABLE,
     "etcd"},
    {504, false, STATUS("Timeout", "slow", "{}"), DC_KUBE_UNKNOWN, DC_TIMEOUT, "slow"},
    {302, false, NULL, DC_KUBE_UNKNOWN, DC_UNAVAILABLE, "(302)"},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct row *r = &rows[i];
        struct dc_kube_asked asked = {
            .verb = "patch", .ref = {DC_KUBE_PVC, "n", "c", NULL}, .json_patch = r->json_patch};
        dc_autojson json_t *body = r->body ? json_loads(r->body, 0, NULL) : NULL;
        struct dc_err err = {0};

        assert_true(!r->body == !body);
        assert_int_equal(dc_kube_status_answer(&asked, r->http, body), r->answer);
        if (r->answer == DC_KUBE_DONE)
            continue;
        assert_int_equal(dc_kube_status_fail(&asked, r->http, body, &err), -1);
        assert_int_equal(err.kind, r->kind);
        if (!strstr(err.msg, r->text))
            fail_msg("row %zu: got \"%s\"", i, err.msg);
    }
}

static void test_crd_hint(void **state)
{
    struct dc_kube_asked asked = {.verb = "list", .ref = {.kind = DC_KUBE_IMPORT}};
    struct dc_err err = {0};
    (void)state;

    (void)dc_kube_status_fail(&asked, 404, NULL, &err);
    assert_non_null(strstr(err.msg, "list imports: the API server has no imports in "
                                    "populator.cdi.kubevirt.io/v1alpha1; are Decant's CRDs"));
}

static void test_again(void **state)
{
    (void)state;
    assert_true(dc_kube_status_again(429, 0));
    assert_true(dc_kube_status_again(503, 1));
    assert_false(dc_kube_status_again(503, 0));
    assert_false(dc_kube_status_again(500, 1));
    assert_false(dc_kube_status_again(200, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_crd_hint),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
