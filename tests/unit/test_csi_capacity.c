// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_capacity.c - sizes from capacity ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/capacity.h"

#define GI  (1LL << 30)
#define MI  (1LL << 20)
#define BIG (1LL << 62)

static Csi__V1__CapacityRange range_of(int64_t required, int64_t limit)
{
    Csi__V1__CapacityRange r = CSI__V1__CAPACITY_RANGE__INIT;

    r.required_bytes = required;
    r.limit_bytes = limit;
    return r;
}

static void test_choose(void **state)
{
    static const struct {
        int64_t required, limit;
        uint64_t min;
        enum dc_err_kind kind;
        int64_t size, capacity;
    } cases[] = {
        {GI, 0, 0, DC_OK, GI, GI},
        {GI + 1, 0, 0, DC_OK, GI + MI, GI + MI},
        {1, 0, 0, DC_OK, MI, MI},
        {0, 2 * GI, 0, DC_OK, GI, GI}, /* the default, below the limit   */
        {0, 5 * MI, 0, DC_OK, 5 * MI, 5 * MI},
        {GI, GI, 0, DC_OK, GI, GI},
        {GI + 4096, GI + 4096, 0, DC_OK, GI + 4096, GI + 4096},
        {GI + 512, GI + 1024, 0, DC_OK, GI + 512, GI + 512},
        {GI + 1, GI + 1, 0, DC_OK, GI + 512, GI + 1}, /* told without the part of a sector */
        {MI, 0, 300 * MI, DC_OK, 300 * MI, 300 * MI},
        {MI, 10 * MI, 300 * MI, DC_NO_SPACE, 0, 0},
        {BIG, 0, 0, DC_OK, BIG, BIG},
        {BIG + 1, 0, 0, DC_NO_SPACE, 0, 0},
        {INT64_MAX, INT64_MAX, 0, DC_NO_SPACE, 0, 0},
        {2 * GI, GI, 0, DC_NO_SPACE, 0, 0},
        {0, 0, 0, DC_BAD_INPUT, 0, 0},
        {-1, 0, 0, DC_BAD_INPUT, 0, 0},
        {GI, -1, 0, DC_BAD_INPUT, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        Csi__V1__CapacityRange r = range_of(cases[i].required, cases[i].limit);
        struct dc_capacity got = {0};
        struct dc_err err = {0};

        (void)dc_capacity_choose(&r, cases[i].min, &got, &err);
        assert_int_equal(err.kind, cases[i].kind);
        assert_int_equal(got.size, cases[i].size);
        assert_int_equal(got.capacity, cases[i].capacity);
    }
}

static void test_no_range(void **state)
{
    struct dc_capacity got;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_capacity_choose(NULL, 0, &got, &err), 0);
    assert_int_equal(got.size, GI);
    assert_true(dc_capacity_fits(NULL, 1));
}

static void test_fits(void **state)
{
    Csi__V1__CapacityRange r = range_of(GI, 2 * GI), open = range_of(GI, 0);

    (void)state;
    assert_false(dc_capacity_fits(&r, GI - 1));
    assert_true(dc_capacity_fits(&r, GI));
    assert_true(dc_capacity_fits(&r, 2 * GI));
    assert_false(dc_capacity_fits(&r, 2 * GI + 1));
    assert_true(dc_capacity_fits(&open, 9 * GI));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_no_range),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
