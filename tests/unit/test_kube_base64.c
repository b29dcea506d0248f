// SPDX-License-Identifier: Apache-2.0
/* Base64 as Secrets and kubeconfigs have it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "kube/base64.h"

static void test_good(void **state)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"Zm9v\nYmFy\n", "foobar"},
        {" Z g = = ", "f"},
        {"+/8=", "\xfb\xff"},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        dc_autofree char *plain = NULL;
        size_t len = 99;

        assert_int_equal(dc_kube_base64(cases[i].text, &plain, &len, &err), 0);
        assert_int_equal(len, strlen(cases[i].plain));
        assert_string_equal(plain, cases[i].plain);
    }
}

static void test_bad(void **state)
{
    static const char *const cases[] = {
        "Z",    "Zg",    "Zg=",   "Zm9",       "Zg===", "Zm9v=",   "=",
        "Z-8=", "Zg==x", "Zm9vZ", "Zm9v=Zm9v", "é",     "Zg=\x01="};
    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        char *plain = NULL;

        if (dc_kube_base64(cases[i], &plain, NULL, &err) != -1)
            fail_msg("\"%s\" was taken", cases[i]);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        assert_null(plain);
    }
}

static void test_nul(void **state)
{
    struct dc_err err = {0};
    char *plain = NULL;
    size_t len = 0;
    (void)state;

    assert_int_equal(dc_kube_base64("YQBi", &plain, NULL, &err), -1);
    dc_err_clear(&err);
    assert_int_equal(dc_kube_base64("YQBi", &plain, &len, &err), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(plain, "a\0b", 4);
    free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
