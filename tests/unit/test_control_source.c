// SPDX-License-Identifier: Apache-2.0
/* unit/test_control_source.c - Import specs: what is refused, what is read, what is handed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "control/source.h"

static json_t *parse(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);

    assert_non_null(j);
    return j;
}

static void test_check(void **state)
{
    static const struct {
        const char *spec;
        enum dc_err_kind kind;
        const char *says;
    } rows[] = {
        {"{'http':{'url':'http://h/a'}}", DC_OK, ""},
        {"{'contentType':'kubevirt','http':{'url':'https://h/a?x=@'}}", DC_OK, ""},
        {"{}", DC_BAD_INPUT, "exactly one"},
        {"{'http':{'url':'http://h/a'},'blank':{}}", DC_BAD_INPUT, "exactly one"},
        {"{'s3':{'url':'s3://b/k'}}", DC_UNSUPPORTED, "spec.s3 is not supported yet"},
        {"{'gcs':{}}", DC_UNSUPPORTED, "spec.gcs"},
        {"{'registry':{}}", DC_UNSUPPORTED, "spec.registry"},
        {"{'nbd':{}}", DC_UNSUPPORTED, "spec.nbd"},
        {"{'blank':{}}", DC_UNSUPPORTED, "spec.blank"},
        {"{'contentType':'archive','http':{'url':'http://h/a'}}", DC_UNSUPPORTED, "archive"},
        {"{'contentType':'iso','http':{'url':'http://h/a'}}", DC_BAD_INPUT, "iso"},
        {"{'http':{}}", DC_BAD_INPUT, "spec.http.url"},
        {"{'http':{'url':'ftp://h/a'}}", DC_BAD_INPUT, "ftp://h/a"},
        {"{'http':{'url':'http://user:pw@h/a'}}", DC_BAD_INPUT, "Secret"},
        {"{'http':{'url':'http://h/a','extraHeaders':['1','2','3','4','5','6','7','8','9','10',"
         "'11','12','13','14','15','16','17']}}",
         DC_BAD_INPUT, "more than 16"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        char text[512];
        struct dc_err err = {0};

        (void)snprintf(text, sizeof text, "%s", rows[i].spec);
        for (char *c = text; *c; c++)
            if (*c == '\'')
                *c = '"';
        dc_autojson json_t *spec = parse(text);
        int rc = dc_source_check(spec, &err);
        if (err.kind != rows[i].kind || !strstr(err.msg, rows[i].says) ||
            (rc == 0) != (err.kind == DC_OK))
            fail_msg("%s: %s %s", text, dc_err_name(err.kind), err.msg);
        assert_null(strstr(err.msg, "pw")); /* a password is not repeated */
    }
}

static const char full_spec[] =
    "{\"http\":{\"url\":\"https://h/a\",\"secretRef\":\"login\",\"certConfigMap\":\"ca\","
    "\"extraHeaders\":[\"A: 1\"],\"secretExtraHeaders\":[\"h1\",\"h2\"]}}";

static void test_needs(void **state)
{
    dc_autojson json_t *spec = parse(full_spec);
    dc_autojson json_t *plain = parse("{\"http\":{\"url\":\"http://h/a\"}}");
    struct dc_need needs[DC_MAX_NEEDS];

    (void)state;
    assert_int_equal(dc_source_needs(plain, needs), 0);
    assert_int_equal(dc_source_needs(spec, needs), 4);
    assert_int_equal(needs[0].kind, DC_NEEDS_LOGIN);
    assert_string_equal(needs[0].name, "login");
    assert_int_equal(needs[1].kind, DC_NEEDS_CA);
    assert_string_equal(needs[3].name, "h2");
}

#define PEM "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"

static void test_take(void **state)
{
    static const struct {
        enum dc_needs_kind need;
        const char *object;
        enum dc_err_kind kind;
        const char *says;
    } rows[] = {
        {DC_NEEDS_LOGIN, "{\"data\":{\"accessKeyId\":\"bWU=\",\"secretKey\":\"cHc=\"}}", DC_OK,
         ""},
        {DC_NEEDS_LOGIN, "{\"data\":{\"accessKeyId\":\"bWU=\"}}", DC_NOT_FOUND, "secretKey"},
        {DC_NEEDS_LOGIN, "{}", DC_NOT_FOUND, "accessKeyId"},
        {DC_NEEDS_LOGIN, "{\"data\":{\"accessKeyId\":\"!\",\"secretKey\":\"cHc=\"}}",
         DC_BAD_INPUT, "not text"},
        {DC_NEEDS_CA, "{\"data\":{\"x.crt\":\"" PEM "\",\"readme\":\"hello\"}}", DC_OK, ""},
        {DC_NEEDS_CA, "{\"data\":{\"readme\":\"hello\"}}", DC_NOT_FOUND, "no PEM"},
        {DC_NEEDS_HEADERS, "{\"data\":{\"k\":\"WC1BOiAx\"}}", DC_OK, ""},
        {DC_NEEDS_HEADERS, "{\"data\":{\"k\":\"bWU=\"}}", DC_BAD_INPUT, "NAME: VALUE"},
        {DC_NEEDS_HEADERS, "{\"data\":{\"k\":7}}", DC_BAD_INPUT, "key k"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct dc_need need = {rows[i].need, "obj"};
        dc_autojson json_t *object = parse(rows[i].object);
        struct dc_credentials c = {0};
        struct dc_err err = {0};
        int rc = dc_credentials_take(&c, &need, object, &err);

        if (err.kind != rows[i].kind || !strstr(err.msg, rows[i].says) ||
            (rc == 0) != (err.kind == DC_OK))
            fail_msg("row %zu: %s %s", i, dc_err_name(err.kind), err.msg);
        assert_true(rc == 0 || strstr(err.msg, "obj"));
        dc_credentials_done(&c);
    }
}

static void test_message(void **state)
{
    dc_autojson json_t *spec = parse(full_spec);
    dc_autojson json_t *login =
        parse("{\"data\":{\"accessKeyId\":\"bWU=\",\"secretKey\":\"cHc=\"}}");
    dc_autojson json_t *headers = parse("{\"data\":{\"k\":\"WC1BOiAxDQo=\"}}"); /* with CR LF */
    struct dc_source_message m = {0};
    struct dc_credentials c = {0};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(
        dc_credentials_take(&c, &(struct dc_need){DC_NEEDS_LOGIN, "l"}, login, &err), 0);
    assert_int_equal(
        dc_credentials_take(&c, &(struct dc_need){DC_NEEDS_HEADERS, "h"}, headers, &err), 0);
    dc_source_message(spec, &c, &m);
    assert_int_equal(m.source.kind_case, DECANT__V1ALPHA1__SOURCE__KIND_HTTP);
    assert_string_equal(m.http.url, "https://h/a");
    assert_string_equal(m.http.user, "me");
    assert_string_equal(m.http.password, "pw");
    assert_string_equal(m.http.ca_bundle, "");
    assert_int_equal(m.http.n_headers, 2);
    assert_string_equal(m.http.headers[0], "A: 1");
    assert_string_equal(m.http.headers[1], "X-A: 1");
    dc_credentials_done(&c);
    assert_null(c.user);
    assert_int_equal(c.n_headers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
