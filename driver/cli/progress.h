// SPDX-License-Identifier: Apache-2.0
/* cli/progress.h - how far a copy is, in numbers and words. Pure: time is handed in. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "decant/fill.h"

/* Bytes per second over the last seconds: enough samples to be steady, few enough to follow. */
#define CLI_RATE_SAMPLES 16
struct cli_rate {
    struct {
        uint64_t ns, bytes;
    } sample[CLI_RATE_SAMPLES];
    unsigned n; /* taken in all; the newest stands at (n - 1) % CLI_RATE_SAMPLES */
};

/* bytes: done until now_ns. Samples closer than a quarter of a second replace each other. */
void cli_rate_add(struct cli_rate *r, uint64_t now_ns, uint64_t bytes);
/* False while nothing can be said. */
bool cli_rate_get(const struct cli_rate *r, double *ret_bytes_per_s);

/* 0..100, and 100 only when `ended` well; -1: the size of the image is not known. */
int cli_percent(const struct dc_fill_progress *p, bool ended);
/* Whole seconds until the image is written; false: not known, or more than 100 hours. */
bool cli_eta(const struct dc_fill_progress *p, const struct cli_rate *r, uint64_t *ret_s);

#define CLI_TIME_TEXT 24
/* "0:07", "1:02:03" */
const char *cli_time_text(uint64_t seconds, char ret[CLI_TIME_TEXT]);

#define CLI_LINE 512
/* One line for a terminal of so many columns, without a line end. */
void cli_bar_text(const struct dc_fill_progress *p, const struct cli_rate *r, bool ended,
                  unsigned columns, char ret[CLI_LINE]);
/* The same as an object; null for what is not known. NULL: out of memory. */
json_t *cli_progress_json(const struct dc_fill_progress *p, const struct cli_rate *r,
                          bool ended);
