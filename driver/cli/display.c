// SPDX-License-Identifier: Apache-2.0
/* cli/display.c - progress on standard error. */
#include "cli/display.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/num.h"

enum { BAR_MS = 200, JSON_MS = 1000, COLUMNS = 80 };

static unsigned terminal_columns(void)
{
    struct winsize w;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : COLUMNS;
}

static void display_bar(struct cli_display *d, bool ended)
{
    char line[CLI_LINE];

    cli_bar_text(&d->last, &d->rate, ended, terminal_columns(), line);
    fprintf(stderr, "\r%s\033[K", line); /* the rest of the line is cleared */
    fflush(stderr);
    d->drawn = true;
}

static void display_json(struct cli_display *d, bool ended)
{
    dc_autojson json_t *j = cli_progress_json(&d->last, &d->rate, ended);
    dc_autofree char *text = j ? dc_json_text(j) : NULL;

    if (text)
        fprintf(stderr, "%s\n", text);
}

static void display_draw(struct cli_display *d, bool ended)
{
    cli_rate_add(&d->rate, dc_clock_ns(), d->last.written);
    if (d->mode == CLI_PROGRESS_BAR)
        display_bar(d, ended);
    else
        display_json(d, ended);
}

/* By our own clock: a source that is silent must be seen to be silent. */
static void display_tick(struct dc_loop_timer *t)
{
    struct cli_display *d = dc_container_of(t, struct cli_display, tick);

    dc_loop_timer_arm(d->loop, t, d->mode == CLI_PROGRESS_BAR ? BAR_MS : JSON_MS);
    display_draw(d, false);
}

void cli_display_open(struct cli_display *d, struct dc_loop *loop, enum cli_progress mode)
{
    const char *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb") != 0);

    if (mode == CLI_PROGRESS_AUTO)
        mode = terminal ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
    *d = (struct cli_display){.mode = mode, .loop = loop, .tick.fire = display_tick};
    if (mode != CLI_PROGRESS_NONE)
        dc_loop_timer_arm(loop, &d->tick, 0);
}

void cli_display_take(struct cli_display *d, const struct dc_fill_progress *p)
{
    d->last = *p;
}

void cli_display_close(struct cli_display *d, bool ended)
{
    if (d->mode == CLI_PROGRESS_NONE)
        return;
    dc_loop_timer_disarm(d->loop, &d->tick);
    if (d->mode == CLI_PROGRESS_JSON || ended)
        display_draw(d, ended);
    if (d->drawn)
        fputc('\n', stderr);
}
