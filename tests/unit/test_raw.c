// SPDX-License-Identifier: Apache-2.0
/* unit/test_raw.c - any pieces and pauses become whole blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "filter/filter.h"
#include "format/format.h"
#include "source/source.h"

enum { BLOCK = 4096 };

static struct dc_stage *memory_open(const void *data, size_t len, size_t fragment,
                                    unsigned wait)
{
    const struct dc_source_memory m = {
        .data = data, .len = len, .fragment = fragment, .wait_every = wait};
    struct dc_source *src = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_source_memory_open(NULL, &m, (struct dc_waker){0}, &src, &err), 0);
    return &src->st;
}

/* The lent buffer is another one each time, as a sink may lend it. */
static void pull_all(struct dc_stage *top, const char *want, size_t len)
{
    uint64_t at = 0;

    for (;;) {
        char *lent = malloc(BLOCK);
        struct dc_span span = {.buf = lent, .cap = BLOCK};
        struct dc_err err = {0};
        enum dc_pull got = dc_stage_pull(top, &span, &err);

        if (got == DC_PULL_SPAN) {
            assert_int_equal(span.kind, DC_SPAN_DATA);
            assert_int_equal(span.off, at);
            assert_int_equal(span.len, DC_MIN((size_t)BLOCK, len - at));
            assert_memory_equal(lent, want + at, span.len);
            at += span.len;
        }
        free(lent);
        if (got == DC_PULL_END)
            break;
        assert_true(got == DC_PULL_SPAN || got == DC_PULL_WAIT);
    }
    assert_int_equal(at, len);
}

static void gather(const char *image, size_t size, size_t fragment, unsigned wait)
{
    struct dc_stage *top = NULL;
    struct dc_err err = {0};
    struct dc_stage *src = memory_open(image, size, fragment, wait);

    assert_int_equal(dc_format_raw_open(src, BLOCK, &top, &err), 0);
    pull_all(top, image, size);
    dc_stage_close(top);
}

static void gathers_blocks(void **state)
{
    static const size_t size[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7};
    static const size_t fragment[] = {1, 7, BLOCK - 1, BLOCK, 0};
    static const unsigned wait[] = {0, 2, 3}; /* 1: always, and never an end */
    char image[4 * BLOCK];

    (void)state;
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < DC_LEN(size) * DC_LEN(fragment) * DC_LEN(wait); i++)
        gather(image, size[i % DC_LEN(size)], fragment[i / DC_LEN(size) % DC_LEN(fragment)],
               wait[i / DC_LEN(size) / DC_LEN(fragment)]);
}

static void seeks(void **state)
{
    char image[3 * BLOCK], lent[BLOCK];
    struct dc_stage *top = NULL;
    struct dc_err err = {0};
    struct dc_span span = {.buf = lent, .cap = BLOCK};

    (void)state;
    memset(image, 'x', sizeof image);
    image[2 * BLOCK] = 'y';
    struct dc_stage *src = memory_open(image, sizeof image, 100, 7);
    assert_int_equal(dc_format_raw_open(src, BLOCK, &top, &err), 0);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_WAIT); /* 600 bytes are carried */
    assert_true(dc_stage_can_seek(top));
    assert_int_equal(dc_stage_seek(top, 2 * BLOCK, &err), 0);
    while (dc_stage_pull(top, &span, &err) == DC_PULL_WAIT)
        ;
    assert_int_equal(span.off, 2 * BLOCK);
    assert_int_equal(span.len, BLOCK);
    assert_int_equal(lent[0], 'y');
    assert_int_equal(dc_stage_seek(top, 4 * BLOCK, &err), -1);
    dc_stage_close(top);
}

static void passes_failures_on(void **state)
{
    char image[BLOCK] = {0}, lent[BLOCK];
    const struct dc_filter_faults faults = {
        .fail_at = 1000, .kind = DC_REMOTE, .fragment = 100};
    struct dc_stage *broken = NULL, *top = NULL;
    struct dc_err err = {0};
    struct dc_span span = {.buf = lent, .cap = BLOCK};

    (void)state;
    struct dc_stage *src = memory_open(image, sizeof image, 0, 0);
    assert_int_equal(dc_filter_fault_open(src, &faults, &broken, &err), 0);
    assert_int_equal(dc_format_raw_open(broken, BLOCK, &top, &err), 0);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_FAIL);
    assert_int_equal(err.kind, DC_REMOTE);
    dc_stage_close(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_blocks),
        cmocka_unit_test(seeks),
        cmocka_unit_test(passes_failures_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
