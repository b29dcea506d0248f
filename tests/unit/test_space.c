// SPDX-License-Identifier: Apache-2.0
/* test_space.c - the arithmetic of file systems and claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "node/space.h"

static void offers(void **state)
{
    static const struct {
        uint64_t available, capacity, file, max;
    } cases[] = {
        {0, DC_GIB, 0, 0},
        {DC_MIB, DC_GIB, 0, 0},
        /* An ext4 of 1 GiB offers a bit less than 0.94: what it offers decides. */
        {900 * DC_MIB, DC_GIB, 898 * DC_MIB, 900 * DC_MIB - DC_MIB - 900 * 1024},
        /* An xfs of 10 GiB offers more: the claim decides what the VM sees. */
        {10100 * DC_MIB, 10 * DC_GIB, 9625 * DC_MIB, 10100 * DC_MIB - DC_MIB - 10100 * 1024},
        /* Capacity not known. */
        {1000 * DC_MIB, 0, 940 * DC_MIB, 1000 * DC_MIB - DC_MIB - 1000 * 1024},
        {UINT64_MAX, UINT64_MAX, 17339939429286936576ull, 18428729675199021056ull},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_space s = dc_space_of(cases[i].available, cases[i].capacity);

        assert_true(s.file == cases[i].file);
        assert_true(s.max == cases[i].max);
        assert_true(s.file % DC_MIB == 0 && s.file <= s.max);
    }
}

static void needs(void **state)
{
    static const struct {
        uint64_t image;
        bool block;
        uint64_t capacity, max, needed;
    } cases[] = {
        {1, true, 0, 0, DC_MIB},
        {DC_GIB, true, DC_MIB, DC_MIB, DC_GIB},
        {DC_GIB + 1, true, 0, 0, DC_GIB + DC_MIB},
        {94 * DC_MIB, false, 0, 0, 100 * DC_MIB},
        {94 * DC_MIB + 1, false, 0, 0, 102 * DC_MIB},
        {94 * DC_MIB, false, 50 * DC_MIB, 40 * DC_MIB, 118 * DC_MIB}, /* a small ext4 */
        {94 * DC_MIB, false, 50 * DC_MIB, 49 * DC_MIB, 100 * DC_MIB},
        {UINT64_MAX, false, 0, 0, UINT64_MAX},
        {UINT64_MAX, true, 0, 0, UINT64_MAX},
        {0, false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++)
        assert_true(dc_space_needed(cases[i].image, cases[i].block, cases[i].capacity,
                                    cases[i].max) == cases[i].needed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers),
        cmocka_unit_test(needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
