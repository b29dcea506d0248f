// SPDX-License-Identifier: Apache-2.0
/* base/stage.c: counting, naming the stage that failed, END is for ever, seeking through a chain. */
#include "decant/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* A stage that plays back a list of answers. */
struct script {
    struct dc_stage st;
    const enum dc_pull *answers;
    unsigned closed;
};

static enum dc_pull script_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct script *s = (struct script *)st;
    enum dc_pull answer = *s->answers++;

    if (answer == DC_PULL_SPAN) {
        span->kind = st->calls % 2 ? DC_SPAN_ZERO : DC_SPAN_DATA;
        span->len = 4;
    }
    if (answer == DC_PULL_FAIL)
        (void)dc_fail(err, DC_CORRUPT, 0, "bad cluster");
    return answer;
}

static int script_seek(struct dc_stage *st, uint64_t off, struct dc_err *err)
{
    (void)st;
    return off > 100 ? dc_fail(err, DC_BAD_INPUT, 0, "past the end") : 0;
}

static void script_close(struct dc_stage *st)
{
    ((struct script *)st)->closed++;
}

static const struct dc_stage_ops script_ops = {
    .name = "script", .pull = script_pull, .close = script_close};
static const struct dc_stage_ops seekable_ops = {
    .name = "seekable", .pull = script_pull, .seek = script_seek, .close = script_close};

static void counts_and_ends(void **state)
{
    static const enum dc_pull answers[] = {DC_PULL_SPAN, DC_PULL_WAIT, DC_PULL_SPAN,
                                           DC_PULL_SPAN, DC_PULL_END};
    struct script s = {.st.ops = &script_ops, .answers = answers};
    char buf[8];
    struct dc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct dc_span span = {.buf = buf, .cap = sizeof buf};
        assert_int_equal(dc_stage_pull(&s.st, &span, &err), answers[i]);
    }
    struct dc_span span = {.buf = buf, .cap = sizeof buf};
    assert_int_equal(dc_stage_pull(&s.st, &span, &err), DC_PULL_END); /* not asked again */
    assert_int_equal(s.st.calls, 5);
    assert_int_equal(s.st.data, 8); /* calls 0 and 2 */
    assert_int_equal(s.st.zeros, 4);
}

static void a_failure_names_its_stage(void **state)
{
    static const enum dc_pull answers[] = {DC_PULL_FAIL};
    struct script s = {.st.ops = &script_ops, .answers = answers};
    char buf[8];
    struct dc_span span = {.buf = buf, .cap = sizeof buf};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_stage_pull(&s.st, &span, &err), DC_PULL_FAIL);
    assert_string_equal(err.msg, "script: bad cluster");
}

static void seeking_and_closing_a_chain(void **state)
{
    struct script source = {.st.ops = &seekable_ops}, filter = {.st.ops = &script_ops};
    struct dc_err err = {0};

    (void)state;
    filter.st.up = &source.st;
    assert_true(dc_stage_can_seek(&source.st));
    assert_false(dc_stage_can_seek(&filter.st));
    assert_int_equal(dc_stage_seek(&source.st, 100, &err), 0);
    assert_int_equal(dc_stage_seek(&source.st, 101, &err), -1);
    assert_string_equal(err.msg, "seekable: past the end");
    dc_err_clear(&err);
    assert_int_equal(dc_stage_seek(&filter.st, 0, &err), -1);
    assert_int_equal(err.kind, DC_UNSUPPORTED);
    dc_stage_close(&filter.st);
    assert_int_equal(source.closed + filter.closed, 2);
    dc_stage_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_ends),
        cmocka_unit_test(a_failure_names_its_stage),
        cmocka_unit_test(seeking_and_closing_a_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
