// SPDX-License-Identifier: Apache-2.0
/*
 * base/opts.h - command-line settings as one table: it feeds parsing, range checks, --help and
 * the manual page.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "decant/err.h"

enum dc_opt_kind {
    DC_OPT_FLAG,   /* bool *: --name */
    DC_OPT_STRING, /* const char **: --name VALUE, borrowed from argv */
    DC_OPT_U64,    /* uint64_t *: --name N, within min..max */
    DC_OPT_SIZE,   /* uint64_t *: --name SIZE, bytes as a quantity, within min..max */
    DC_OPT_LIST,   /* struct dc_opt_list *: --name VALUE, may be repeated */
    DC_OPT_CHOICE, /* unsigned *: --name WORD, the place of WORD in arg, "red|green|blue" */
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

/* A word of the command line that belongs to no option. Each is required, in this order. */
struct dc_word {
    const char *name;   /* "SOURCE"; NULL ends the table */
    const char **value; /* borrowed from argv */
    const char *help;   /* one paragraph */
};

struct dc_program {
    const char *name;    /* "decant-node", "decant copy"       */
    const char *summary; /* one line                           */
    const struct dc_opt *opts;
    const struct dc_word *words; /* NULL: none are taken           */
};

/* What a manual page says behind the options: exit codes, environment, examples. */
struct dc_manual_row {
    const char *term, *text; /* term NULL ends the table */
};
struct dc_manual_section {
    const char *title; /* "EXIT STATUS"; NULL ends the table */
    const struct dc_manual_row *rows;
};

/* A program of several commands: "decant copy ...", "decant inspect ...". */
struct dc_tool {
    const char *name;                  /* "decant" */
    const char *summary;               /* one line */
    const struct dc_program *commands; /* named "decant copy", ...; name NULL ends the table */
    const struct dc_manual_section *sections;
};

enum dc_opts_answer { DC_OPTS_RUN, DC_OPTS_EXIT_OK, DC_OPTS_EXIT_USAGE };

/*
 * Parse argv ("--name value", "--name=value", words; "--" ends the options). --help and
 * --version are answered here, on stdout: DC_OPTS_EXIT_OK. A mistake is told on stderr, naming
 * the option, what was given and what is expected: DC_OPTS_EXIT_USAGE (exit with 2).
 */
enum dc_opts_answer dc_opts_parse(const struct dc_program *program, int argc, char **argv);
/*
 * The same for a tool: argv[1] names the command, *ret is it on DC_OPTS_RUN. --man, which only
 * the build calls, prints the manual page.
 */
enum dc_opts_answer dc_tool_parse(const struct dc_tool *tool, int argc, char **argv,
                                  const struct dc_program **ret);

/* --- help.c: what the tables say, for a terminal and for man(1) --- */

void dc_program_help(const struct dc_program *p, FILE *out);
void dc_tool_help(const struct dc_tool *t, FILE *out);
void dc_tool_manual(const struct dc_tool *t, FILE *out);
