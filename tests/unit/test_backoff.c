// SPDX-License-Identifier: Apache-2.0
/* unit/test_backoff.c - waits grow, are capped, and are spread over their upper half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "net/backoff.h"

static void grows_to_the_cap(void **state)
{
    static const struct {
        unsigned attempt;
        uint32_t random;
        uint64_t want;
    } rows[] = {
        {0, 0, 50},           {0, UINT32_MAX, 100},  {1, 0, 100},        {1, UINT32_MAX, 200},
        {3, UINT32_MAX, 800}, {4, UINT32_MAX, 1000}, {31, 0, 500},       {31, UINT32_MAX, 1000},
        {32, 0, 500},         {UINT32_MAX, 0, 500},  {2, 1u << 31, 300},
    };
    const struct dc_backoff b = {.base_ms = 100, .cap_ms = 1000};

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++)
        assert_int_equal(dc_backoff_ms(&b, rows[i].attempt, rows[i].random), rows[i].want);
}

static void large_numbers_do_not_overflow(void **state)
{
    const struct dc_backoff b = {.base_ms = UINT32_MAX, .cap_ms = UINT32_MAX};

    (void)state;
    assert_int_equal(dc_backoff_ms(&b, 31, UINT32_MAX), UINT32_MAX);
    assert_int_equal(dc_backoff_ms(&b, 99, 0), UINT32_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_the_cap),
        cmocka_unit_test(large_numbers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
