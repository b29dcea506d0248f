// SPDX-License-Identifier: Apache-2.0
/* cli/progress.c - how far a copy is, in numbers and words. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

enum {
    MIN_COLUMNS = 20,
    BAR_MIN = 5, /* a shorter bar tells nothing */
    BAR_MAX = 40,
    ETA_MAX_S = 360000, /* 100 hours */
    TAIL_MAX = 160,     /* what stands behind the bar */
};

void cli_rate_add(struct cli_rate *r, uint64_t now_ns, uint64_t bytes)
{
    unsigned newest = (r->n + CLI_RATE_SAMPLES - 1) % CLI_RATE_SAMPLES;
    unsigned before = (r->n + CLI_RATE_SAMPLES - 2) % CLI_RATE_SAMPLES;
    bool soon = r->n >= 2 && now_ns - r->sample[before].ns < DC_NS_PER_S / 4;
    unsigned at = soon ? newest : r->n % CLI_RATE_SAMPLES;

    r->sample[at].ns = now_ns;
    r->sample[at].bytes = bytes;
    r->n += !soon;
}

bool cli_rate_get(const struct cli_rate *r, double *ret_bytes_per_s)
{
    unsigned newest = (r->n + CLI_RATE_SAMPLES - 1) % CLI_RATE_SAMPLES;
    unsigned oldest = r->n <= CLI_RATE_SAMPLES ? 0 : r->n % CLI_RATE_SAMPLES;

    if (r->n < 2 || r->sample[newest].ns <= r->sample[oldest].ns)
        return false;
    *ret_bytes_per_s = (double)(r->sample[newest].bytes - r->sample[oldest].bytes) *
                       (double)DC_NS_PER_S /
                       (double)(r->sample[newest].ns - r->sample[oldest].ns);
    return true;
}

/* A target's padding and tail are written as well, but are not of the image. */
static uint64_t image_done(const struct dc_fill_progress *p)
{
    return p->image > 0 ? DC_MIN(p->written, p->image) : p->written;
}

int cli_percent(const struct dc_fill_progress *p, bool ended)
{
    if (ended)
        return 100;
    if (p->image == 0)
        return -1;
    return (int)DC_MIN((double)image_done(p) * 100 / (double)p->image, 99.0);
}

bool cli_eta(const struct dc_fill_progress *p, const struct cli_rate *r, uint64_t *ret_s)
{
    double rate;

    if (p->image == 0 || !cli_rate_get(r, &rate) || rate < 1)
        return false;
    double s = (double)(p->image - image_done(p)) / rate + 0.5;
    if (s > ETA_MAX_S)
        return false;
    *ret_s = (uint64_t)s;
    return true;
}

const char *cli_time_text(uint64_t seconds, char ret[CLI_TIME_TEXT])
{
    uint64_t h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;

    if (h > 0)
        (void)snprintf(ret, CLI_TIME_TEXT, "%" PRIu64 ":%02u:%02u", h, (unsigned)m,
                       (unsigned)s);
    else
        (void)snprintf(ret, CLI_TIME_TEXT, "%u:%02u", (unsigned)m, (unsigned)s);
    return ret;
}

/* "1.20 GiB of 3.00 GiB  512.0 MiB/s  ETA 0:03" */
static void tail_text(const struct dc_fill_progress *p, const struct cli_rate *r, bool ended,
                      char ret[TAIL_MAX])
{
    char done[DC_SIZE_TEXT], all[DC_SIZE_TEXT], per_s[DC_SIZE_TEXT];
    char time[CLI_TIME_TEXT], left[CLI_TIME_TEXT + 8] = "";
    char retries[32] = "", speed[DC_SIZE_TEXT + 8] = "", of[DC_SIZE_TEXT + 8] = "";
    uint64_t eta_s;
    double rate;

    if (p->image > 0)
        (void)snprintf(of, sizeof of, " of %s", dc_size_text(p->image, all));
    if (cli_rate_get(r, &rate))
        (void)snprintf(speed, sizeof speed, "  %s/s", dc_size_text((uint64_t)rate, per_s));
    if (p->retries > 0)
        (void)snprintf(retries, sizeof retries, "  %" PRIu32 " retries", p->retries);
    if (!ended && p->state == DC_FILL_FLUSHING)
        (void)snprintf(left, sizeof left, "  flushing");
    else if (!ended && cli_eta(p, r, &eta_s))
        (void)snprintf(left, sizeof left, "  ETA %s", cli_time_text(eta_s, time));
    (void)snprintf(ret, TAIL_MAX, "%s%s%s%s%s", dc_size_text(image_done(p), done), of, speed,
                   retries, left);
}

void cli_bar_text(const struct dc_fill_progress *p, const struct cli_rate *r, bool ended,
                  unsigned columns, char ret[CLI_LINE])
{
    char tail[TAIL_MAX] = "", bar[BAR_MAX + 1];
    int percent = cli_percent(p, ended);
    /* The last column stays free: some terminals wrap when it is written. */
    unsigned room = DC_MIN(DC_MAX(columns, MIN_COLUMNS + 1u), CLI_LINE - 1u) - 1;

    if (p->state == DC_FILL_OPENING && !ended) {
        (void)snprintf(ret, room + 1, "waiting for the source");
        return;
    }
    tail_text(p, r, ended, tail);
    size_t others = strlen("100% [] ") + strlen(tail);
    if (percent < 0 || others + BAR_MIN > room) {
        size_t at = 0;

        if (percent >= 0)
            at = (size_t)snprintf(ret, room + 1, "%3d%% ", percent);
        (void)snprintf(ret + at, room + 1 - at, "%s", tail);
        return;
    }
    size_t width = DC_MIN(room - others, (size_t)BAR_MAX);
    size_t full = width * (size_t)percent / 100;
    memset(bar, ' ', width);
    memset(bar, '=', full);
    if (full < width)
        bar[full] = '>';
    bar[width] = '\0';
    (void)snprintf(ret, room + 1, "%3d%% [%s] %s", percent, bar, tail);
}

static json_t *known(bool is, uint64_t n)
{
    return is ? json_integer((json_int_t)n) : json_null();
}

json_t *cli_progress_json(const struct dc_fill_progress *p, const struct cli_rate *r,
                          bool ended)
{
    static const char *const states[] = {"opening", "writing", "flushing", "ended"};
    int percent = cli_percent(p, ended);
    uint64_t eta_s = 0;
    double rate = 0;
    bool has_rate = cli_rate_get(r, &rate), has_eta = !ended && cli_eta(p, r, &eta_s);

    return json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:I}", "state",
                     states[p->state], "percent", known(percent >= 0, (uint64_t)percent),
                     "total", known(p->total > 0, p->total), "image",
                     known(p->image > 0, p->image), "pulled", (json_int_t)p->pulled, "written",
                     (json_int_t)p->written, "durable", (json_int_t)p->durable, "zero",
                     (json_int_t)p->zero, "rate", known(has_rate, (uint64_t)rate),
                     "eta_seconds", known(has_eta, eta_s), "retries", (json_int_t)p->retries);
}
