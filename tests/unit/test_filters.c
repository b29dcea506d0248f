// SPDX-License-Identifier: Apache-2.0
/* unit/test_filters.c - digest, peek, zero detection and faults over a memory source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/num.h"
#include "filter/filter.h"
#include "format/format.h"
#include "source/source.h"

enum { GRANULE = 64, BLOCK = 512 };

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

/* Pull to the end; 'D' and 'Z' a granule into map, the bytes into out. How many bytes. */
static size_t pull_all(struct dc_stage *top, char *out, char *map)
{
    char lent[BLOCK];
    size_t at = 0;

    for (;;) {
        struct dc_span span = {.buf = lent, .cap = sizeof lent};
        struct dc_err err = {0};
        enum dc_pull got = dc_stage_pull(top, &span, &err);

        if (got == DC_PULL_END)
            return at;
        if (got == DC_PULL_WAIT)
            continue;
        assert_int_equal(got, DC_PULL_SPAN);
        assert_int_equal(span.off, at);
        if (span.kind == DC_SPAN_DATA)
            memcpy(out + at, lent, span.len);
        else
            memset(out + at, 0, span.len);
        for (size_t g = at / GRANULE; map && g * GRANULE < at + span.len; g++)
            map[g] = span.kind == DC_SPAN_DATA ? 'D' : 'Z';
        at += span.len;
        memset(lent, 0xee, sizeof lent); /* it was only lent */
    }
}

static void digests_what_passes(void **state)
{
    static const size_t fragment[] = {1, 7, 0};

    (void)state;
    for (size_t i = 0; i < DC_LEN(fragment); i++) {
        struct dc_stage *top = NULL;
        struct dc_err err = {0};
        char out[16], text[DC_DIGEST_TEXT];
        struct dc_stage *src = memory_open("hello", 5, fragment[i], 3);

        assert_int_equal(dc_filter_digest_open(src, "md5", 3, &top, &err), 0);
        assert_int_equal(pull_all(top, out, NULL), 5);
        assert_int_equal(dc_filter_digest_text(top, text, &err), 0);
        assert_string_equal(text, "md5:5d41402abc4b2a76b9719d911017c592");
        dc_stage_close(top);
    }
}

static void digest_needs_a_known_algorithm(void **state)
{
    struct dc_stage *src = memory_open("", 0, 0, 0), *top = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_filter_digest_open(src, "crc", 3, &top, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_stage_close(src);
}

static void peek_holds_and_lets_pass(void **state)
{
    static const size_t want[] = {1, 4, 5, 6, 100};

    (void)state;
    for (size_t i = 0; i < DC_LEN(want); i++) {
        struct dc_stage *top = NULL;
        struct dc_err err = {0};
        const void *head = NULL;
        size_t len = 0;
        char out[16];
        struct dc_stage *src = memory_open("hello", 5, 2, 2);

        assert_int_equal(dc_filter_peek_open(src, want[i], &top, &err), 0);
        while (dc_filter_peek_head(top, &head, &len, &err) == DC_PULL_WAIT)
            ;
        assert_int_equal(len, DC_MIN(want[i], (size_t)5));
        assert_memory_equal(head, "hello", len);
        assert_int_equal(pull_all(top, out, NULL), 5);
        assert_memory_equal(out, "hello", 5);
        dc_stage_close(top);
    }
}

/* Each letter is a granule of the image: data or zeros. The map must come out the same. */
static void finds_runs_of_zeros(void **state)
{
    static const char *const maps[] = {
        "D",
        "Z",
        "DZ",
        "ZD",
        "ZZZZZZZZ",
        "DDDDDDDDD",
        "ZDZDZDZDZDZ",
        "DDDDDDDDZ",
        "ZZZZZZZZZZZZZZZZZZZZD",
        "DZZZZZZZZZZZZZZZZZZZD",
        "DDDZZZDDDZZZDDDZZZ",
    };
    static const size_t cut[] = {0, 1, GRANULE - 1}; /* bytes missing from the last granule */

    (void)state;
    for (size_t m = 0; m < DC_LEN(maps); m++) {
        for (size_t c = 0; c < DC_LEN(cut); c++) {
            size_t n = strlen(maps[m]), len = n * GRANULE - cut[c];
            char *image = calloc(1, n * GRANULE), *out = calloc(1, n * GRANULE);
            char *map = calloc(1, n + 1);
            struct dc_stage *raw = NULL, *top = NULL;
            struct dc_err err = {0};

            for (size_t g = 0; g < n; g++)
                image[g * GRANULE] = maps[m][g] == 'D'; /* one byte makes it data */
            struct dc_stage *src = memory_open(image, len, 0, 3);
            assert_int_equal(dc_format_raw_open(src, BLOCK, &raw, &err), 0);
            assert_int_equal(dc_filter_zero_open(raw, GRANULE, BLOCK, &top, &err), 0);
            assert_int_equal(pull_all(top, out, map), len);
            assert_string_equal(map, maps[m]);
            assert_memory_equal(out, image, len);
            dc_stage_close(top);
            free(image);
            free(out);
            free(map);
        }
    }
}

/* Into the middle of a block that is given in pieces, and past a head that is held. */
static void seeks_forget_what_is_held(void **state)
{
    char image[4 * BLOCK] = {0}, lent[BLOCK];
    struct dc_stage *peek = NULL, *top = NULL;
    struct dc_err err = {0};
    struct dc_span span = {.buf = lent, .cap = sizeof lent};
    const void *head = NULL;
    size_t len = 0;

    (void)state;
    image[0] = 'a';
    memset(image + 2 * BLOCK, 'b', BLOCK);
    assert_int_equal(
        dc_filter_peek_open(memory_open(image, sizeof image, 0, 0), BLOCK, &peek, &err), 0);
    assert_int_equal(dc_filter_zero_open(peek, GRANULE, BLOCK, &top, &err), 0);
    assert_int_equal(dc_filter_peek_head(peek, &head, &len, &err), DC_PULL_SPAN);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN); /* the rest: zeros, held */
    assert_int_equal(span.len, GRANULE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dc_stage_seek(top, 2 * BLOCK, &err), 0);
        assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN);
        assert_int_equal(span.off, 2 * BLOCK);
        assert_int_equal(span.kind, DC_SPAN_DATA);
        assert_int_equal(lent[0], 'b');
    }
    dc_stage_close(top);

    /* Before the first pull: the head is passed over as well. */
    assert_int_equal(
        dc_filter_peek_open(memory_open(image, sizeof image, 0, 0), BLOCK, &top, &err), 0);
    assert_int_equal(dc_filter_peek_head(top, &head, &len, &err), DC_PULL_SPAN);
    assert_int_equal(dc_stage_seek(top, 2 * BLOCK, &err), 0);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN);
    assert_int_equal(span.off, 2 * BLOCK);
    dc_stage_close(top);
}

static void faults_come_as_asked(void **state)
{
    const struct dc_filter_faults crumbs = {.fragment = 1, .wait_every = 2};
    const struct dc_filter_faults fail = {.fail_at = 3, .kind = DC_CORRUPT, .fragment = 1};
    struct dc_stage *top = NULL;
    struct dc_err err = {0};
    char out[16];
    struct dc_span span = {.buf = out, .cap = sizeof out};

    (void)state;
    assert_int_equal(dc_filter_fault_open(memory_open("hello", 5, 0, 0), &crumbs, &top, &err),
                     0);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN);
    assert_int_equal(span.len, 1);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_WAIT);
    dc_stage_close(top);

    assert_int_equal(dc_filter_fault_open(memory_open("hello", 5, 0, 0), &fail, &top, &err), 0);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_SPAN);
    assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_FAIL);
    assert_int_equal(err.kind, DC_CORRUPT);
    dc_stage_close(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_what_passes),
        cmocka_unit_test(digest_needs_a_known_algorithm),
        cmocka_unit_test(peek_holds_and_lets_pass),
        cmocka_unit_test(finds_runs_of_zeros),
        cmocka_unit_test(seeks_forget_what_is_held),
        cmocka_unit_test(faults_come_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
