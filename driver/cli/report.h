// SPDX-License-Identifier: Apache-2.0
/* cli/report.h - what standard output tells at the end, and standard error when it went wrong. */
#pragma once
#include "cli/exit.h"
#include "cli/options.h"
#include "decant/fill.h"

struct cli_result {
    const char *source, *target; /* for people */
    struct dc_fill_progress progress;
    double seconds;
    struct dc_err err;
    enum cli_exit code;
};

/* Bytes of the image that are data, zeros and durable: without the padding of the last block. */
struct cli_bytes {
    uint64_t data, zero, durable;
};
struct cli_bytes cli_bytes_of(const struct dc_fill_progress *p, bool device);

/* False: standard output cannot be written. */
bool cli_report_copy(const struct cli_result *r, bool device, enum cli_output output);
/* info: NULL when the source could not be looked at. */
bool cli_report_inspect(const char *source, const struct dc_source_info *info,
                        const struct dc_err *err, enum cli_exit code, enum cli_output output);
