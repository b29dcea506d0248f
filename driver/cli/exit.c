// SPDX-License-Identifier: Apache-2.0
/* cli/exit.c - which failure exits with which code. */
#include "cli/exit.h"

enum cli_exit cli_exit_of(const struct dc_err *err, const char *format)
{
    switch (err->kind) {
    case DC_OK:
        return CLI_OK;
    case DC_BAD_INPUT: /* before anything was read: the request; after: what was read */
        return format[0] ? CLI_IMAGE : CLI_SOURCE;
    case DC_NOT_FOUND:
    case DC_DENIED:
    case DC_REMOTE:
    case DC_UNAVAILABLE:
    case DC_CHANGED:
    case DC_TIMEOUT:
        return CLI_SOURCE;
    case DC_UNSUPPORTED:
    case DC_CORRUPT:
        return CLI_IMAGE;
    case DC_EXISTS:
    case DC_BUSY:
    case DC_NO_SPACE:
    case DC_DEVICE:
        return CLI_TARGET;
    case DC_CANCELLED:
        return CLI_INTERRUPTED;
    case DC_NO_MEMORY:
    case DC_EXHAUSTED:
    case DC_FENCED:
    case DC_PRECONDITION:
    case DC_INTERNAL:
        break;
    }
    return CLI_INTERNAL;
}

const char *cli_exit_name(enum cli_exit code)
{
    switch (code) {
#define X(id, n, name, text) \
    case CLI_##id:           \
        return name;
        CLI_EXITS(X)
#undef X
    }
    return "internal";
}
