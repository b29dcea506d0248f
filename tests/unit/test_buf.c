// SPDX-License-Identifier: Apache-2.0
/* base/buf.c: a buffer never holds more than it was made for, and says so once. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void appends_in_order(void **state)
{
    dc_autobuf struct dc_buf b = DC_BUF(1000);

    (void)state;
    assert_true(dc_buf_adds(&b, "volume "));
    assert_true(dc_buf_addf(&b, "%d of %s", 3, "four"));
    assert_string_equal(b.data, "volume 3 of four");
    dc_buf_drop(&b, 7);
    assert_string_equal(b.data, "3 of four");
    assert_int_equal(b.len, 9);
    dc_buf_drop(&b, 100);
    assert_int_equal(b.len, 0);
}

static void stops_at_its_maximum(void **state)
{
    dc_autobuf struct dc_buf b = DC_BUF(8);

    (void)state;
    assert_true(dc_buf_adds(&b, "12345678"));
    assert_false(dc_buf_adds(&b, "9"));
    assert_true(b.failed);
    assert_string_equal(b.data, "12345678");
    assert_false(dc_buf_adds(&b, "")); /* failed stays failed */
    assert_null(dc_buf_steal(&b));
}

static void reset_keeps_working(void **state)
{
    dc_autobuf struct dc_buf b = DC_BUF(4);

    (void)state;
    assert_false(dc_buf_addf(&b, "%s", "too long"));
    dc_buf_reset(&b);
    assert_true(dc_buf_adds(&b, "ok"));
    dc_autofree char *s = dc_buf_steal(&b);
    assert_string_equal(s, "ok");
    assert_null(b.data);
}

static void stealing_nothing_is_an_empty_string(void **state)
{
    struct dc_buf b = DC_BUF(4);
    dc_autofree char *s = dc_buf_steal(&b);

    (void)state;
    assert_string_equal(s, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_in_order),
        cmocka_unit_test(stops_at_its_maximum),
        cmocka_unit_test(reset_keeps_working),
        cmocka_unit_test(stealing_nothing_is_an_empty_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
