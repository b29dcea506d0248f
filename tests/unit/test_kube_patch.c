// SPDX-License-Identifier: Apache-2.0
/* JSON Patches as they go over the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "kube/patch.h"

static void is_patch(const struct dc_kube_patch *p, const char *want)
{
    struct dc_err err = {0};
    assert_int_equal(dc_kube_patch_check(p, &err), 0);
    dc_autofree char *text = dc_json_text(p->ops);
    assert_string_equal(text, want);
}

static json_t *object_of(const char *metadata)
{
    json_t *j = json_pack("{s:o}", "metadata", json_loads(metadata, 0, NULL));
    assert_non_null(j);
    return j;
}

static void test_operations(void **state)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch p = dc_kube_patch();
    (void)state;

    dc_kube_patch_test(&p, json_string("u"), "spec", "claimRef", "uid");
    dc_kube_patch_replace(&p, json_pack("{s:i}", "x", 1), "spec", "claimRef");
    dc_kube_patch_add(&p, json_string("v"), "metadata", "annotations", "a.b/c~d");
    dc_kube_patch_remove(&p, "status");
    dc_kube_patch_test(&p, json_null(), "spec");
    is_patch(&p,
             "[{\"op\":\"test\",\"path\":\"/spec/claimRef/uid\",\"value\":\"u\"},"
             "{\"op\":\"replace\",\"path\":\"/spec/claimRef\",\"value\":{\"x\":1}},"
             "{\"op\":\"add\",\"path\":\"/metadata/annotations/a.b~1c~0d\",\"value\":\"v\"},"
             "{\"op\":\"remove\",\"path\":\"/status\"},"
             "{\"op\":\"test\",\"path\":\"/spec\",\"value\":null}]");
}

static void test_missing_value(void **state)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch p = dc_kube_patch();
    struct dc_err err = {0};
    (void)state;

    dc_kube_patch_test(&p, json_string("\xff"), "spec"); /* no UTF-8: NULL */
    dc_kube_patch_add(&p, json_string("x"), "spec");
    assert_int_equal(dc_kube_patch_check(&p, &err), -1);
    assert_int_equal(json_array_size(p.ops), 0); /* never a patch that lost its test */
}

static void test_finalizer_add(void **state)
{
    dc_autojson json_t *some =
        object_of("{\"uid\":\"u\",\"resourceVersion\":\"7\",\"finalizers\":[\"a\"]}");
    dc_autojson json_t *none = object_of("{\"uid\":\"u\",\"resourceVersion\":\"7\"}");
    DC_AUTO(dc_kube_patch_done)
    struct dc_kube_patch p = dc_kube_patch(), q = dc_kube_patch(), r = dc_kube_patch();
    (void)state;

    assert_true(dc_kube_patch_finalizer_add(&p, some, "f/g"));
    is_patch(&p, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
                 "{\"op\":\"test\",\"path\":\"/metadata/finalizers\",\"value\":[\"a\"]},"
                 "{\"op\":\"add\",\"path\":\"/metadata/finalizers/-\",\"value\":\"f/g\"}]");
    assert_true(dc_kube_patch_finalizer_add(&q, none, "f/g"));
    is_patch(&q, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
                 "{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
                 "{\"op\":\"add\",\"path\":\"/metadata/finalizers\",\"value\":[\"f/g\"]}]");
    assert_false(dc_kube_patch_finalizer_add(&r, some, "a"));
    is_patch(&r, "[]");
    assert_true(dc_kube_has_finalizer(some, "a"));
    assert_false(dc_kube_has_finalizer(none, "a"));
}

static void test_finalizer_remove(void **state)
{
    dc_autojson json_t *object =
        object_of("{\"uid\":\"u\",\"finalizers\":[\"a\",\"b\",\"c\"]}");
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch p = dc_kube_patch(), q = dc_kube_patch();
    (void)state;

    assert_true(dc_kube_patch_finalizer_remove(&p, object, "b"));
    is_patch(
        &p, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
            "{\"op\":\"test\",\"path\":\"/metadata/finalizers\",\"value\":[\"a\",\"b\",\"c\"]},"
            "{\"op\":\"remove\",\"path\":\"/metadata/finalizers/1\"}]");
    assert_false(dc_kube_patch_finalizer_remove(&q, object, "x"));
    is_patch(&q, "[]");
}

static void test_annotate(void **state)
{
    dc_autojson json_t *some = object_of("{\"uid\":\"u\",\"annotations\":{\"k/x\":\"1\"}}");
    dc_autojson json_t *none = object_of("{\"uid\":\"u\",\"resourceVersion\":\"7\"}");
    DC_AUTO(dc_kube_patch_done)
    struct dc_kube_patch p = dc_kube_patch(), q = dc_kube_patch(), r = dc_kube_patch();
    (void)state;

    assert_true(dc_kube_patch_annotate(&p, some, "k/y", "2"));
    assert_true(dc_kube_patch_annotate(&p, some, "k/x", NULL));
    assert_false(dc_kube_patch_annotate(&p, some, "k/z", NULL));
    is_patch(&p, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
                 "{\"op\":\"add\",\"path\":\"/metadata/annotations/k~1y\",\"value\":\"2\"},"
                 "{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
                 "{\"op\":\"remove\",\"path\":\"/metadata/annotations/k~1x\"}]");
    assert_true(dc_kube_patch_annotate(&q, none, "k/y", "2"));
    is_patch(&q,
             "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
             "{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
             "{\"op\":\"add\",\"path\":\"/metadata/annotations\",\"value\":{\"k/y\":\"2\"}}]");
    assert_false(dc_kube_patch_annotate(&r, none, "k/y", NULL));
}

static void test_escape(void **state)
{
    dc_autofree char *s = dc_kube_pointer_escape("a/b~c~1");
    dc_autofree char *empty = dc_kube_pointer_escape("");
    (void)state;

    assert_string_equal(s, "a~1b~0c~01");
    assert_string_equal(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),    cmocka_unit_test(test_missing_value),
        cmocka_unit_test(test_finalizer_add), cmocka_unit_test(test_finalizer_remove),
        cmocka_unit_test(test_annotate),      cmocka_unit_test(test_escape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
