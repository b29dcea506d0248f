// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_busy.c - one call at a time for one volume. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csi/busy.h"

static void test_one_at_a_time(void **state)
{
    struct dc_busy_entry a = {0}, b = {0}, again = {0};
    struct dc_busy busy;
    struct dc_err err = {0};

    (void)state;
    dc_busy_init(&busy);
    assert_int_equal(dc_busy_enter(&busy, "a", &a, &err), 0);
    assert_int_equal(dc_busy_enter(&busy, "b", &b, &err), 0);
    assert_int_equal(dc_busy_enter(&busy, "a", &again, &err), -1);
    assert_int_equal(err.kind, DC_BUSY);
    dc_busy_leave(&again); /* holds nothing: must not free the other's */

    dc_err_clear(&err);
    dc_busy_leave(&a);
    assert_int_equal(dc_busy_enter(&busy, "a", &again, &err), 0);
    dc_busy_leave(&b);
    dc_busy_leave(&again);
    assert_null(busy.entries);
    dc_busy_done(&busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_at_a_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
