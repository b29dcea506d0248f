// SPDX-License-Identifier: Apache-2.0
/* base/opts.c: every kind of option, and every mistake a person can make with one. */
#include "base/opts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/num.h"

struct settings {
    bool fast;
    const char *dir;
    uint64_t writers, memory;
    struct dc_opt_list drivers;
};

/* Parse the words (after the program's name) into *s; keeps what was said on stderr in said. */
static enum dc_opts_answer parse(struct settings *s, char *said, size_t cap, int argc,
                                 char **argv)
{
    const struct dc_opt opts[] = {
        {.name = "fast", .kind = DC_OPT_FLAG, .value = &s->fast, .help = "be fast"},
        {.name = "dir",
         .kind = DC_OPT_STRING,
         .value = &s->dir,
         .arg = "DIR",
         .required = true,
         .help = "a folder"},
        {.name = "writers",
         .kind = DC_OPT_U64,
         .value = &s->writers,
         .arg = "N",
         .min = 1,
         .max = 8,
         .help = "threads"},
        {.name = "memory",
         .kind = DC_OPT_SIZE,
         .value = &s->memory,
         .arg = "SIZE",
         .help = "bytes"},
        {.name = "driver",
         .kind = DC_OPT_LIST,
         .value = &s->drivers,
         .arg = "NAME",
         .help = "drivers"},
        {.name = NULL},
    };
    const struct dc_program program = {.name = "prog", .summary = "does things", .opts = opts};
    int pipe_fds[2], saved = dup(STDERR_FILENO);

    *s = (struct settings){.writers = 2};
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
    enum dc_opts_answer answer = dc_opts_parse(&program, argc, argv);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(pipe_fds[1]);
    ssize_t n = read(pipe_fds[0], said, cap - 1);
    said[n > 0 ? n : 0] = '\0';
    (void)close(pipe_fds[0]);
    (void)close(saved);
    return answer;
}

static void all_kinds(void **state)
{
    char *argv[] = {"prog",     "--fast", "--dir",    "/d", "--writers=8",
                    "--memory", "64Mi",   "--driver", "a",  "--driver=b"};
    struct settings s;
    char said[512];

    (void)state;
    assert_int_equal(parse(&s, said, sizeof said, 10, argv), DC_OPTS_RUN);
    assert_string_equal(said, "");
    assert_true(s.fast);
    assert_string_equal(s.dir, "/d");
    assert_int_equal(s.writers, 8);
    assert_true(s.memory == 64 * DC_MIB);
    assert_int_equal(s.drivers.n, 2);
    assert_string_equal(s.drivers.item[1], "b");
    assert_null(s.drivers.item[2]);
}

static void mistakes_are_told(void **state)
{
    static const struct {
        char *argv[4];
        int argc;
        const char *complaint;
    } cases[] = {
        {{"prog"}, 1, "--dir DIR is required"},
        {{"prog", "--dir"}, 2, "--dir needs a value"},
        {{"prog", "--nope"}, 2, "no option --nope"},
        {{"prog", "word"}, 2, "\"word\" is not an option"},
        {{"prog", "--fast=1"}, 2, "takes no value"},
        {{"prog", "--writers", "9"}, 3, "1 to 8 is allowed"},
        {{"prog", "--writers", "0"}, 3, "1 to 8 is allowed"},
        {{"prog", "--writers", "two"}, 3, "not a whole number"},
        {{"prog", "--memory", "64MB"}, 3, "not a size"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct settings s;
        char said[512];

        assert_int_equal(parse(&s, said, sizeof said, cases[i].argc, (char **)cases[i].argv),
                         DC_OPTS_EXIT_USAGE);
        if (!strstr(said, cases[i].complaint))
            fail_msg("expected \"%s\" in \"%s\"", cases[i].complaint, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
