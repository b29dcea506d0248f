// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_record.c - ids, and what is written down of a volume. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/record.h"

static void test_id(void **state)
{
    static const char *const names[] = {"pvc-1", "pvc-2", "a/b", "../../etc",
                                        ".",     "\t",    "a/b "};
    char ids[DC_LEN(names)][DC_VOLUME_ID], again[DC_VOLUME_ID];
    struct dc_err err = {0};

    (void)state;
    for (size_t i = 0; i < DC_LEN(names); i++) {
        assert_int_equal(dc_volume_id(names[i], ids[i], &err), 0);
        assert_int_equal(dc_volume_id(names[i], again, &err), 0);
        assert_string_equal(ids[i], again);
        assert_true(dc_volume_id_ok(ids[i]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
}

static void test_foreign_ids(void **state)
{
    static const char *const ids[] = {
        "",
        "vol-",
        "..",
        "vol-0123456789abcdef0123456789abcde",
        "vol-0123456789abcdef0123456789abcdef0",
        "vol-0123456789ABCDEF0123456789abcdef",
        "vol-0123456789abcdef0123456789abcde/",
        "pvc-0123456789abcdef0123456789abcdef",
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(ids); i++)
        assert_false(dc_volume_id_ok(ids[i]));
}

static void test_volume_round_trip(void **state)
{
    const struct dc_volume v = {
        .id = "vol-0123456789abcdef0123456789abcdef",
        .name = "a \"quoted\"/../name\n\xc3\xa4",
        .size = 1ull << 62,
        .capacity = (1ull << 62) - 511,
        .fs = "ext4",
        .formatting = "xfs",
    };
    struct dc_err err = {0};
    struct dc_volume got;

    (void)state;
    dc_autofree char *text = dc_volume_encode(&v);
    assert_non_null(text);
    assert_int_equal(dc_volume_decode(text, &got, &err), 0);
    assert_string_equal(got.id, v.id);
    assert_string_equal(got.name, v.name);
    assert_int_equal(got.size, v.size);
    assert_int_equal(got.capacity, v.capacity);
    assert_string_equal(got.fs, v.fs);
    assert_string_equal(got.formatting, v.formatting);
}

static void test_damaged_volumes(void **state)
{
#define HEAD "{\"version\":1,\"id\":\"v\",\"name\":\"n\","
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\":2}",
        HEAD "\"size\":1}",
        HEAD "\"size\":-1,\"capacity\":1,\"fs\":\"\",\"formatting\":\"\"}",
        HEAD "\"size\":1,\"capacity\":1,\"fs\":\"123456789\",\"formatting\":\"\"}",
        HEAD "\"size\":1,\"capacity\":1,\"fs\":7,\"formatting\":\"\"}",
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(texts); i++) {
        struct dc_err err = {0};
        struct dc_volume got;

        assert_int_equal(dc_volume_decode(texts[i], &got, &err), -1);
        assert_int_equal(err.kind, DC_CORRUPT);
    }
}

static void test_places(void **state)
{
    struct dc_place staged = {.path = (char[]){"/s"}, .block = true, .cap = "aa"};
    struct dc_place one = {.path = (char[]){"/one"}, .readonly = true, .cap = "bb"};
    struct dc_place two = {.path = (char[]){"/two"}, .many_targets = true, .cap = "cc"};
    dc_autoplaces struct dc_places p = {0};
    dc_autoplaces struct dc_places got = {0};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_places_stage(&p, &staged, &err), 0);
    assert_int_equal(dc_places_add(&p, &one, &err), 0);
    assert_int_equal(dc_places_add(&p, &two, &err), 0);
    dc_autofree char *text = dc_places_encode(&p, "boot-1");
    assert_non_null(text);
    assert_int_equal(dc_places_decode(text, "boot-1", &got, &err), 0);

    assert_string_equal(got.staged.path, "/s");
    assert_true(got.staged.block);
    assert_string_equal(got.staged.cap, "aa");
    assert_int_equal(got.n, 2);
    assert_true(dc_places_at(&got, "/one")->readonly);
    assert_true(dc_places_at(&got, "/two")->many_targets);

    dc_places_drop(&got, "/one");
    dc_places_drop(&got, "/none");
    assert_int_equal(got.n, 1);
    assert_null(dc_places_at(&got, "/one"));
    assert_int_equal(dc_places_stage(&got, NULL, &err), 0);
    assert_null(got.staged.path);
}

static void test_places_of_another_boot_are_over(void **state)
{
    struct dc_place staged = {.path = (char[]){"/s"}, .cap = "aa"};
    dc_autoplaces struct dc_places p = {0};
    dc_autoplaces struct dc_places got = {0};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_places_stage(&p, &staged, &err), 0);
    dc_autofree char *text = dc_places_encode(&p, "boot-1");
    assert_int_equal(dc_places_decode(text, "boot-2", &got, &err), 0);
    assert_null(got.staged.path);

    assert_int_equal(
        dc_places_decode("{\"version\":1,\"boot\":\"b\",\"published\":[{}]}", "b", &got, &err),
        -1);
    assert_int_equal(err.kind, DC_CORRUPT);
}

static void test_places_are_bounded(void **state)
{
    dc_autoplaces struct dc_places p = {0};
    struct dc_err err = {0};
    char path[32];

    (void)state;
    for (int i = 0; i < DC_PLACES_MAX; i++) {
        (void)snprintf(path, sizeof path, "/%d", i);
        assert_int_equal(dc_places_add(&p, &(struct dc_place){.path = path}, &err), 0);
    }
    assert_int_equal(dc_places_add(&p, &(struct dc_place){.path = (char[]){"/x"}}, &err), -1);
    assert_int_equal(err.kind, DC_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id),
        cmocka_unit_test(test_foreign_ids),
        cmocka_unit_test(test_volume_round_trip),
        cmocka_unit_test(test_damaged_volumes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_places_of_another_boot_are_over),
        cmocka_unit_test(test_places_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
