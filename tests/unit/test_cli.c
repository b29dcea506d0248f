// SPDX-License-Identifier: Apache-2.0
/* cli: percent, rate and time left; exit codes; help and manual say what the table has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"

static struct cli_rate steady(uint64_t bytes_per_s)
{
    struct cli_rate r = {0};

    for (uint64_t s = 0; s < 40; s++)
        cli_rate_add(&r, s * DC_NS_PER_S / 2, s * bytes_per_s / 2);
    return r;
}

static void percent_of_what_is_known(void **state)
{
    struct dc_fill_progress p = {.image = 1000};

    (void)state;
    assert_int_equal(cli_percent(&p, false), 0);
    p.written = 555;
    assert_int_equal(cli_percent(&p, false), 55);
    p.written = 1024; /* padded to blocks, and not flushed yet */
    assert_int_equal(cli_percent(&p, false), 99);
    assert_int_equal(cli_percent(&p, true), 100);
    p.image = 0;
    assert_int_equal(cli_percent(&p, false), -1);
}

static void rate_of_the_last_seconds(void **state)
{
    struct cli_rate r = {0}, fast = steady(100 * DC_MIB);
    double rate = 0;

    (void)state;
    assert_false(cli_rate_get(&r, &rate));
    cli_rate_add(&r, 1, 0);
    assert_false(cli_rate_get(&r, &rate));
    assert_true(cli_rate_get(&fast, &rate));
    assert_true(rate > 99.0 * DC_MIB && rate < 101.0 * DC_MIB);
    for (uint64_t s = 0; s < 20; s++) /* and now it stands still */
        cli_rate_add(&fast, (100 + s) * DC_NS_PER_S, 2000 * DC_MIB);
    assert_true(cli_rate_get(&fast, &rate));
    assert_true(rate == 0);
}

static void time_left(void **state)
{
    struct dc_fill_progress p = {.image = 1000 * DC_MIB, .written = 400 * DC_MIB};
    struct cli_rate r = steady(100 * DC_MIB), none = {0}, slow = steady(2);
    char text[CLI_TIME_TEXT];
    uint64_t s = 0;

    (void)state;
    assert_true(cli_eta(&p, &r, &s));
    assert_int_equal(s, 6);
    assert_false(cli_eta(&p, &none, &s));
    assert_false(cli_eta(&p, &slow, &s)); /* in ten years */
    p.image = 0;
    assert_false(cli_eta(&p, &r, &s));
    assert_string_equal(cli_time_text(7, text), "0:07");
    assert_string_equal(cli_time_text(3723, text), "1:02:03");
}

static void bar_fits_the_terminal(void **state)
{
    struct dc_fill_progress p = {.state = DC_FILL_WRITING,
                                 .image = 1000 * DC_MIB,
                                 .written = 400 * DC_MIB,
                                 .retries = 2};
    struct cli_rate r = steady(100 * DC_MIB);
    char line[CLI_LINE];

    (void)state;
    cli_bar_text(&p, &r, false, 120, line);
    assert_non_null(strstr(line, " 40% ["));
    assert_non_null(strstr(line, "100.0 MiB/s"));
    assert_non_null(strstr(line, "2 retries"));
    assert_non_null(strstr(line, "ETA 0:06"));
    for (unsigned columns = 0; columns < 300; columns++) {
        cli_bar_text(&p, &r, false, columns, line);
        assert_true(strlen(line) < DC_MAX(columns, 21u));
    }
    p.image = 0;
    cli_bar_text(&p, &r, false, 120, line);
    assert_null(strchr(line, '%'));
    p.state = DC_FILL_OPENING;
    cli_bar_text(&p, &r, false, 120, line);
    assert_string_equal(line, "waiting for the source");
}

static void bytes_without_padding(void **state)
{
    struct dc_fill_progress p = {.image = 5000, .written = 8192, .durable = 8192, .zero = 1000};
    struct cli_bytes b = cli_bytes_of(&p, false);

    (void)state;
    assert_int_equal(b.durable, 5000);
    assert_int_equal(b.data, 4000);
    assert_int_equal(cli_bytes_of(&p, true).durable, 8192);
}

static void each_failure_has_its_code(void **state)
{
    static const struct {
        enum dc_err_kind kind;
        const char *format;
        enum cli_exit code;
    } cases[] = {
        {DC_OK, "raw", CLI_OK},
        {DC_BAD_INPUT, "", CLI_SOURCE},
        {DC_BAD_INPUT, "html", CLI_IMAGE},
        {DC_NOT_FOUND, "", CLI_SOURCE},
        {DC_CHANGED, "raw", CLI_SOURCE},
        {DC_TIMEOUT, "raw", CLI_SOURCE},
        {DC_UNSUPPORTED, "qcow2", CLI_IMAGE},
        {DC_CORRUPT, "raw", CLI_IMAGE},
        {DC_DEVICE, "raw", CLI_TARGET},
        {DC_NO_SPACE, "raw", CLI_TARGET},
        {DC_BUSY, "raw", CLI_TARGET},
        {DC_CANCELLED, "raw", CLI_INTERRUPTED},
        {DC_NO_MEMORY, "raw", CLI_INTERNAL},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {.kind = cases[i].kind};

        assert_int_equal(cli_exit_of(&err, cases[i].format), cases[i].code);
    }
    assert_string_equal(cli_exit_name(CLI_TARGET), "target");
}

static char *text_of(const struct dc_tool *t, const struct dc_program *p)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    if (p)
        dc_program_help(p, out);
    else
        dc_tool_manual(t, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Each option of the table, once in its command's help and in the manual. */
static void help_and_manual_are_the_table(void **state)
{
    struct cli_settings s;
    struct cli_tables t;

    (void)state;
    cli_tables_init(&t, &s);
    char *manual = text_of(&t.tool, NULL);
    for (const struct dc_program *p = t.commands; p->name; p++) {
        char *help = text_of(&t.tool, p);

        for (const struct dc_opt *o = p->opts; o->name; o++) {
            char line[128], item[128];

            (void)snprintf(line, sizeof line, "\n  --%s %s\n", o->name, o->arg);
            assert_non_null(strstr(help, line));
            (void)snprintf(item, sizeof item, "\\fB\\-\\-%.*s", (int)strcspn(o->name, "-"),
                           o->name);
            assert_non_null(strstr(manual, item));
        }
        free(help);
    }
    free(manual);
}

static void words_and_choices(void **state)
{
    char *argv[] = {"decant", "copy", "a", "--progress", "json", "--", "--b"};
    const struct dc_program *command = NULL;
    struct cli_settings s;
    struct cli_tables t;

    (void)state;
    cli_tables_init(&t, &s);
    assert_int_equal(dc_tool_parse(&t.tool, 7, argv, &command), DC_OPTS_RUN);
    assert_ptr_equal(command, &t.commands[CLI_COPY]);
    assert_string_equal(s.source, "a");
    assert_string_equal(s.target, "--b");
    assert_int_equal(s.progress, CLI_PROGRESS_JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_of_what_is_known),
        cmocka_unit_test(rate_of_the_last_seconds),
        cmocka_unit_test(time_left),
        cmocka_unit_test(bar_fits_the_terminal),
        cmocka_unit_test(bytes_without_padding),
        cmocka_unit_test(each_failure_has_its_code),
        cmocka_unit_test(help_and_manual_are_the_table),
        cmocka_unit_test(words_and_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
