// SPDX-License-Identifier: Apache-2.0
/*
 * base/opts.h - command-line settings as one table: it feeds parsing, range checks and --help.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"

enum dc_opt_kind {
    DC_OPT_FLAG,   /* bool *: --name */
    DC_OPT_STRING, /* const char **: --name VALUE, borrowed from argv */
    DC_OPT_U64,    /* uint64_t *: --name N, within min..max */
    DC_OPT_SIZE,   /* uint64_t *: --name SIZE, bytes as a quantity, within min..max */
    DC_OPT_LIST,   /* struct dc_opt_list *: --name VALUE, may be repeated */
};

#define DC_OPT_LIST_MAX 32
struct dc_opt_list {
    const char *item[DC_OPT_LIST_MAX + 1]; /* borrowed from argv; NULL ends it */
    size_t n;
};

struct dc_opt {
    const char *name; /* without "--"; NULL ends the table */
    enum dc_opt_kind kind;
    void *value;     /* holds the default before parsing                        */
    const char *arg; /* "DIR" in --help; NULL for flags                         */
    bool required;
    uint64_t min, max; /* numbers only; max 0: no upper limit                     */
    const char *help;  /* one paragraph; says the unit and the default            */
};

struct dc_program {
    const char *name;    /* "decant-node"                      */
    const char *summary; /* one line                           */
    const struct dc_opt *opts;
};

enum dc_opts_answer { DC_OPTS_RUN, DC_OPTS_EXIT_OK, DC_OPTS_EXIT_USAGE };

/*
 * Parse argv ("--name value" and "--name=value"). --help and --version are answered here, on
 * stdout: DC_OPTS_EXIT_OK. A mistake is told on stderr, naming the option, what was given and
 * what is expected: DC_OPTS_EXIT_USAGE (exit with 2).
 */
enum dc_opts_answer dc_opts_parse(const struct dc_program *program, int argc, char **argv);
