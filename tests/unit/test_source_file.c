// SPDX-License-Identifier: Apache-2.0
/* unit/test_source_file.c - a file is read as it was when it was opened, or not to its end. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "source/source.h"

enum { BYTES = 1000 };

static int file_make(void **state)
{
    char *path = strdup("/var/tmp/decant-source-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    for (int i = 0; i < BYTES; i++)
        assert_int_equal(write(fd, &(char){(char)i}, 1), 1);
    close(fd);
    *state = path;
    return 0;
}

static int file_drop(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

static int source_open(const char *path, uint64_t head, const char *validator,
                       struct dc_source **ret, struct dc_err *err)
{
    const struct dc_source_spec spec = {.kind = DC_SOURCE_FILE, .url = path};
    struct dc_source_ways ways;

    dc_source_ways_default(&ways);
    ways.head_bytes = head;
    ways.validator = validator;
    return dc_source_open(NULL, &spec, &ways, (struct dc_waker){0}, ret, err);
}

/* Pull to the end or to a failure; how many bytes. */
static uint64_t pull_all(struct dc_source *s, struct dc_err *err)
{
    char lent[77];
    uint64_t at = 0;
    struct dc_span span = {.buf = lent, .cap = sizeof lent};

    while (dc_stage_pull(&s->st, &span, err) == DC_PULL_SPAN) {
        assert_int_equal(span.off, at);
        for (uint64_t i = 0; i < span.len; i++, at++)
            assert_int_equal(lent[i], (char)at);
    }
    return at;
}

static void reads_all_or_the_head(void **state)
{
    static const uint64_t head[] = {0, 1, 512, BYTES, BYTES + 1};

    for (size_t i = 0; i < DC_LEN(head); i++) {
        struct dc_source *s = NULL;
        struct dc_err err = {0};

        assert_int_equal(source_open(*state, head[i], NULL, &s, &err), 0);
        assert_true(s->known);
        assert_int_equal(s->info.served_bytes, BYTES);
        assert_int_equal(pull_all(s, &err), head[i] ? DC_MIN(head[i], (uint64_t)BYTES) : BYTES);
        assert_int_equal(err.kind, DC_OK);
        dc_stage_close(&s->st);
    }
}

enum change { SHORTER, LONGER, TOUCHED };

static void a_change_is_noticed(void **state)
{
    static const enum change changes[] = {TOUCHED, LONGER, SHORTER};

    for (size_t i = 0; i < DC_LEN(changes); i++) {
        struct dc_source *s = NULL;
        struct dc_err err = {0};
        char first;
        struct dc_span span = {.buf = &first, .cap = 1};
        const struct timespec then[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

        assert_int_equal(source_open(*state, 0, NULL, &s, &err), 0);
        assert_int_equal(dc_stage_pull(&s->st, &span, &err), DC_PULL_SPAN);
        if (changes[i] == TOUCHED)
            assert_int_equal(utimensat(AT_FDCWD, *state, then, 0), 0);
        else
            assert_int_equal(truncate(*state, changes[i] == LONGER ? BYTES + 1 : 500), 0);
        assert_int_equal(dc_stage_seek(&s->st, 0, &err), 0);
        (void)pull_all(s, &err);
        assert_int_equal(err.kind, DC_CHANGED);
        dc_stage_close(&s->st);
        assert_int_equal(truncate(*state, BYTES), 0);
    }
}

static void another_file_is_refused(void **state)
{
    struct dc_source *s = NULL;
    struct dc_err err = {0};
    char was[sizeof s->info.validator];

    assert_int_equal(source_open(*state, 0, NULL, &s, &err), 0);
    memcpy(was, s->info.validator, sizeof was);
    dc_stage_close(&s->st);
    assert_int_equal(source_open(*state, 0, was, &s, &err), 0);
    dc_stage_close(&s->st);
    assert_int_equal(truncate(*state, 1), 0);
    assert_int_equal(source_open(*state, 0, was, &s, &err), -1);
    assert_int_equal(err.kind, DC_CHANGED);
}

static void seeks_stay_inside(void **state)
{
    struct dc_source *s = NULL;
    struct dc_err err = {0};
    char got;
    struct dc_span span = {.buf = &got, .cap = 1};

    assert_int_equal(source_open(*state, 0, NULL, &s, &err), 0);
    assert_int_equal(dc_stage_seek(&s->st, 700, &err), 0);
    assert_int_equal(dc_stage_pull(&s->st, &span, &err), DC_PULL_SPAN);
    assert_int_equal(span.off, 700);
    assert_int_equal(got, (char)700);
    assert_int_equal(dc_stage_seek(&s->st, BYTES, &err), 0);
    assert_int_equal(dc_stage_pull(&s->st, &span, &err), DC_PULL_END);
    assert_int_equal(dc_stage_seek(&s->st, BYTES + 1, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_stage_close(&s->st);
}

static void what_is_no_file_is_refused(void **state)
{
    static const struct {
        const char *path;
        enum dc_err_kind want;
    } rows[] = {
        {"/nonexistent/file", DC_NOT_FOUND},
        {"/dev/null/file", DC_NOT_FOUND},
        {"/tmp", DC_BAD_INPUT},
        {"/dev/null", DC_BAD_INPUT},
        {"", DC_BAD_INPUT},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_source *s = NULL;
        struct dc_err err = {0};

        assert_int_equal(source_open(rows[i].path, 0, NULL, &s, &err), -1);
        assert_int_equal(err.kind, rows[i].want);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, file_make, file_drop)
    const struct CMUnitTest tests[] = {
        TEST(reads_all_or_the_head),      TEST(a_change_is_noticed),
        TEST(another_file_is_refused),    TEST(seeks_stay_inside),
        TEST(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
