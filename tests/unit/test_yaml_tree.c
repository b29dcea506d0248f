// SPDX-License-Identifier: Apache-2.0
/* What YAML becomes as JSON, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/num.h"
#include "kube/yaml_tree.h"

static void test_values(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"", "null"},
        {"# only a comment\n", "null"},
        {"a: 1", "{\"a\":1}"},
        {"a: -7\nb: +8\nc: 007", "{\"a\":-7,\"b\":8,\"c\":7}"},
        {"a: 9223372036854775807", "{\"a\":9223372036854775807}"},
        {"a: true\nb: False\nc: yes\nd: off",
         "{\"a\":true,\"b\":false,\"c\":\"yes\",\"d\":\"off\"}"},
        {"a: null\nb: ~\nc:\nd: ''", "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}"},
        {"a: '1'\nb: \"true\"\nc: |\n  x\n  y\n",
         "{\"a\":\"1\",\"b\":\"true\",\"c\":\"x\\ny\\n\"}"},
        {"a: 0x10\nb: 1_000\nc: 1.2.3\nd: .",
         "{\"a\":\"0x10\",\"b\":\"1_000\",\"c\":\"1.2.3\",\"d\":\".\"}"},
        {"a: 1.5\nb: .5\nc: 2e3\nd: 2e\ne: 2e--3",
         "{\"a\":1.5,\"b\":0.5,\"c\":2000.0,\"d\":\"2e\",\"e\":\"2e--3\"}"},
        {"- a\n- [b, {c: d}]\n- []\n- {}", "[\"a\",[\"b\",{\"c\":\"d\"}],[],{}]"},
        {"{\"json\": [1, \"two\", null]}", "{\"json\":[1,\"two\",null]}"},
        {"---\na: 1\n...\n", "{\"a\":1}"},
        {"true: 1\n2: b", "{\"true\":1,\"2\":\"b\"}"},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        dc_autojson json_t *j = NULL;
        int rc = dc_yaml_parse(cases[i].yaml, strlen(cases[i].yaml), &j, &err);

        if (rc != 0)
            fail_msg("%s: %s", cases[i].yaml, err.msg);
        dc_autofree char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
        assert_string_equal(text, cases[i].json);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *yaml, *why;
    } cases[] = {
        {"a: 1\nb: 2\na: 3", "line 3: key \"a\" stands here twice"},
        {"{a: 1, a: 2}", "line 1: key \"a\" stands here twice"},
        {"a: &x 1\nb: *x", "line 1: anchors"},
        {"b: *x", "line 1: aliases"},
        {"a: !!binary aGk=", "line 1: tags"},
        {"a: !foo {}", "line 1: tags"},
        {"a: 1\n---\nb: 2", "line 2: a second document"},
        {"[a]: 1", "line 1: a key must be a plain text"},
        {"? {a: 1}\n: 2", "line 1: a key must be a plain text"},
        {"a: 9223372036854775808", "line 1: number above 64 bits"},
        {"a: 1e999", "line 1: number out of range"},
        {"a: \"x\\0y\"", "line 1: NUL"},
        {"\"a\\0b\": 1", "line 1: NUL"},
        {"a: [1, 2", "did not find expected"},
        {"a: b: c", "line 1: "},
        {"a:\n\t- b", "line 2: "},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        json_t *j = NULL;

        assert_int_equal(dc_yaml_parse(cases[i].yaml, strlen(cases[i].yaml), &j, &err), -1);
        assert_null(j);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        if (!strstr(err.msg, cases[i].why))
            fail_msg("%s: got \"%s\"", cases[i].yaml, err.msg);
    }
}

/* n times open, n times close: nested n deep. */
static int nested(int n, struct dc_err *err)
{
    char text[256];
    json_t *j = NULL;

    memset(text, '[', (size_t)n);
    memset(text + n, ']', (size_t)n);
    int rc = dc_yaml_parse(text, 2 * (size_t)n, &j, err);
    json_decref(j);
    return rc;
}

static void test_limits(void **state)
{
    struct dc_err err = {0};
    json_t *j = NULL;
    (void)state;

    assert_int_equal(nested(DC_YAML_MAX_DEPTH, &err), 0);
    assert_int_equal(nested(DC_YAML_MAX_DEPTH + 1, &err), -1);
    assert_non_null(strstr(err.msg, "too deeply"));

    size_t len = DC_YAML_MAX_BYTES + 1;
    dc_autofree char *text = calloc(1, len);
    memset(text, ' ', len);
    dc_err_clear(&err);
    assert_int_equal(dc_yaml_parse(text, len, &j, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);

    /* "[1,1,...": more values than allowed, in fewer bytes than allowed */
    text[0] = '[';
    for (size_t i = 1; i < 2 * DC_YAML_MAX_NODES + 4; i++)
        text[i] = i % 2 ? '1' : ',';
    text[2 * DC_YAML_MAX_NODES + 4] = ']';
    dc_err_clear(&err);
    assert_int_equal(dc_yaml_parse(text, 2 * DC_YAML_MAX_NODES + 5, &j, &err), -1);
    assert_non_null(strstr(err.msg, "too many values"));
}

static void test_file(void **state)
{
    struct dc_err err = {0};
    json_t *j = NULL;
    (void)state;

    assert_int_equal(dc_yaml_file("/nonexistent/x", &j, &err), -1);
    assert_int_equal(err.kind, DC_NOT_FOUND);
    dc_err_clear(&err);
    assert_int_equal(dc_yaml_file("/", &j, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
