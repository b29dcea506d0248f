// SPDX-License-Identifier: Apache-2.0
/* unit/test_url.c - origins, redirects, and what never stays in a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "net/url.h"

static void takes_user_out(void **state)
{
    struct dc_url u = {0};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(
        dc_url_parse("https://a%40b:p%3Aw@Host.example/disk.img?token=1#x", &u, &err), 0);
    assert_string_equal(u.user, "a@b");
    assert_string_equal(u.password, "p:w");
    assert_string_equal(u.origin, "https://host.example:443");
    assert_null(strstr(u.text, "p%3Aw"));
    assert_null(strchr(u.text, '#'));
    assert_non_null(strstr(u.text, "?token=1"));
    assert_null(strstr(u.name, "token"));
    assert_true(u.https);
    dc_url_done(&u);
}

static void refuses_what_is_no_web_address(void **state)
{
    static const char *const bad[] = {"",         "ftp://host/x",  "file:///etc/passwd",
                                      "https://", "http://ho st/", "nonsense://x"};

    (void)state;
    for (size_t i = 0; i < DC_LEN(bad); i++) {
        struct dc_url u = {0};
        struct dc_err err = {0};

        assert_int_equal(dc_url_parse(bad[i], &u, &err), -1);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        assert_null(u.text);
    }
}

static void follows(void **state)
{
    static const struct {
        const char *base, *location, *want;
        bool same;
    } rows[] = {
        {"http://a/x/y", "z", "http://a/x/z", true},
        {"http://a/x/y?q", "/z?r", "http://a/z?r", true},
        {"http://a/x", "http://A:80/z", "http://A:80/z", true},
        {"http://a/x", "http://a:81/z", "http://a:81/z", false},
        {"http://a/x", "https://a/z", "https://a/z", false},
        {"http://a/x", "//b/z", "http://b/z", false},
        {"http://a/x", "http://u:p@b/z", "http://b/z", false},
        {"https://a/x", "https://a:443/", "https://a:443/", true},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_url base = {0}, next = {0};
        struct dc_err err = {0};

        assert_int_equal(dc_url_parse(rows[i].base, &base, &err), 0);
        assert_int_equal(dc_url_follow(&base, rows[i].location, &next, &err), 0);
        assert_string_equal(next.text, rows[i].want);
        assert_null(next.user);
        assert_int_equal(dc_url_same_origin(&base, &next), rows[i].same);
        dc_url_done(&base);
        dc_url_done(&next);
    }
}

static void refuses_other_schemes_on_the_way(void **state)
{
    struct dc_url base = {0}, next = {0};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_url_parse("http://a/x", &base, &err), 0);
    assert_int_equal(dc_url_follow(&base, "file:///etc/passwd", &next, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_url_done(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_user_out),
        cmocka_unit_test(refuses_what_is_no_web_address),
        cmocka_unit_test(follows),
        cmocka_unit_test(refuses_other_schemes_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
