// SPDX-License-Identifier: Apache-2.0
/* base/num.c, base/quantity.c: foreign numbers. */
#include "base/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void checked_arithmetic(void **state)
{
    uint64_t r = 7;

    (void)state;
    assert_false(dc_add(UINT64_MAX, 1, &r));
    assert_false(dc_mul(UINT64_MAX / 2 + 1, 2, &r));
    assert_int_equal(r, 7);
    assert_true(dc_add(UINT64_MAX - 1, 1, &r));
    assert_true(r == UINT64_MAX);
    assert_int_equal(dc_align_up(4097, 4096), 8192);
    assert_int_equal(dc_align_up(4096, 4096), 4096);
    assert_int_equal(dc_align_down(4097, 4096), 4096);
    assert_true(dc_be64("\x01\x02\x03\x04\x05\x06\x07\x08") == 0x0102030405060708);
}

static void zero_runs(void **state)
{
    char b[4096] = {0};

    (void)state;
    assert_true(dc_all_zero(b, 0));
    for (size_t at = 0; at < sizeof b; at += 511) {
        assert_true(dc_all_zero(b, sizeof b));
        b[at] = 1;
        assert_false(dc_all_zero(b, sizeof b));
        assert_true(dc_all_zero(b, at));
        b[at] = 0;
    }
}

static void quantities(void **state)
{
    static const struct {
        const char *text;
        uint64_t want; /* UINT64_MAX: refused */
    } cases[] = {
        {"0", 0},
        {"100", 100},
        {"+5", 5},
        {"10Gi", 10 * DC_GIB},
        {"1.5Gi", DC_GIB + DC_GIB / 2},
        {"1k", 1000},
        {"2G", 2000000000},
        {"1e3", 1000},
        {"1E3", 1000},
        {"1e-1", 1}, /* a part of a byte is a byte */
        {"1500m", 2},
        {"0.1Ki", 103},
        {"7Ei", 7 * 1024 * 1024 * DC_GIB * 1024},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", UINT64_MAX},
        {"8Ei", UINT64_MAX},
        {"1e19", UINT64_MAX},
        {"99999999999999999999999999999999", UINT64_MAX},
        {"", UINT64_MAX},
        {"Gi", UINT64_MAX},
        {"-1", UINT64_MAX},
        {"10GiB", UINT64_MAX},
        {"10 Gi", UINT64_MAX},
        {"1.2.3", UINT64_MAX},
        {"0x10", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        uint64_t got = UINT64_MAX;
        bool ok = dc_parse_quantity(cases[i].text, &got);

        if (ok != (cases[i].want != UINT64_MAX) || got != cases[i].want)
            fail_msg("\"%s\": got %llu", cases[i].text, (unsigned long long)got);
    }
}

static void decimals(void **state)
{
    uint64_t n = 1;

    (void)state;
    assert_true(dc_parse_u64("18446744073709551615", &n));
    assert_true(n == UINT64_MAX);
    assert_false(dc_parse_u64("18446744073709551616", &n));
    assert_false(dc_parse_u64("", &n));
    assert_false(dc_parse_u64("1 ", &n));
    assert_false(dc_parse_u64("-1", &n));
}

static void sizes_for_people(void **state)
{
    char text[DC_SIZE_TEXT];

    (void)state;
    assert_string_equal(dc_size_text(0, text), "0 bytes");
    assert_string_equal(dc_size_text(1023, text), "1023 bytes");
    assert_string_equal(dc_size_text(1536, text), "1.50 KiB");
    assert_string_equal(dc_size_text(64 * DC_MIB, text), "64.0 MiB");
    assert_string_equal(dc_size_text(UINT64_MAX, text), "16.0 EiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checked_arithmetic), cmocka_unit_test(zero_runs),
        cmocka_unit_test(quantities),         cmocka_unit_test(decimals),
        cmocka_unit_test(sizes_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
