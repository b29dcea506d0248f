// SPDX-License-Identifier: Apache-2.0
/* Lines, whatever pieces they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/lines.h"

static const char text[] = "one\n\nthree and more\nfour\nrest";
static const char *const lines[] = {"one", "", "three and more", "four"};

static void in_pieces_of(size_t piece)
{
    struct dc_kube_lines l = DC_KUBE_LINES(64);
    size_t seen = 0, len;

    for (size_t at = 0; at < sizeof text - 1; at += piece) {
        size_t left = sizeof text - 1 - at;
        assert_int_equal(dc_kube_lines_add(&l, text + at, piece < left ? piece : left),
                         DC_KUBE_LINES_TAKEN);
        for (const char *line; (line = dc_kube_lines_next(&l, &len)); seen++) {
            assert_true(seen < 4);
            assert_int_equal(len, strlen(lines[seen]));
            assert_memory_equal(line, lines[seen], len);
        }
    }
    assert_int_equal(seen, 4);
    assert_memory_equal(dc_kube_lines_rest(&l, &len), "rest", 4);
    assert_int_equal(len, 4);
    dc_kube_lines_done(&l);
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++)
        in_pieces_of(piece);
}

static void test_full(void **state)
{
    struct dc_kube_lines l = DC_KUBE_LINES(8);
    size_t len;
    (void)state;

    assert_int_equal(dc_kube_lines_add(&l, "ab\ncd", 5), DC_KUBE_LINES_TAKEN);
    assert_int_equal(dc_kube_lines_add(&l, "efgh", 4), DC_KUBE_LINES_FULL);
    assert_non_null(dc_kube_lines_next(&l, &len));
    assert_null(dc_kube_lines_next(&l, &len));
    assert_int_equal(dc_kube_lines_add(&l, "efg\n", 4), DC_KUBE_LINES_TAKEN);
    assert_memory_equal(dc_kube_lines_next(&l, &len), "cdefg", 5);
    assert_int_equal(len, 5);
    dc_kube_lines_reset(&l);
    assert_int_equal(dc_kube_lines_add(&l, "12345678", 8), DC_KUBE_LINES_TAKEN);
    assert_int_equal(dc_kube_lines_add(&l, "9", 1), DC_KUBE_LINES_FULL);
    dc_kube_lines_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
