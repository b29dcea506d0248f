// SPDX-License-Identifier: Apache-2.0
/* unit/test_name.c - names that may become parts of paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/name.h"
#include "base/num.h"

static void test_driver_name(void **state)
{
    static const struct {
        const char *name;
        bool ok;
    } cases[] = {
        {"csi.decant.dev", true},
        {"a", true},
        {"A-1.b", true},
        {"", false},
        {"-a", false},
        {"a.", false},
        {"a/b", false},
        {"a_b", false},
        {"..", false},
    };
    char name[80];

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++)
        assert_int_equal(dc_csi_name_ok(cases[i].name), cases[i].ok);
    memset(name, 'x', sizeof name);
    name[63] = '\0';
    assert_true(dc_csi_name_ok(name));
    name[63] = 'x';
    name[64] = '\0';
    assert_false(dc_csi_name_ok(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_driver_name)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
