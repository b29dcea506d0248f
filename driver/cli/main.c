// SPDX-License-Identifier: Apache-2.0
/* cli/main.c - decant: which command. */
#include <signal.h>

#include "cli/commands.h"
#include "cli/stop.h"

int main(int argc, char **argv)
{
    const struct dc_program *command = NULL;
    struct cli_settings s;
    struct cli_tables t;

    cli_tables_init(&t, &s);
    switch (dc_tool_parse(&t.tool, argc, argv, &command)) {
    case DC_OPTS_EXIT_OK:
        return CLI_OK;
    case DC_OPTS_EXIT_USAGE:
        return CLI_USAGE;
    case DC_OPTS_RUN:
        break;
    }
    cli_stop_block();
    (void)signal(SIGPIPE, SIG_IGN);
    return (int)(command == &t.commands[CLI_COPY] ? cli_copy(&s) : cli_inspect(&s));
}
