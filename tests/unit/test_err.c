// SPDX-License-Identifier: Apache-2.0
/* base/err.c: the first cause, context in front of it, and a text that is never half a character. */
#include "decant/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void context_stands_in_front(void **state)
{
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_fail(&err, DC_DEVICE, ENOENT, "open %s", "/dev/x"), -1);
    assert_int_equal(dc_wrap(&err, "fill %d", 7), -1);
    assert_int_equal(err.kind, DC_DEVICE);
    assert_int_equal(err.sys, ENOENT);
    assert_string_equal(err.msg, "fill 7: open /dev/x: No such file or directory");
    assert_non_null(strstr(err.at, "test_err.c:"));
    dc_err_clear(&err);
    assert_int_equal(err.kind, DC_OK);
}

static void long_texts_are_cut_between_characters(void **state)
{
    char name[600];

    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    for (size_t shift = 500; shift < 511; shift++) {
        struct dc_err err = {0};
        char text[600];

        memcpy(text, name, sizeof text);
        memcpy(text + shift, "\xe2\x80\xa6\xe2\x80\xa6\xe2\x80\xa6\xe2\x80\xa6",
               12); /* U+2026 */
        (void)dc_fail(&err, DC_CORRUPT, 0, "%s", text);
        size_t len = strlen(err.msg);
        assert_in_range(len, 505, 511);
        unsigned char last = (unsigned char)err.msg[len - 1];
        assert_true(last == 'x' || last == 0xa6); /* whole characters only */
        if (last == 0xa6)
            assert_int_equal((unsigned char)err.msg[len - 3], 0xe2);
    }
}

static void one_row_per_kind(void **state)
{
    (void)state;
    for (int k = DC_OK + 1; k <= DC_TIMEOUT; k++) {
        const char *reason = dc_err_reason((enum dc_err_kind)k);

        assert_true(reason[0] >= 'A' && reason[0] <= 'Z');
        assert_int_equal(dc_err_kind_of(reason), k); /* reasons are unique */
        assert_in_range(dc_err_grpc((enum dc_err_kind)k), 1, 16);
    }
    assert_int_equal(dc_err_kind_of("Nonsense"), DC_INTERNAL);
    assert_false(dc_err_retryable(DC_CORRUPT));
    assert_true(dc_err_retryable(DC_REMOTE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_stands_in_front),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(one_row_per_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
