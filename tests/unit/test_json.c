// SPDX-License-Identifier: Apache-2.0
/* base/json.c: what is absent or of another type answers nothing, and never crashes. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char text[] =
    "{\"metadata\":{\"name\":\"p\",\"labels\":{\"a.b/c\":\"v\"},"
    "\"annotations\":{\"x/y\":\"z\",\"nul\":\"a\\u0000b\"}},"
    "\"spec\":{\"n\":9007199254740993,\"on\":true,\"claimRef\":{\"uid\":\"u-1\"}}}";

static void paths_and_types(void **state)
{
    struct dc_err err = {0};
    dc_autojson json_t *j = NULL;

    (void)state;
    assert_int_equal(dc_json_parse(text, strlen(text), &j, &err), 0);
    assert_string_equal(dc_json_str(j, "spec.claimRef.uid"), "u-1");
    assert_null(dc_json_str(j, "spec.claimRef.uid.more"));
    assert_null(dc_json_str(j, "spec.n"));
    assert_string_equal(dc_json_text_or_empty(j, "spec.missing"), "");
    assert_true(dc_json_int(j, "spec.n") == 9007199254740993);
    assert_int_equal(dc_json_int(j, "spec.on"), 0);
    assert_true(dc_json_bool(j, "spec.on"));
    assert_null(dc_json_at(NULL, "spec"));
}

static void labels_and_annotations(void **state)
{
    struct dc_err err = {0};
    dc_autojson json_t *j = NULL;

    (void)state;
    assert_int_equal(dc_json_parse(text, strlen(text), &j, &err), 0);
    assert_string_equal(dc_json_label(j, "a.b/c"), "v");
    assert_string_equal(dc_json_annotation(j, "x/y"), "z");
    assert_null(dc_json_annotation(j, "nul")); /* strlen would lie about it */
    assert_null(dc_json_label(j, "x/y"));
}

static void broken_text_says_where(void **state)
{
    static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "[1,2] x",
                                      "{\"a\":\"\xff\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dc_err err = {0};
        json_t *j = NULL;

        assert_int_equal(dc_json_parse(bad[i], strlen(bad[i]), &j, &err), -1);
        assert_int_equal(err.kind, DC_CORRUPT);
        assert_non_null(strstr(err.msg, "line"));
        assert_null(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_types),
        cmocka_unit_test(labels_and_annotations),
        cmocka_unit_test(broken_text_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
