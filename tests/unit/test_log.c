// SPDX-License-Identifier: Apache-2.0
/* unit/test_log.c - lines as they stand on standard error. */
#include "decant/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"

/* Standard error into a pipe, for as long as a line takes. */
struct said {
    int in, stderr_was;
    char text[8192];
};

static struct said begin(void)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    struct said s = {.in = ends[0], .stderr_was = dup(STDERR_FILENO)};
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return s;
}

static size_t end(struct said *s)
{
    dup2(s->stderr_was, STDERR_FILENO);
    close(s->stderr_was);
    ssize_t n = read(s->in, s->text, sizeof s->text - 1);
    close(s->in);
    size_t len = n > 0 ? (size_t)n : 0;
    s->text[len] = '\0';
    return len;
}

static void values_are_quoted_when_they_must(void **state)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"plain", " k=plain\n"},
        {NULL, " k=-\n"},
        {"", " k=\"\"\n"},
        {"two words", " k=\"two words\"\n"},
        {"a=b", " k=\"a=b\"\n"},
        {"say \"x\"", " k=\"say \\\"x\\\"\"\n"},
        {"a\\b", " k=\"a\\\\b\"\n"},
        {"two\nlines", " k=\"two\\nlines\"\n"},
        {"bell\a", " k=\"bell\\x07\"\n"},
        {"gr\xc3\xbc\xc3\x9f", " k=gr\xc3\xbc\xc3\x9f\n"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct said s = begin();

        dc_log(DC_LOG_WARN, "fill", "it is so", {"k", rows[i].value});
        end(&s);
        assert_true(strncmp(s.text, "time=20", 7) == 0);
        char *rest = strstr(s.text, " level=");
        assert_non_null(rest);
        const char *head = " level=warn room=fill msg=\"it is so\"";
        assert_true(strncmp(rest, head, strlen(head)) == 0);
        assert_string_equal(rest + strlen(head), rows[i].want);
    }
}

static void long_lines_are_cut_and_ended(void **state)
{
    char big[6000];

    (void)state;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    struct said s = begin();
    dc_log(DC_LOG_INFO, "fill", big, {"k", "v"});
    assert_int_equal(end(&s), 4096);
    assert_int_equal(s.text[4095], '\n');
    assert_ptr_equal(strchr(s.text, '\n'), s.text + 4095);
}

static void failures_say_kind_and_place(void **state)
{
    struct dc_err err = {0};

    (void)state;
    (void)dc_fail(&err, DC_BUSY, 0, "held by another");
    struct said s = begin();
    dc_log_err(DC_LOG_ERROR, "node", "fill failed", &err,
               (struct dc_field[]){{"job", "7"}, {0}});
    end(&s);
    assert_non_null(strstr(s.text, " level=error room=node msg=\"fill failed\" job=7 kind=BUSY "
                                   "at=test_log.c:"));
    assert_non_null(strstr(s.text, " error=\"held by another\"\n"));
}

static void below_the_threshold_is_silence(void **state)
{
    struct dc_err err = {.kind = DC_BUSY};

    (void)state;
    struct said s = begin();
    dc_log_set_threshold(DC_LOG_ERROR);
    dc_log(DC_LOG_WARN, "fill", "not told");
    dc_log_err(DC_LOG_WARN, "fill", "not told", &err, NULL);
    dc_debug("fill", "not %s", "told");
    dc_log_set_threshold(DC_LOG_DEBUG);
    dc_debug("fill", "%d told", 1);
    dc_log_set_threshold(DC_LOG_INFO);
    end(&s);
    assert_null(strstr(s.text, "not told"));
    assert_non_null(strstr(s.text, " level=debug room=fill msg=\"1 told\"\n"));
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_int_equal(dc_log_level_parse("debug"), DC_LOG_DEBUG);
    assert_int_equal(dc_log_level_parse("error"), DC_LOG_ERROR);
    assert_int_equal(dc_log_level_parse("loud"), -1);
    assert_int_equal(dc_log_level_parse(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_quoted_when_they_must),
        cmocka_unit_test(long_lines_are_cut_and_ended),
        cmocka_unit_test(failures_say_kind_and_place),
        cmocka_unit_test(below_the_threshold_is_silence),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
