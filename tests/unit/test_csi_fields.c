// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_fields.c - required fields, sizes and characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/fields.h"
#include "proto/csi.pb-c.h"

static void text_of(size_t len, char *ret)
{
    memset(ret, 'x', len);
    ret[len] = '\0';
}

static void test_text(void **state)
{
    struct dc_err err = {0};
    char text[256];

    (void)state;
    assert_int_equal(dc_field_text("volume_id", "a", &err), 0);
    text_of(DC_CSI_TEXT_MAX, text);
    assert_int_equal(dc_field_text("volume_id", text, &err), 0);

    text_of(DC_CSI_TEXT_MAX + 1, text);
    assert_int_equal(dc_field_text("volume_id", text, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_non_null(strstr(err.msg, "volume_id"));

    dc_err_clear(&err);
    assert_int_equal(dc_field_text("name", "", &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

static void test_name(void **state)
{
    static const struct {
        const char *name;
        bool ok;
    } cases[] = {
        {"pvc-1", true},
        {"a/b/../c", true},
        {"..", true},
        {"tab\tline\nret\r", true},
        {"\xc3\xa4\xe2\x82\xac", true},
        {"bell\a", false},
        {"\x7f", false},
        {"\xc2\x80", false},
        {"\xc2\x9f", false},
        {"\xc2\xa0", true},
        {"v\vt", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        assert_int_equal(dc_field_name("name", cases[i].name, &err) == 0, cases[i].ok);
    }
}

static void test_path(void **state)
{
    static const struct {
        const char *path;
        bool ok;
    } cases[] = {
        {"/a", true},   {"/a/b..c/..d", true}, {"/a/../b", false}, {"/a/..", false},
        {"a/b", false}, {"", false},           {"/..a/b", true},   {"/..", false},
    };
    char path[5000];

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        assert_int_equal(dc_field_path("target_path", cases[i].path, &err) == 0, cases[i].ok);
    }

    /* Longer than the 128 bytes of other strings: kubelet's are. */
    struct dc_err err = {0};
    text_of(4000, path);
    path[0] = '/';
    assert_int_equal(dc_field_path("target_path", path, &err), 0);
    text_of(4096, path);
    path[0] = '/';
    assert_int_equal(dc_field_path("target_path", path, &err), -1);
}

static void test_map(void **state)
{
    Csi__V1__CreateVolumeRequest__SecretsEntry
        one = CSI__V1__CREATE_VOLUME_REQUEST__SECRETS_ENTRY__INIT,
        two = CSI__V1__CREATE_VOLUME_REQUEST__SECRETS_ENTRY__INIT;
    Csi__V1__CreateVolumeRequest__SecretsEntry *list[] = {&one, &two};
    struct dc_err err = {0};
    char big[DC_CSI_MAP_MAX + 1];

    (void)state;
    one.key = two.key = (char[]){"key"};
    two.value = (char[]){"last"};
    text_of(DC_CSI_MAP_MAX - 3, big);
    one.value = big;
    assert_int_equal(dc_field_map("secrets", 1, list, &err), 0);
    assert_int_equal(dc_field_map("secrets", 2, list, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_null(strstr(err.msg, "xxx")); /* never the values */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
