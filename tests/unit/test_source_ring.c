// SPDX-License-Identifier: Apache-2.0
/* unit/test_source_ring.c - what goes in comes out, around the end as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/ring.h"

static void wraps_around(void **state)
{
    struct source_ring r;
    unsigned char in = 0, out = 0, piece[7];

    (void)state;
    assert_int_equal(source_ring_init(&r, 10), 0);
    for (size_t round = 0; round < 200; round++) {
        size_t put = round % 7 + 1, free = r.cap - r.len;

        for (size_t i = 0; i < put; i++)
            piece[i] = (unsigned char)(in + i);
        bool fits = put <= free;
        assert_int_equal(source_ring_put(&r, piece, put), fits);
        if (fits)
            in = (unsigned char)(in + put);
        size_t got = source_ring_take(&r, piece, round % 5 + 1);
        for (size_t i = 0; i < got; i++)
            assert_int_equal(piece[i], out++);
    }
    while (source_ring_take(&r, piece, 3) > 0)
        ;
    assert_int_equal(r.len, 0);
    source_ring_done(&r);
}

static void all_or_nothing(void **state)
{
    struct source_ring r;
    char out[8];

    (void)state;
    assert_int_equal(source_ring_init(&r, 4), 0);
    assert_false(source_ring_put(&r, "12345", 5));
    assert_true(source_ring_put(&r, "1234", 4));
    assert_false(source_ring_put(&r, "5", 1));
    assert_int_equal(source_ring_take(&r, out, sizeof out), 4);
    assert_memory_equal(out, "1234", 4);
    assert_int_equal(source_ring_take(&r, out, sizeof out), 0);
    source_ring_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_around),
        cmocka_unit_test(all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
