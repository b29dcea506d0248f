// SPDX-License-Identifier: Apache-2.0
/* cli/exit.h - the exit codes of decant, which scripts rely on: never renumber them. */
#pragma once
#include "decant/err.h"

/* Name, code, name in JSON, and what the manual says. 1 is never used: shells and tools are. */
#define CLI_EXITS(X)                                                                          \
    X(OK, 0, "ok",                                                                            \
      "All went well: the target is complete, checked and flushed; or the source that was "   \
      "inspected can be copied.")                                                             \
    X(USAGE, 2, "usage", "The command line is wrong. Nothing was read or written.")           \
    X(SOURCE, 3, "source",                                                                    \
      "The source cannot be reached or read, does not exist, denies access, or changed "      \
      "while it was read.")                                                                   \
    X(IMAGE, 4, "image",                                                                      \
      "The image is corrupt, its checksum is not the expected one, or what the source holds " \
      "is refused.")                                                                          \
    X(TARGET, 5, "target",                                                                    \
      "The target cannot be opened or written, is mounted or held by another program, or is " \
      "too small.")                                                                           \
    X(INTERRUPTED, 6, "interrupted", "Ended by SIGINT or SIGTERM.")                           \
    X(INTERNAL, 7, "internal", "Out of memory, or a fault of decant itself.")

enum cli_exit {
#define X(id, code, name, text) CLI_##id = (code),
    CLI_EXITS(X)
#undef X
};

/* What a failure exits with. format: of the source, "" while it is not known. */
enum cli_exit cli_exit_of(const struct dc_err *err, const char *format);
/* "ok", "usage", ...: for the JSON result. Static. */
const char *cli_exit_name(enum cli_exit code);
