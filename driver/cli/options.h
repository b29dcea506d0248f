// SPDX-License-Identifier: Apache-2.0
/* cli/options.h - what can be asked of decant: one table for parsing, --help and the manual. */
#pragma once
#include "base/opts.h"

enum cli_progress { CLI_PROGRESS_AUTO, CLI_PROGRESS_BAR, CLI_PROGRESS_JSON, CLI_PROGRESS_NONE };
enum cli_output { CLI_OUTPUT_TEXT, CLI_OUTPUT_JSON };

/* Strings are borrowed from argv. */
struct cli_settings {
    const char *source, *target;
    const char *checksum, *user, *ca_file;
    struct dc_opt_list headers;
    uint64_t size, memory; /* bytes; 0: not given */
    unsigned progress;     /* enum cli_progress   */
    unsigned output;       /* enum cli_output     */
};

#define CLI_OPTS_MAX  16
#define CLI_WORDS_MAX 3
enum { CLI_COPY, CLI_INSPECT, CLI_COMMANDS };

/* The tables, which point at one another and at the settings: they stay where they are. */
struct cli_tables {
    struct dc_opt opts[CLI_COMMANDS][CLI_OPTS_MAX];
    struct dc_word words[CLI_COMMANDS][CLI_WORDS_MAX];
    struct dc_program commands[CLI_COMMANDS + 1];
    struct dc_tool tool;
};
void cli_tables_init(struct cli_tables *t, struct cli_settings *s);
