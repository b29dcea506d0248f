// SPDX-License-Identifier: Apache-2.0
/* cli/display.h - progress on standard error: a bar, JSON lines, or nothing. */
#pragma once
#include "cli/options.h"
#include "cli/progress.h"
#include "net/loop.h"

struct cli_display {
    enum cli_progress mode; /* never AUTO once open */
    struct dc_loop *loop;
    struct dc_loop_timer tick;
    struct dc_fill_progress last;
    struct cli_rate rate;
    bool drawn; /* a bar stands on the line */
};

void cli_display_open(struct cli_display *d, struct dc_loop *loop, enum cli_progress mode);
/* Keep what is to be shown next. */
void cli_display_take(struct cli_display *d, const struct dc_fill_progress *p);
/* Show the last of it and leave the line. ended: well. */
void cli_display_close(struct cli_display *d, bool ended);
